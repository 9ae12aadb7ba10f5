//! What links and the engine tell each other.

use codec::{AnswerableError, CommandStatus, FatalFrame, Sm};
use session::{CloseReason, Mode};

/// A bind, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u16);

impl LinkId {
    /// The place in the list given to [`crate::Links::spawn`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Something happened on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEvent {
    /// Which bind.
    pub link: LinkId,
    /// Counts the sessions of this bind from 1; 0 before the first.
    pub generation: u32,
    /// What happened.
    pub kind: LinkEventKind,
}

/// What happened on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEventKind {
    /// Bound.
    Up {
        /// As configured.
        mode: Mode,
        /// As in [`LinkEventKind::Credit`].
        limit: u64,
    },
    /// The session is over, or (with the reason [`DownReason::NotBound`]) there was none when submits came. May
    /// come more than once for a generation.
    Down {
        /// Tickets whose message was never written: send them elsewhere or later.
        unsent: Vec<u64>,
        /// Tickets whose message may have reached the SMSC.
        unanswered: Vec<u64>,
        /// Why.
        reason: DownReason,
    },
    /// A deliver_sm or data_sm to be answered with [`LinkCommand::Respond`].
    Delivered {
        /// The peer's number; answer with it.
        sequence_number: u32,
        /// Whether it was a data_sm.
        data_sm: bool,
        /// The message or receipt.
        sm: Sm,
    },
    /// The link answered ESME_RX_T_APPN because nobody else had answered in time; a later Respond is dropped.
    DeadlineAnswered {
        /// As in [`Self::Delivered`].
        sequence_number: u32,
    },
    /// The SMSC has answered a [`LinkCommand::Enquire`], so it has read all that the link was told before.
    Enquired {
        /// As in the command.
        ticket: u64,
    },
    /// A deliver_sm or data_sm whose body cannot be read; it has been refused. The body, cut at 4 KiB, is for
    /// quarantine.
    Unreadable(AnswerableError),
    /// A ticket came to its end.
    Submitted {
        /// As in [`LinkCommand::Submit`].
        ticket: u64,
        /// How.
        result: Submission,
    },
    /// The SMSC answered a ticket again, or after it had timed out: another id for receipts of the same message.
    Late {
        /// As in [`LinkCommand::Submit`].
        ticket: u64,
        /// The SMSC's id.
        message_id: model::SmolStr,
    },
    /// Room changed other than by the submits sent.
    Credit {
        /// How many submits the link takes in all, those of the past and of earlier sessions included. A sum and
        /// not the room there is: what is on its way to the link while this is on its way to the engine is then
        /// counted once. It falls while the SMSC throttles.
        limit: u64,
    },
    /// The SMSC refused the bind.
    BindRefused {
        /// As it said.
        status: CommandStatus,
        /// Whether somebody must put the account right; the bind is tried again slowly.
        parked: bool,
    },
}

/// How a submit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// The SMSC answered.
    Response {
        /// Its verdict.
        status: CommandStatus,
        /// Its id as sent, often empty with an error.
        message_id: model::SmolStr,
    },
    /// It did not; the message may be on its way.
    TimedOut,
    /// It never left: the SMSC throttled what stood before it, or more was given than there was room for. Give it
    /// again when there is room.
    Unsent,
}

/// Why a link is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownReason {
    /// The session ended itself.
    #[error(transparent)]
    Session(#[from] CloseReason),
    /// The peer closed the connection.
    #[error("connection closed by the peer")]
    Closed,
    /// The connection failed.
    #[error("connection failed: {0}")]
    Io(std::io::ErrorKind),
    /// No connection in time.
    #[error("connect timed out")]
    ConnectTimeout,
    /// The stream cannot be re-synchronised.
    #[error(transparent)]
    Fatal(#[from] FatalFrame),
    /// A PDU began and did not end.
    #[error("a PDU stopped half-way")]
    HalfReadPdu,
    /// The peer does not read what we write.
    #[error("the peer does not read")]
    SlowReader,
    /// There was no session.
    #[error("not bound")]
    NotBound,
}

/// What a link is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkCommand {
    /// Answer a delivered message.
    Respond {
        /// As in the event; another session's answer is dropped.
        generation: u32,
        /// As in the event.
        sequence_number: u32,
        /// As in the event.
        data_sm: bool,
        /// The verdict.
        status: CommandStatus,
    },
    /// Send a message.
    Submit {
        /// Comes back exactly once, in Submitted or Down.
        ticket: u64,
        /// The message.
        sm: Sm,
    },
    /// Send an enquire_link. Dropped where nothing is bound; of several that are unanswered the last is reported.
    Enquire {
        /// Comes back in Enquired.
        ticket: u64,
    },
}
