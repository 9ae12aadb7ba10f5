//! Between the links and the engine: neither knows the other's types.

use engine::{Effect, Event, LinkId, SubmitResult};
use smpp_client::{LinkCommand, LinkEvent, LinkEventKind, Submission};

/// What a link tells, as the engine takes it; none for what is of no use to it.
pub(crate) fn event(event: LinkEvent) -> Option<Event> {
    let (link, generation) = (LinkId(event.link.0), event.generation);
    Some(match event.kind {
        LinkEventKind::Up { mode, credit } => {
            Event::LinkUp { link, generation, transmits: mode.transmits(), credit }
        }
        LinkEventKind::Down { unsent, unanswered, .. } => {
            Event::LinkDown { link, generation, unsent, unanswered }
        }
        LinkEventKind::Delivered { sequence_number, data_sm, sm } => {
            Event::Delivered { link, generation, sequence_number, data_sm, sm }
        }
        LinkEventKind::DeadlineAnswered { sequence_number } => {
            Event::DeadlineAnswered { link, generation, sequence_number }
        }
        LinkEventKind::Submitted { ticket, result } => {
            Event::Submitted { link, ticket, result: submit_result(result) }
        }
        LinkEventKind::Credit { room } => Event::Credit { link, room },
        LinkEventKind::Late { .. } | LinkEventKind::BindRefused { .. } => return None,
    })
}

fn submit_result(result: Submission) -> SubmitResult {
    match result {
        Submission::Response { status, message_id } => SubmitResult::Response { status, message_id },
        Submission::TimedOut => SubmitResult::TimedOut,
    }
}

/// What an effect asks of a link, and of which; the effect back where it is not for a link.
pub(crate) fn command(effect: Effect) -> Result<(LinkId, LinkCommand), Effect> {
    match effect {
        Effect::Respond { link, generation, sequence_number, data_sm, status } => {
            Ok((link, LinkCommand::Respond { generation, sequence_number, data_sm, status }))
        }
        Effect::Submit { link, ticket, sm } => Ok((link, LinkCommand::Submit { ticket, sm })),
        other => Err(other),
    }
}
