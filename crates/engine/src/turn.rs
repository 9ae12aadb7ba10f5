//! What one turn has read, written and will release: values until the commit.

use std::sync::Arc;

use codec::CommandStatus;
use model::journal::Entry;
use model::outbox::OutboxEntry;
use model::{EventId, Key, Now, OutboxId, Record, Seed};
use rustc_hash::FxHashMap;
use store::Ledger;

use crate::event::{Effect, LinkId};
use crate::fatal::Fatal;

/// A request of the SMSC that is answered after the commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery {
    pub(crate) link: LinkId,
    pub(crate) generation: u32,
    pub(crate) sequence_number: u32,
    pub(crate) data_sm: bool,
}

/// One turn in the making.
pub(crate) struct Turn {
    pub(crate) now: Now,
    seed: [u8; 32],
    sequence: u64,
    index: u32,
    ordinal: u16,
    pub(crate) entries: Vec<Entry>,
    writes: Vec<(Key, Option<Arc<Record>>)>,
    /// Where in `writes` a key stands: a key is written once, later values replace earlier ones.
    places: FxHashMap<Key, usize>,
    /// What all have in common who find a code in this turn.
    found: Option<Arc<Record>>,
    effects: Vec<Effect>,
    forgotten: Vec<OutboxId>,
    timers_changed: bool,
}

/// What turns were collected in, kept for the next ones: at full load a megabyte or two each.
#[derive(Default)]
pub(crate) struct Buffers {
    /// As the writer gave them back: empty.
    turns: Vec<model::journal::Turn>,
    places: FxHashMap<Key, usize>,
    /// How many effects the last turns had: the next is likely to have as many.
    effects: usize,
}

impl Buffers {
    /// Takes back what a written turn was collected in, and frees what it held: the thread that allocates again soon
    /// has the blocks at hand, while those that another thread frees are far from its core.
    pub(crate) fn give_back(&mut self, mut turn: model::journal::Turn) {
        /// One in the making, and those that are not written yet.
        const TURNS_MAX: usize = 3;
        turn.entries.clear();
        turn.writes.clear();
        if self.turns.len() < TURNS_MAX {
            self.turns.push(turn);
        }
    }
}

/// A turn that has come to its end.
pub(crate) struct EndedTurn {
    /// For the journal.
    pub(crate) record: model::journal::Turn,
    /// To release once it is durable.
    pub(crate) effects: Vec<Effect>,
    /// Messages whose secret texts are zeroed then.
    pub(crate) forgotten: Vec<OutboxId>,
}

impl Turn {
    pub(crate) fn new(sequence: u64, now: Now, seed: [u8; 32], buffers: &mut Buffers) -> Self {
        let room = buffers.turns.pop();
        let (entries, writes) = room.map(|turn| (turn.entries, turn.writes)).unwrap_or_default();
        Self {
            now,
            seed,
            sequence,
            index: 0,
            ordinal: 0,
            entries,
            writes,
            places: std::mem::take(&mut buffers.places),
            found: None,
            effects: Vec::with_capacity(buffers.effects),
            forgotten: Vec::new(),
            timers_changed: false,
        }
    }

    /// Begins the next event: its messages are numbered from 0.
    pub(crate) fn next_event(&mut self) {
        self.index += 1;
        self.ordinal = 0;
    }

    /// Place of the event in the turn.
    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    /// The randomness of this event.
    pub(crate) fn seed(&self) -> Seed {
        Seed::new(self.seed, u64::from(self.index))
    }

    /// The id of the event's next outgoing message.
    pub(crate) fn next_outbox(&mut self) -> OutboxId {
        let ordinal = self.ordinal;
        self.ordinal = self.ordinal.saturating_add(1);
        OutboxId { cause: EventId { sequence: self.sequence, index: self.index }, ordinal }
    }

    /// What a key holds, this turn's writes included.
    pub(crate) fn read(&self, ledger: &Ledger, key: &Key) -> Result<Option<Arc<Record>>, Fatal> {
        match self.places.get(key).and_then(|place| self.writes.get(*place)) {
            Some((_, record)) => Ok(record.clone()),
            None => Ok(ledger.get(key)?),
        }
    }

    /// Whether this turn deletes what a key holds.
    pub(crate) fn deletes(&self, key: &Key) -> bool {
        self.places
            .get(key)
            .and_then(|place| self.writes.get(*place))
            .is_some_and(|(_, record)| record.is_none())
    }

    /// An outgoing message, this turn's writes included, as a copy that can be changed and written.
    pub(crate) fn outbox(&self, ledger: &Ledger, id: OutboxId) -> Result<Option<OutboxEntry>, Fatal> {
        match self.read(ledger, &Key::Outbox(id))?.as_deref() {
            Some(Record::Outbox(entry)) => Ok(Some((**entry).clone())),
            _ => Ok(None),
        }
    }

    /// Writes a record, or deletes it.
    pub(crate) fn write(&mut self, key: Key, record: Option<Record>) {
        self.timers_changed |= matches!(key, Key::Timer(..));
        let record = record.map(|record| self.shared(record));
        match self.places.get(&key).and_then(|place| self.writes.get_mut(*place)) {
            Some(slot) => slot.1 = record,
            None => {
                self.places.insert(key.clone(), self.writes.len());
                self.writes.push((key, record));
            }
        }
    }

    /// The record to write: of [`Record::Found`] there is one in a turn, as each citizen of a day has one in memory.
    fn shared(&mut self, record: Record) -> Arc<Record> {
        if !matches!(record, Record::Found(_)) {
            return Arc::new(record);
        }
        match &self.found {
            Some(found) if **found == record => Arc::clone(found),
            _ => Arc::clone(self.found.insert(Arc::new(record))),
        }
    }

    /// Writes an outgoing message.
    pub(crate) fn write_outbox(&mut self, entry: OutboxEntry) {
        self.write(Key::Outbox(entry.id), Some(Record::Outbox(Box::new(entry))));
    }

    /// Something to release after the commit.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Answers a request of the SMSC after the commit.
    pub(crate) fn respond(&mut self, delivery: Delivery, status: CommandStatus) {
        let Delivery { link, generation, sequence_number, data_sm } = delivery;
        self.effect(Effect::Respond { link, generation, sequence_number, data_sm, status });
    }

    /// Has the secret text of a final message zeroed after the commit.
    pub(crate) fn forget(&mut self, id: OutboxId) {
        self.forgotten.push(id);
    }

    /// Whether a timer was set or taken back.
    pub(crate) fn timers_changed(&self) -> bool {
        self.timers_changed
    }

    /// Whether there is anything to make durable.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.writes.is_empty()
    }

    /// The record for the journal, and what to do once it is durable.
    pub(crate) fn finish(self, buffers: &mut Buffers) -> EndedTurn {
        let Self { now, entries, writes, effects, forgotten, mut places, .. } = self;
        places.clear();
        buffers.places = places;
        buffers.effects = effects.len().max(buffers.effects - buffers.effects / 8);
        EndedTurn { record: model::journal::Turn { at: now.wall, entries, writes }, effects, forgotten }
    }
}
