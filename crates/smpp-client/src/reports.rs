//! Events on their way to the engine: collected per wake-up, kept while the engine is busy, never waited for.

use std::{collections::HashSet, fmt, sync::Arc};

use tokio::sync::mpsc;

use crate::{LinkEvent, LinkEventKind, LinkId};

/// Events kept while the engine takes none, beyond which those that only help ([`LinkEventKind::Late`],
/// [`LinkEventKind::Unreadable`], [`LinkEventKind::Enquired`]) are dropped. All others are bounded by what they report on: the window and the unanswered deliver_sm.
const HELPFUL_MAX: usize = 16_384;

/// Events of a small batch. Of small ones as many may wait as the channel holds: the next turn takes them all. Of larger
/// ones two: what is read and waits is put out of the processor's caches, while a link may as well read it later
/// (docs/PERFORMANCE.md, "The seventeenth time").
const SMALL_BATCH_MAX: usize = 8;

/// What makes of a link's events what the engine takes.
type Translate<E> = dyn Fn(&mut Vec<LinkEvent>) -> Vec<E> + Send + Sync;

/// The engine, as links see it: where their events go, in batches, and what they are there.
pub struct Listener<E> {
    batches: mpsc::Sender<Vec<E>>,
    translate: Arc<Translate<E>>,
}

impl<E> Listener<E> {
    /// `translate` takes all events of a batch as soon as there is room for it in the channel, and leaves none. It runs
    /// in the tasks of the links, so that each translates for itself, and must not wait.
    pub fn new(
        batches: mpsc::Sender<Vec<E>>,
        translate: impl Fn(&mut Vec<LinkEvent>) -> Vec<E> + Send + Sync + 'static,
    ) -> Self {
        Self { batches, translate: Arc::new(translate) }
    }
}

impl<E> Clone for Listener<E> {
    fn clone(&self) -> Self {
        Self { batches: self.batches.clone(), translate: Arc::clone(&self.translate) }
    }
}

impl<E> fmt::Debug for Listener<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("batches", &self.batches).finish_non_exhaustive()
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Reports<E> {
    link: LinkId,
    pub(crate) generation: u32,
    pending: Vec<LinkEvent>,
    engine: Listener<E>,
}

impl<E> Reports<E> {
    pub(crate) fn new(link: LinkId, engine: Listener<E>) -> Self {
        Self { link, generation: 0, pending: Vec::new(), engine }
    }

    /// Keeps an event for the engine. Of several credits only the last matters.
    pub(crate) fn push(&mut self, kind: LinkEventKind) {
        if self.engine.batches.is_closed() {
            return;
        }
        let helpful = matches!(
            kind,
            LinkEventKind::Late { .. } | LinkEventKind::Unreadable { .. } | LinkEventKind::Enquired { .. }
        );
        if helpful && self.pending.len() >= HELPFUL_MAX {
            return;
        }
        if let (
            LinkEventKind::Credit { limit },
            Some(LinkEvent { kind: LinkEventKind::Credit { limit: last }, .. }),
        ) = (&kind, self.pending.last_mut())
        {
            *last = *limit;
            return;
        }
        self.pending.push(LinkEvent { link: self.link, generation: self.generation, kind });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether nobody listens any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.engine.batches.is_closed()
    }

    /// Hands over what there is, if there is room.
    pub(crate) fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        match self.engine.batches.try_reserve_many(self.room_needed()) {
            Ok(permits) => Self::send(permits, &self.engine, &mut self.pending),
            Err(mpsc::error::TrySendError::Full(())) => {}
            Err(mpsc::error::TrySendError::Closed(())) => self.pending.clear(),
        }
    }

    /// Hands over what there is as soon as there is room. May be dropped while it waits; nothing is lost.
    pub(crate) async fn deliver(&mut self) {
        match self.engine.batches.reserve_many(self.room_needed()).await {
            Ok(permits) => Self::send(permits, &self.engine, &mut self.pending),
            Err(mpsc::error::SendError(())) => self.pending.clear(),
        }
    }

    /// Places of the channel that must be free for what there is.
    fn room_needed(&self) -> usize {
        let places = self.engine.batches.max_capacity();
        if self.pending.len() <= SMALL_BATCH_MAX { 1 } else { places.saturating_sub(1).max(1) }
    }

    /// Takes one place, and leaves the others free.
    fn send(
        mut places: mpsc::PermitIterator<'_, Vec<E>>,
        engine: &Listener<E>,
        pending: &mut Vec<LinkEvent>,
    ) {
        if let Some(place) = places.next() {
            place.send((engine.translate)(pending));
        }
    }

    /// Takes back deliver_sm that the engine has not seen, by `which`; returns their sequence numbers.
    pub(crate) fn take_back(&mut self, which: impl Fn(u32) -> bool) -> HashSet<u32> {
        let mut taken = HashSet::new();
        self.pending.retain(|event| match event.kind {
            LinkEventKind::Delivered { sequence_number, .. } if which(sequence_number) => {
                taken.insert(sequence_number);
                false
            }
            _ => true,
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Poll};

    use codec::Sm;

    use super::*;

    fn delivered(sequence_number: u32) -> LinkEventKind {
        LinkEventKind::Delivered { sequence_number, data_sm: false, sm: Sm::default() }
    }

    #[test]
    fn a_full_engine_delays_events_and_loses_none() {
        let (sender, mut engine) = mpsc::channel(1);
        let mut reports = Reports::new(LinkId(3), Listener::new(sender, std::mem::take));
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

    /// What waits in the channel once as many batches of so many events were handed over as find room.
    fn waiting(events: u32) -> Vec<usize> {
        let (sender, mut engine) = mpsc::channel(4);
        let mut reports = Reports::new(LinkId(0), Listener::new(sender, std::mem::take));
        for _ in 0..6 {
            (0..events).for_each(|number| reports.push(delivered(number)));
            reports.flush();
        }
        std::iter::from_fn(|| engine.try_recv().ok().map(|batch| batch.len())).collect()
    }

    #[test]
    fn small_batches_wait_as_many_as_there_is_room_for_and_large_ones_two() {
        assert_eq!(waiting(1), [1; 4]);
        let large = SMALL_BATCH_MAX as u32 + 1;
        assert_eq!(waiting(large), [large as usize; 2]);
    }

    #[tokio::test]
    async fn a_large_batch_goes_as_soon_as_one_other_waits() {
        let (sender, mut engine) = mpsc::channel(4);
        let mut reports = Reports::new(LinkId(0), Listener::new(sender, std::mem::take));
        for _ in 0..2 {
            reports.push(delivered(0));
            reports.flush();
        }
        (0..=SMALL_BATCH_MAX as u32).for_each(|number| reports.push(delivered(number)));
        reports.flush();
        assert!(!reports.is_empty());
        {
            let mut delivering = std::pin::pin!(reports.deliver());
            let at_once = poll_fn(|context| Poll::Ready(delivering.as_mut().poll(context).is_ready()));
            assert!(!at_once.await);
            assert!(engine.try_recv().is_ok());
            delivering.await;
        }
        assert!(reports.is_empty());
    }

    #[test]
    fn what_only_helps_is_bounded_and_what_counts_is_not() {
        let (sender, _engine) = mpsc::channel(1);
        let mut reports = Reports::new(LinkId(0), Listener::new(sender, std::mem::take));
        for ticket in 0..2 * HELPFUL_MAX as u64 {
            reports.push(LinkEventKind::Late { ticket, message_id: "a".into() });
        }
        assert_eq!(reports.pending.len(), HELPFUL_MAX);
        reports.push(LinkEventKind::DeadlineAnswered { sequence_number: 1 });
        assert_eq!(reports.pending.len(), HELPFUL_MAX + 1);
    }
}
