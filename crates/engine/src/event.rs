//! What comes into a turn and what leaves it after the commit.

use std::sync::Arc;

use codec::{CommandStatus, Sm};
use model::outcome::FinalSubject;
use model::{Answer, ClerkCommand, CommandError, Key, OutboxId, Redacted, SmolStr};
use routing::Rules;

use crate::reading::Reading;

/// A configured bind, by its place in [`crate::Config::links`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u16);

/// One thing that happened outside, in the order in which it happened.
#[derive(Debug)]
pub enum Event {
    /// A bind stands.
    LinkUp {
        /// Which.
        link: LinkId,
        /// Counts the sessions of the link; responses carry it back.
        generation: u32,
        /// Whether messages may be submitted (transmitter or transceiver).
        transmits: bool,
        /// As in [`Event::Credit`].
        limit: u64,
    },
    /// A bind is gone.
    LinkDown {
        /// Which.
        link: LinkId,
        /// The session that ended.
        generation: u32,
        /// Tickets that never left.
        unsent: Vec<u64>,
        /// Tickets that left and have no response.
        unanswered: Vec<u64>,
    },
    /// A deliver_sm or data_sm came.
    Delivered {
        /// Over which link.
        link: LinkId,
        /// In which session.
        generation: u32,
        /// To be echoed.
        sequence_number: u32,
        /// A data_sm wants a data_sm_resp.
        data_sm: bool,
        /// What it says, read by [`crate::Engine::message_reader`].
        reading: Reading,
    },
    /// A message came whose body can't be read; the link has refused it. Its octets are kept for a person.
    Unreadable {
        /// Over which link.
        link: LinkId,
        /// As they came.
        body: Redacted<Vec<u8>>,
    },
    /// The link's deadline passed and it answered "later" itself.
    DeadlineAnswered {
        /// Over which link.
        link: LinkId,
        /// In which session.
        generation: u32,
        /// Which message.
        sequence_number: u32,
    },
    /// The SMSC has answered an enquire_link, so it has read all that left before.
    Enquired {
        /// Over which link.
        link: LinkId,
        /// From [`Effect::Enquire`].
        ticket: u64,
    },
    /// What became of a submit.
    Submitted {
        /// Over which link.
        link: LinkId,
        /// From [`Effect::Submit`].
        ticket: u64,
        /// The response or its absence.
        result: SubmitResult,
    },
    /// The SMSC answered a submit after it had timed out, or again with another id: receipts may name this one.
    Late {
        /// From [`Effect::Submit`].
        ticket: u64,
        /// The SMSC's id of the message.
        message_id: SmolStr,
    },
    /// A link takes more, or nothing while it is throttled.
    Credit {
        /// Which.
        link: LinkId,
        /// How many submits it takes in all since the engine started, those that it was handed included.
        limit: u64,
    },
    /// A clerk's or a feed's command.
    Command {
        /// Comes back in [`Effect::Answer`].
        slot: u64,
        /// Who, by name of the token.
        actor: String,
        /// What; boxed, as it is larger than all that is common.
        command: Box<ClerkCommand>,
    },
    /// A password was drawn and hashed for [`Effect::DrawPassword`].
    Drawn {
        /// The waiting message.
        outbox: OutboxId,
        /// What the password is for; boxed as above.
        subject: Box<FinalSubject>,
        /// In clear, for the text only.
        password: Redacted<String>,
        /// Argon2id in PHC form.
        hash: Redacted<String>,
    },
    /// The services files were read anew.
    Rules(Arc<Rules>),
    /// A person looked at the clock and found it right: held timers run again.
    ClockConfirmed,
}

impl Event {
    /// The records that its decision begins with.
    pub(crate) fn first_reads(&self) -> &[Key] {
        match self {
            Self::Delivered { reading, .. } => reading.first_reads(),
            _ => &[],
        }
    }
}

/// How a submit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitResult {
    /// A submit_sm_resp or generic_nack came.
    Response {
        /// Its status.
        status: CommandStatus,
        /// The SMSC's id of the message; may be empty.
        message_id: SmolStr,
    },
    /// No response within the response timer: nobody knows whether the message left.
    TimedOut,
    /// It never left its link.
    Unsent,
}

/// Something to do now that the turn is durable.
#[derive(Debug)]
pub enum Effect {
    /// Answer a deliver_sm or data_sm.
    Respond {
        /// Over which link.
        link: LinkId,
        /// In which session; dropped where that is over.
        generation: u32,
        /// Of the request.
        sequence_number: u32,
        /// Whether it was a data_sm.
        data_sm: bool,
        /// ESME_ROK after the commit, ESME_RX_T_APPN where it can't be made durable now.
        status: CommandStatus,
    },
    /// Submit one part.
    Submit {
        /// Over which link.
        link: LinkId,
        /// Comes back in [`Event::Submitted`] or [`Event::LinkDown`].
        ticket: u64,
        /// The whole submit_sm.
        sm: Sm,
    },
    /// Send an enquire_link behind what has left.
    Enquire {
        /// Over which link.
        link: LinkId,
        /// Comes back in [`Event::Enquired`], unless the session ends.
        ticket: u64,
    },
    /// Answer a clerk's or a feed's command.
    Answer {
        /// From [`Event::Command`].
        slot: u64,
        /// What was decided.
        result: Result<Answer, CommandError>,
    },
    /// Draw and hash a password outside the engine; give it back as [`Event::Drawn`].
    DrawPassword {
        /// The waiting message.
        outbox: OutboxId,
        /// What the password is for.
        subject: FinalSubject,
        /// Characters.
        length: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_moved_at_little_cost() {
        assert!(size_of::<Event>() <= 88, "{} octets", size_of::<Event>());
    }
}
