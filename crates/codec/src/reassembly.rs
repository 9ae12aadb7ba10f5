//! Parts of one message put together again. Pure values: the clock is an argument, and what must survive a crash
//! is serialised by whoever holds it.
//!
//! The key holds the sender: all citizens share the short code and number their messages with 8 bits, so two of
//! them will use one reference at one time.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bytes::Bytes;
use model::Address;
use serde::{Deserialize, Serialize};

use crate::Concat;

/// Half-joined messages of one sender: a handset sends one after the other, so four leave room for lost parts.
pub const JOINS_PER_SENDER_MAX: usize = 4;
/// Half-joined messages in all: a whole town's lost parts of [`JOIN_AGE_MAX`].
pub const JOINS_MAX: usize = 20_000;
/// Octets of all half-joined messages: each of [`JOINS_MAX`] may hold six full parts on average.
pub const OCTETS_MAX: usize = 16 * 1024 * 1024;
/// How long a message waits for its other parts; the field uses 5 to 60 minutes.
pub const JOIN_AGE_MAX: Duration = Duration::from_secs(10 * 60);

/// Which message a part belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JoinKey {
    /// The bind group that delivered it.
    pub group: String,
    /// Who sent it.
    pub source: Address,
    /// To which of our numbers.
    pub destination: Address,
    /// The sender's number for the message.
    pub reference: u16,
    /// Whether that has 16 bits.
    pub wide: bool,
    /// Parts in all.
    pub total: u8,
}

impl JoinKey {
    /// The key of a part.
    #[must_use]
    pub fn new(group: &str, source: &Address, destination: &Address, concat: Concat) -> Self {
        Self {
            group: group.to_owned(),
            source: source.clone(),
            destination: destination.clone(),
            reference: concat.reference,
            wide: concat.wide,
            total: concat.total,
        }
    }
}

/// What became of a part.
#[derive(Clone, PartialEq, Eq)]
pub enum Inserted {
    /// Kept; others are missing.
    Stored,
    /// The same octets were there already.
    Duplicate,
    /// Other octets were there under this number: the sender has reused the reference. The join is unchanged;
    /// start a new one with this part and let the old one go.
    Conflict,
    /// All parts are there; these are their octets in order, to be decoded now.
    Complete(Bytes),
}

impl std::fmt::Debug for Inserted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Stored => "Stored",
            Self::Duplicate => "Duplicate",
            Self::Conflict => "Conflict",
            Self::Complete(_) => "Complete(..)",
        })
    }
}

/// The parts of one message so far.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    total: u8,
    parts: BTreeMap<u8, Bytes>,
}

impl std::fmt::Debug for Join {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Join({} of {})", self.parts.len(), self.total)
    }
}

impl Join {
    /// None of `total` parts.
    #[must_use]
    pub fn new(total: u8) -> Self {
        Self { total, parts: BTreeMap::new() }
    }

    /// Takes a part in any order. A number outside 1 to `total` conflicts.
    pub fn insert(&mut self, number: u8, payload: Bytes) -> Inserted {
        if !(1..=self.total).contains(&number) {
            return Inserted::Conflict;
        }
        match self.parts.get(&number) {
            Some(known) if *known == payload => return Inserted::Duplicate,
            Some(_) => return Inserted::Conflict,
            None => {}
        }
        // A copy, so that a part does not keep the read buffer of its link alive.
        self.parts.insert(number, Bytes::copy_from_slice(&payload));
        if self.parts.len() < usize::from(self.total) {
            return Inserted::Stored;
        }
        Inserted::Complete(self.octets())
    }

    /// The octets of the parts that are there, in order, for quarantine or audit.
    #[must_use]
    pub fn octets(&self) -> Bytes {
        self.parts.values().flatten().copied().collect::<Vec<u8>>().into()
    }

    fn length(&self) -> usize {
        self.parts.values().map(Bytes::len).sum()
    }

    /// How many parts are missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        usize::from(self.total).saturating_sub(self.parts.len())
    }
}

/// A half-joined message that was given up: too old, pushed out, or its reference reused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Whose.
    pub key: JoinKey,
    /// What had come.
    pub join: Join,
}

/// All half-joined messages, bounded in number and age.
///
/// `Duration`s are times since any fixed start, on a clock that does not jump.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    /// By the order in which they were begun, so the first is the oldest.
    joins: BTreeMap<u64, Waiting>,
    /// The joins of each sender, at most [`JOINS_PER_SENDER_MAX`].
    senders: HashMap<Sender, Vec<u64>>,
    begun: u64,
    octets: usize,
}

#[derive(Clone, Debug)]
struct Waiting {
    key: JoinKey,
    join: Join,
    since: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sender {
    group: String,
    source: Address,
}

impl Sender {
    fn of(key: &JoinKey) -> Self {
        Self { group: key.group.clone(), source: key.source.clone() }
    }
}

impl Reassembly {
    /// Takes a part. Never returns [`Inserted::Conflict`]: a part that contradicts its join begins a new one. What
    /// had to be given up for it comes second.
    pub fn insert(
        &mut self,
        key: &JoinKey,
        number: u8,
        payload: Bytes,
        now: Duration,
    ) -> (Inserted, Vec<GivenUp>) {
        let sender = Sender::of(key);
        let mut given_up = Vec::new();
        if let Some(serial) = self.find(&sender, key) {
            match self.continue_join(serial, number, &payload) {
                Inserted::Conflict => given_up.extend(self.remove(serial)),
                Inserted::Complete(octets) => {
                    // Closed at once: the sender may use the reference again.
                    self.remove(serial);
                    return (Inserted::Complete(octets), given_up);
                }
                inserted => {
                    self.shed(&mut given_up);
                    return (inserted, given_up);
                }
            }
        }
        self.make_room(&sender, &mut given_up);
        let inserted = self.begin(sender, key, number, payload, now);
        self.shed(&mut given_up);
        (inserted, given_up)
    }

    /// Gives up what has waited for [`JOIN_AGE_MAX`]; answer each sender once with "please resend".
    pub fn expire(&mut self, now: Duration) -> Vec<GivenUp> {
        let old = |waiting: &Waiting| now.saturating_sub(waiting.since) >= JOIN_AGE_MAX;
        let serials: Vec<u64> =
            self.joins.iter().take_while(|(_, waiting)| old(waiting)).map(|(serial, _)| *serial).collect();
        serials.into_iter().filter_map(|serial| self.remove(serial)).collect()
    }

    /// When [`Self::expire`] has something to do next.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Duration> {
        self.joins.first_key_value().map(|(_, waiting)| waiting.since + JOIN_AGE_MAX)
    }

    /// Half-joined messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.joins.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.joins.is_empty()
    }

    fn find(&self, sender: &Sender, key: &JoinKey) -> Option<u64> {
        let serials = self.senders.get(sender)?;
        serials.iter().copied().find(|serial| self.joins.get(serial).is_some_and(|it| it.key == *key))
    }

    fn continue_join(&mut self, serial: u64, number: u8, payload: &Bytes) -> Inserted {
        let Some(waiting) = self.joins.get_mut(&serial) else { return Inserted::Conflict };
        let inserted = waiting.join.insert(number, payload.clone());
        if inserted == Inserted::Stored {
            self.octets += payload.len();
        }
        inserted
    }

    fn begin(
        &mut self,
        sender: Sender,
        key: &JoinKey,
        number: u8,
        payload: Bytes,
        now: Duration,
    ) -> Inserted {
        let mut join = Join::new(key.total);
        let length = payload.len();
        let inserted = join.insert(number, payload);
        if inserted == Inserted::Stored {
            let serial = self.begun;
            self.begun += 1;
            self.octets += length;
            self.joins.insert(serial, Waiting { key: key.clone(), join, since: now });
            self.senders.entry(sender).or_default().push(serial);
        }
        inserted
    }

    fn make_room(&mut self, sender: &Sender, given_up: &mut Vec<GivenUp>) {
        let own = self.senders.get(sender).filter(|serials| serials.len() >= JOINS_PER_SENDER_MAX);
        let oldest = match own {
            Some(serials) => serials.first().copied(),
            None if self.joins.len() >= JOINS_MAX => self.joins.first_key_value().map(|(serial, _)| *serial),
            None => None,
        };
        given_up.extend(oldest.and_then(|serial| self.remove(serial)));
    }

    /// Lets the oldest go until [`OCTETS_MAX`] is kept.
    fn shed(&mut self, given_up: &mut Vec<GivenUp>) {
        while self.octets > OCTETS_MAX {
            let Some(serial) = self.joins.first_key_value().map(|(serial, _)| *serial) else { return };
            given_up.extend(self.remove(serial));
        }
    }

    fn remove(&mut self, serial: u64) -> Option<GivenUp> {
        let Waiting { key, join, .. } = self.joins.remove(&serial)?;
        self.octets = self.octets.saturating_sub(join.length());
        let sender = Sender::of(&key);
        if let Some(serials) = self.senders.get_mut(&sender) {
            serials.retain(|it| *it != serial);
            if serials.is_empty() {
                self.senders.remove(&sender);
            }
        }
        Some(GivenUp { key, join })
    }
}

#[cfg(test)]
mod tests;
