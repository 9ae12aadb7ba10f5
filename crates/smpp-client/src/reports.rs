//! Events on their way to the engine: collected per wake-up, kept while the engine is busy, never waited for.

use std::{collections::HashSet, fmt, sync::Arc};

use tokio::sync::mpsc;

use crate::{LinkEvent, LinkEventKind, LinkId, Submission};

/// Events kept while the engine takes none, beyond which those that only help ([`LinkEventKind::Late`],
/// [`LinkEventKind::Unreadable`], [`LinkEventKind::Proved`]) are dropped. All others are bounded by what they report on: the window and the unanswered deliver_sm.
const HELPFUL_MAX: usize = 16_384;

/// What makes of a link's events what the engine takes.
type Translate<E> = dyn Fn(&mut Vec<LinkEvent>) -> Vec<E> + Send + Sync;

/// The engine, as links see it: where their events go, in batches, and what they are there.
pub struct Listener<E> {
    accepted: mpsc::Sender<Vec<E>>,
    others: mpsc::Sender<Vec<E>>,
    translate: Arc<Translate<E>>,
}

impl<E> Listener<E> {
    /// Submits that the SMSC accepted are told by `accepted`, all else by `others`; both may be the same channel. Where
    /// they are two, an engine that is busy hears of its submits while it has them at hand. All that a link said before
    /// a batch of `others` is in the channels once that batch is.
    ///
    /// `translate` takes all events of a batch as soon as there is room for it in the channel, and leaves none. It runs
    /// in the tasks of the links, so that each translates for itself, and must not wait.
    pub fn new(
        accepted: mpsc::Sender<Vec<E>>,
        others: mpsc::Sender<Vec<E>>,
        translate: impl Fn(&mut Vec<LinkEvent>) -> Vec<E> + Send + Sync + 'static,
    ) -> Self {
        Self { accepted, others, translate: Arc::new(translate) }
    }
}

impl<E> Clone for Listener<E> {
    fn clone(&self) -> Self {
        let (accepted, others) = (self.accepted.clone(), self.others.clone());
        Self { accepted, others, translate: Arc::clone(&self.translate) }
    }
}

impl<E> fmt::Debug for Listener<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("others", &self.others).finish_non_exhaustive()
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Reports<E> {
    link: LinkId,
    pub(crate) generation: u32,
    accepted: Vec<LinkEvent>,
    others: Vec<LinkEvent>,
    engine: Listener<E>,
}

impl<E> Reports<E> {
    pub(crate) fn new(link: LinkId, engine: Listener<E>) -> Self {
        Self { link, generation: 0, accepted: Vec::new(), others: Vec::new(), engine }
    }

    /// Keeps an event for the engine. Of several credits only the last matters.
    pub(crate) fn push(&mut self, kind: LinkEventKind) {
        if self.is_closed() {
            return;
        }
        let helpful = matches!(
            kind,
            LinkEventKind::Late { .. } | LinkEventKind::Unreadable { .. } | LinkEventKind::Proved { .. }
        );
        if helpful && self.others.len() >= HELPFUL_MAX {
            return;
        }
        if let (
            LinkEventKind::Credit { limit },
            Some(LinkEvent { kind: LinkEventKind::Credit { limit: last }, .. }),
        ) = (&kind, self.others.last_mut())
        {
            *last = *limit;
            return;
        }
        let events = if is_accepted(&kind) { &mut self.accepted } else { &mut self.others };
        events.push(LinkEvent { link: self.link, generation: self.generation, kind });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.others.is_empty()
    }

    /// Whether nobody listens any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.engine.others.is_closed()
    }

    /// Hands over what there is, if there is room.
    pub(crate) fn flush(&mut self) {
        let Self { accepted, others, engine, .. } = self;
        for (events, channel) in [(accepted, &engine.accepted), (others, &engine.others)] {
            if events.is_empty() {
                continue;
            }
            match channel.try_reserve() {
                Ok(permit) => permit.send((engine.translate)(events)),
                // What comes behind waits as well.
                Err(mpsc::error::TrySendError::Full(())) => return,
                Err(mpsc::error::TrySendError::Closed(())) => events.clear(),
            }
        }
    }

    /// Hands over the first of what there is as soon as there is room. May be dropped while it waits; nothing is lost.
    pub(crate) async fn deliver(&mut self) {
        let Self { accepted, others, engine, .. } = self;
        let (events, channel) =
            if accepted.is_empty() { (others, &engine.others) } else { (accepted, &engine.accepted) };
        match channel.reserve().await {
            Ok(permit) => permit.send((engine.translate)(events)),
            Err(mpsc::error::SendError(())) => events.clear(),
        }
    }

    /// Takes back deliver_sm that the engine has not seen, by `which`; returns their sequence numbers.
    pub(crate) fn take_back(&mut self, which: impl Fn(u32) -> bool) -> HashSet<u32> {
        let mut taken = HashSet::new();
        self.others.retain(|event| match event.kind {
            LinkEventKind::Delivered { sequence_number, .. } if which(sequence_number) => {
                taken.insert(sequence_number);
                false
            }
            _ => true,
        });
        taken
    }
}

/// Whether an event says that the SMSC took a message: nothing else that a link tells hangs on whether it is told
/// before, but for the session that it belongs to, which stands in it.
fn is_accepted(kind: &LinkEventKind) -> bool {
    match kind {
        LinkEventKind::Submitted { result: Submission::Response { status, .. }, .. } => status.is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use codec::{CommandStatus, Sm};

    use super::*;

    fn delivered(sequence_number: u32) -> LinkEventKind {
        LinkEventKind::Delivered { sequence_number, data_sm: false, sm: Sm::default() }
    }

    #[test]
    fn a_full_engine_delays_events_and_loses_none() {
        let (sender, mut engine) = mpsc::channel(1);
        let mut reports = Reports::new(LinkId(3), Listener::new(sender.clone(), sender, std::mem::take));
        reports.push(delivered(1));
        reports.flush();
        reports.push(delivered(2));
        reports.push(LinkEventKind::Credit { limit: 1 });
        reports.push(LinkEventKind::Credit { limit: 5 });
        reports.flush();
        assert_eq!(engine.try_recv().map(|batch| batch.len()), Ok(1));
        assert!(engine.try_recv().is_err());
        assert_eq!(reports.take_back(|number| number == 2), HashSet::from([2]));
        reports.flush();
        let rest = engine.try_recv().expect("flushed");
        assert_eq!(
            rest,
            [LinkEvent { link: LinkId(3), generation: 0, kind: LinkEventKind::Credit { limit: 5 } }]
        );
    }

    #[test]
    fn what_the_smsc_accepted_is_told_before_all_else_and_never_after_what_it_said_later() {
        let (accepted, mut engine_accepted) = mpsc::channel(1);
        let (others, mut engine_others) = mpsc::channel(1);
        let mut reports = Reports::new(LinkId(3), Listener::new(accepted, others, std::mem::take));
        let answered = |ticket, status| {
            let result = Submission::Response { status, message_id: "a".into() };
            LinkEventKind::Submitted { ticket, result }
        };
        reports.push(delivered(1));
        reports.push(answered(1, CommandStatus::ESME_RTHROTTLED));
        reports.push(answered(2, CommandStatus::ESME_ROK));
        reports.flush();
        reports.push(answered(3, CommandStatus::ESME_ROK));
        reports.push(delivered(2));
        reports.flush();
        let told = |batch: Vec<LinkEvent>| batch.into_iter().map(|event| event.kind).collect::<Vec<_>>();
        let first = engine_others.try_recv().map(told);
        assert_eq!(first, Ok(vec![delivered(1), answered(1, CommandStatus::ESME_RTHROTTLED)]));
        reports.flush();
        assert!(
            engine_others.try_recv().is_err(),
            "a receipt must not come before the answer that has its id"
        );
        assert_eq!(engine_accepted.try_recv().map(told), Ok(vec![answered(2, CommandStatus::ESME_ROK)]));
        reports.flush();
        assert_eq!(engine_accepted.try_recv().map(told), Ok(vec![answered(3, CommandStatus::ESME_ROK)]));
        assert_eq!(engine_others.try_recv().map(told), Ok(vec![delivered(2)]));
        assert!(reports.is_empty());
    }

    #[test]
    fn what_only_helps_is_bounded_and_what_counts_is_not() {
        let (sender, _engine) = mpsc::channel(1);
        let mut reports = Reports::new(LinkId(0), Listener::new(sender.clone(), sender, std::mem::take));
        for ticket in 0..2 * HELPFUL_MAX as u64 {
            reports.push(LinkEventKind::Late { ticket, message_id: "a".into() });
        }
        assert_eq!(reports.others.len(), HELPFUL_MAX);
        reports.push(LinkEventKind::DeadlineAnswered { sequence_number: 1 });
        assert_eq!(reports.others.len(), HELPFUL_MAX + 1);
    }
}
