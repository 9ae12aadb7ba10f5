//! Between the links and the engine: neither knows the other's types.

use engine::{Effect, Event, LinkId, MessageReader, SubmitResult};
use jiff::Timestamp;
use model::Redacted;
use model::{Answer, CommandError};
use smpp_client::{LinkCommand, LinkEvent, LinkEventKind, Submission};

use crate::daemon::passwords::Wanted;

/// What a link tells, as the engine takes it, its messages read at `wall`; none for what is of no use to it.
pub(crate) fn event(event: LinkEvent, reader: &MessageReader, wall: Timestamp) -> Option<Event> {
    let (link, generation) = (LinkId(event.link.0), event.generation);
    Some(match event.kind {
        LinkEventKind::Up { mode, limit } => {
            Event::LinkUp { link, generation, transmits: mode.transmits(), limit }
        }
        LinkEventKind::Down { unsent, unanswered, .. } => {
            Event::LinkDown { link, generation, unsent, unanswered }
        }
        LinkEventKind::Delivered { sequence_number, data_sm, sm } => {
            let reading = reader.read(link, sm, wall);
            Event::Delivered { link, generation, sequence_number, data_sm, reading }
        }
        LinkEventKind::Unreadable(error) => Event::Unreadable { link, body: Redacted(error.body.to_vec()) },
        LinkEventKind::DeadlineAnswered { sequence_number } => {
            Event::DeadlineAnswered { link, generation, sequence_number }
        }
        LinkEventKind::Enquired { ticket } => Event::Enquired { link, ticket },
        LinkEventKind::Submitted { ticket, result } => {
            Event::Submitted { link, ticket, result: submit_result(result) }
        }
        LinkEventKind::Credit { limit } => Event::Credit { link, limit },
        LinkEventKind::Late { ticket, message_id } => Event::Late { ticket, message_id },
        LinkEventKind::BindRefused { .. } => return None,
    })
}

fn submit_result(result: Submission) -> SubmitResult {
    match result {
        Submission::Response { status, message_id } => SubmitResult::Response { status, message_id },
        Submission::TimedOut => SubmitResult::TimedOut,
        Submission::Unsent => SubmitResult::Unsent,
    }
}

/// Where an effect goes.
pub(crate) enum Outlet {
    /// To a link.
    Link(LinkId, LinkCommand),
    /// To the thread that draws passwords.
    Password(Wanted),
    /// To the caller in a slot.
    Answer(u64, Result<Answer, CommandError>),
}

/// What an effect asks for, and of whom.
pub(crate) fn outlet(effect: Effect) -> Outlet {
    match effect {
        Effect::Respond { link, generation, sequence_number, data_sm, status } => {
            Outlet::Link(link, LinkCommand::Respond { generation, sequence_number, data_sm, status })
        }
        Effect::Submit { link, ticket, sm } => Outlet::Link(link, LinkCommand::Submit { ticket, sm }),
        Effect::Enquire { link, ticket } => Outlet::Link(link, LinkCommand::Enquire { ticket }),
        Effect::DrawPassword { outbox, subject, length } => {
            Outlet::Password(Wanted { outbox, subject, length })
        }
        Effect::Answer { slot, result } => Outlet::Answer(slot, result),
    }
}
