//! Which messages the SMSC may hand over again, because it may not have seen their acknowledgement.

use std::collections::VecDeque;
use std::time::Duration;

use codec::{Concat, Sm};
use failpoints::{Bug, planted};
use jiff::{SignedDuration, Timestamp};
use model::Now;
use model::outbox::{Fingerprint, FingerprintEntry};
use ring::digest::{Context, SHA256};
use rustc_hash::FxHashMap;
use store::{BlockQueue, Recent};

use crate::event::LinkId;
use crate::proofs::{PROOF_AGE, Proofs};

/// How long after its response a message may turn uncertain, should the link die.
const CERTAIN_AGE: Duration = PROOF_AGE;
/// Remembered a link: a minute at 16,000 messages a second.
const CERTAIN_MAX: usize = 1_000_000;
/// How long an uncertain message is remembered: redelivery was seen after 24 hours.
const UNCERTAIN_AGE: SignedDuration = SignedDuration::from_hours(72);
/// Remembered in all; the oldest is dropped and counted.
const UNCERTAIN_MAX: usize = 4_000_000;
/// After this a look-up is answered anyway: it harms nobody, and the citizen may have asked again.
const LOOK_UP_AGE: SignedDuration = SignedDuration::from_mins(10);
/// Within this time of its acknowledgement the same message over a sister bind is taken for a redelivery: an SMSC
/// hands a message over again as soon as a link dies, often before we saw it die. Nobody types a text twice so fast.
const SISTER_AGE: Duration = Duration::from_secs(2);
/// Places remembered of one text within those times.
const PLACES_MAX: usize = 4;
/// Acknowledgements of a link behind one that it put off meanwhile: 16 times what it may leave unanswered.
const PUT_OFF_MAX: usize = 65_536;
/// Tables over which the texts of one time are spread by their fingerprints. One that outgrows its place is moved to
/// a larger one, and the whole turn waits for it (docs/PERFORMANCE.md, "The seventeenth time").
const TABLES: usize = 64;
/// Records of newly uncertain messages written in one turn: bounds the turn.
const ARMED_PER_TURN: usize = 5_000;

/// The hash over all that an SMSC repeats when it hands a message over again. The sender is normalised, as a sister
/// bind may write him otherwise.
pub(crate) fn of(group: &str, sender: &str, sm: &Sm, concat: Option<Concat>, payload: &[u8]) -> Fingerprint {
    let mut context = Context::new(&SHA256);
    for field in [group.as_bytes(), sender.as_bytes(), sm.destination.digits.as_bytes()] {
        context.update(&field.len().to_be_bytes());
        context.update(field);
    }
    context.update(&[sm.esm_class, sm.data_coding]);
    if let Some(Concat { reference, wide, total, number }) = concat {
        let [high, low] = reference.to_be_bytes();
        context.update(&[high, low, u8::from(wide), total, number]);
    }
    context.update(payload);
    let digest = context.finish();
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    Fingerprint(octets)
}

/// A moment on the monotonic clock in nanoseconds: half as long as a `Duration`, and a minute at full load has a
/// million of them.
type Nanos = u64;

fn nanos(moment: Duration) -> Nanos {
    Nanos::try_from(moment.as_nanos()).unwrap_or(Nanos::MAX)
}

/// A message whose response was written on a link that still stands; half a cache line.
#[derive(Debug, Clone, Copy)]
struct Certain {
    fingerprint: Fingerprint,
    /// When, and in the lowest bit whether it is an act.
    at_and_act: u64,
    generation: u32,
    sequence_number: u32,
}

impl Certain {
    fn new(message: Acknowledged, at: Nanos) -> Self {
        let Acknowledged { generation, sequence_number, fingerprint, act, .. } = message;
        Self { fingerprint, at_and_act: at << 1 | u64::from(act), generation, sequence_number }
    }

    fn at(&self) -> Nanos {
        self.at_and_act >> 1
    }

    fn is_act(&self) -> bool {
        self.at_and_act & 1 == 1
    }

    fn is_older_than(&self, age: Duration, now: Duration) -> bool {
        now.saturating_sub(Duration::from_nanos(self.at())) > age
    }
}

/// A message that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acknowledged {
    pub(crate) link: LinkId,
    pub(crate) generation: u32,
    pub(crate) sequence_number: u32,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) act: bool,
}

/// All fingerprints: certain ones by link in memory, uncertain ones also as open records.
pub(crate) struct Fingerprints {
    certain: FxHashMap<LinkId, BlockQueue<Certain>>,
    uncertain: FxHashMap<Fingerprint, FingerprintEntry>,
    /// Uncertain ones by age; may name some that were absorbed since.
    order: VecDeque<(Timestamp, Fingerprint)>,
    /// Not written yet.
    unwritten: VecDeque<Fingerprint>,
    /// To be deleted from the store: too old or too many.
    dropped: VecDeque<Fingerprint>,
    /// What was acknowledged within [`SISTER_AGE`].
    latest: Latest,
    /// Acts that were acknowledged within [`CERTAIN_AGE`].
    latest_acts: Latest,
    /// What tells a copy that was on its way from a citizen who writes again.
    pub(crate) proofs: Proofs,
}

/// A link and when a message was acknowledged over it.
type Place = (LinkId, Nanos);

/// Where and when messages were acknowledged last. Two tables, of which the older is emptied as a whole: to forget
/// costs no message a look into either.
struct Latest {
    /// For so long they are remembered.
    age: Duration,
    young: Acknowledgements,
    /// What was noted before `since`.
    old: Acknowledgements,
    since: Duration,
}

/// The places of each text, the newest first: the same text may come more than once and by several links.
struct Acknowledgements {
    newest: [FxHashMap<Fingerprint, Place>; TABLES],
    /// Texts among them.
    texts: usize,
    /// Those before the newest: nearly no text has any.
    earlier: FxHashMap<Fingerprint, [Option<Place>; PLACES_MAX - 1]>,
}

impl Acknowledgements {
    fn none() -> Self {
        let newest = std::array::from_fn(|_| FxHashMap::default());
        Self { newest, texts: 0, earlier: FxHashMap::default() }
    }

    fn note(&mut self, fingerprint: Fingerprint, place: Place) {
        match self.newest[table_of(fingerprint)].insert(fingerprint, place) {
            None => self.texts += 1,
            Some(before) => {
                let earlier = self.earlier.entry(fingerprint).or_default();
                earlier.rotate_right(1);
                earlier[0] = Some(before);
            }
        }
    }

    fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.newest[table_of(fingerprint)].contains_key(&fingerprint)
    }

    fn places(&self, fingerprint: Fingerprint) -> impl Iterator<Item = Place> + use<> {
        let newest = self.newest[table_of(fingerprint)].get(&fingerprint).copied();
        let earlier = newest.and_then(|_| self.earlier.get(&fingerprint).copied()).unwrap_or_default();
        newest.into_iter().chain(earlier.into_iter().flatten())
    }

    fn clear(&mut self) {
        self.newest.iter_mut().for_each(FxHashMap::clear);
        self.texts = 0;
        self.earlier.clear();
    }
}

/// A fingerprint is a hash already.
fn table_of(fingerprint: Fingerprint) -> usize {
    usize::from(fingerprint.0[0]) % TABLES
}

impl Latest {
    fn new(age: Duration) -> Self {
        let [young, old] = std::array::from_fn(|_| Acknowledgements::none());
        Self { age, young, old, since: Duration::ZERO }
    }

    /// Notes a message, and forgets what is too old.
    fn note(&mut self, fingerprint: Fingerprint, link: LinkId, now: Duration) {
        let passed = now.saturating_sub(self.since);
        if passed >= self.age || self.young.texts >= CERTAIN_MAX {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
            self.since = now;
        }
        self.young.note(fingerprint, (link, nanos(now)));
    }

    /// Whether a message was noted, be it too long ago.
    fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.young.knows(fingerprint) || self.old.knows(fingerprint)
    }

    /// Over other links than this one, the newest first.
    fn over_others(
        &self,
        fingerprint: Fingerprint,
        link: LinkId,
        now: Duration,
    ) -> impl Iterator<Item = Place> + use<> {
        let places = self.young.places(fingerprint).chain(self.old.places(fingerprint));
        let oldest = nanos(now.saturating_sub(self.age));
        places.take(PLACES_MAX).filter(move |(other, at)| *other != link && *at >= oldest)
    }
}

impl Fingerprints {
    pub(crate) fn new(proofs: Proofs) -> Self {
        Self {
            certain: FxHashMap::default(),
            uncertain: FxHashMap::default(),
            order: VecDeque::new(),
            unwritten: VecDeque::new(),
            dropped: VecDeque::new(),
            latest: Latest::new(SISTER_AGE),
            latest_acts: Latest::new(CERTAIN_AGE),
            proofs,
        }
    }

    /// Takes back an open record at the start.
    pub(crate) fn restore(&mut self, fingerprint: Fingerprint, entry: FingerprintEntry) {
        self.order.push_back((entry.since, fingerprint));
        self.uncertain.insert(fingerprint, entry);
    }

    /// Sorts what was restored by age.
    pub(crate) fn restored(&mut self) {
        self.order.make_contiguous().sort_unstable();
    }

    /// Remembers a message whose response leaves with this turn.
    pub(crate) fn acknowledged(&mut self, message: Acknowledged, now: Duration) {
        let Acknowledged { link, fingerprint, act, .. } = message;
        let certain = self.certain.entry(link).or_default();
        while certain.len() >= CERTAIN_MAX
            || certain.front().is_some_and(|old| old.is_older_than(CERTAIN_AGE, now))
        {
            certain.pop_front();
        }
        certain.push_back(Certain::new(message, nanos(now)));
        self.latest.note(fingerprint, link, now);
        if act {
            self.latest_acts.note(fingerprint, link, now);
            self.proofs.act(link, now);
        }
    }

    /// A link died: what it acknowledged within the last minute is uncertain.
    pub(crate) fn link_down(&mut self, link: LinkId, now: Duration, wall: Timestamp) {
        self.proofs.link_down(link);
        if planted(Bug::LinkDownForgetsCertain) {
            return;
        }
        let mut certain = self.certain.get_mut(&link).map(std::mem::take).unwrap_or_default();
        while let Some(message) = certain.pop_front() {
            if !message.is_older_than(CERTAIN_AGE, now) {
                self.arm(message.fingerprint, message.is_act(), wall);
            }
        }
    }

    /// The wall clock was set. A start finds the last minute of the journal by that clock, so what was acknowledged
    /// within the last real minute is made uncertain while it is known, unless the SMSC has read the acknowledgement.
    pub(crate) fn clock_stepped(&mut self, now: Now) {
        let mut doubtful = Vec::new();
        for (link, certain) in &mut self.certain {
            let read_until = self.proofs.read_until(*link).map(nanos);
            let unread = |it: &Certain| read_until.is_none_or(|until| it.at() > until);
            while certain.back().is_some_and(unread) {
                doubtful.extend(certain.pop_back());
            }
        }
        doubtful.retain(|message| !message.is_older_than(CERTAIN_AGE, now.monotonic));
        doubtful.sort_unstable_by_key(Certain::at);
        for message in doubtful {
            self.arm(message.fingerprint, message.is_act(), now.wall);
        }
    }

    /// The link answered "later" in our place: the message will come again.
    pub(crate) fn deadline_answered(
        &mut self,
        link: LinkId,
        generation: u32,
        sequence_number: u32,
        wall: Timestamp,
    ) {
        if planted(Bug::DeadlineAnswerIgnored) {
            return;
        }
        let Some(certain) = self.certain.get_mut(&link) else { return };
        let asked = |it: &Certain| it.sequence_number == sequence_number && it.generation == generation;
        let behind = certain.iter().rev().take(PUT_OFF_MAX).position(asked);
        if let Some(message) = behind.and_then(|behind| certain.remove(certain.len() - 1 - behind)) {
            self.arm(message.fingerprint, message.is_act(), wall);
        }
    }

    /// Takes the messages of the last minute before a stop for uncertain: as many copies of each as ran, for what was
    /// taken for a redelivery took the place of one that had run.
    pub(crate) fn restore_recent(&mut self, recent: &[Recent], since: Timestamp) {
        let mut copies: FxHashMap<Fingerprint, (bool, u16)> = FxHashMap::default();
        for Recent { fingerprint, act, ran, .. } in recent {
            let (acts, runs) = copies.entry(*fingerprint).or_default();
            *acts |= act;
            *runs = runs.saturating_add(u16::from(*ran));
        }
        for Recent { fingerprint, .. } in recent {
            if let Some((act, runs)) = copies.remove(fingerprint) {
                let known = self.uncertain.get(fingerprint).map_or(0, |known| known.copies);
                self.insert(*fingerprint, act, since, runs.max(known).max(1));
            }
        }
    }

    /// Makes a message uncertain; its record rides in the next turn.
    pub(crate) fn arm(&mut self, fingerprint: Fingerprint, act: bool, since: Timestamp) {
        let known = self.uncertain.get(&fingerprint).map_or(0, |known| known.copies);
        self.insert(fingerprint, act, since, known.saturating_add(1));
    }

    fn insert(&mut self, fingerprint: Fingerprint, act: bool, since: Timestamp, copies: u16) {
        // A redelivery that was absorbed is armed after its first copy, and stands for the same act.
        let act = act || self.uncertain.get(&fingerprint).is_some_and(|known| known.act);
        self.uncertain.insert(fingerprint, FingerprintEntry { since, act, copies });
        self.order.push_back((since, fingerprint));
        self.unwritten.push_back(fingerprint);
        while self.uncertain.len() > UNCERTAIN_MAX {
            let Some((since, oldest)) = self.order.pop_front() else { break };
            self.drop_if(oldest, since);
        }
    }

    /// Whether a message is a redelivery that must not run. One is absorbed for each uncertain copy: it takes the
    /// place of that one, and becomes uncertain itself should its link die. Where the clock is not `believed`, no act
    /// is too old. Gives whether an act stood behind it, and the record that is left.
    pub(crate) fn absorb(
        &mut self,
        fingerprint: Fingerprint,
        wall: Timestamp,
        believed: bool,
    ) -> Option<(bool, Option<FingerprintEntry>)> {
        let entry = self.uncertain.get(&fingerprint).filter(|_| !planted(Bug::FingerprintOff))?;
        let age = wall.duration_since(entry.since);
        if (believed && age > UNCERTAIN_AGE) || (!entry.act && age > LOOK_UP_AGE) {
            return None;
        }
        let mut entry = self.uncertain.remove(&fingerprint)?;
        entry.copies = entry.copies.saturating_sub(1);
        if entry.copies == 0 {
            return Some((entry.act, None));
        }
        self.uncertain.insert(fingerprint, entry.clone());
        Some((entry.act, Some(entry)))
    }

    /// The same message, acknowledged on another link: a moment ago, so that link is dying and nobody told us yet;
    /// or, where it stood for an act, within the last minute, and nothing proves that this one was written after the
    /// SMSC had read the acknowledgement. Gives whether an act stood behind it. It is absorbed as in [`Self::absorb`],
    /// and forgotten on its link so that the link's end does not absorb another.
    pub(crate) fn absorb_sister(
        &mut self,
        fingerprint: Fingerprint,
        link: LinkId,
        now: Duration,
    ) -> Option<bool> {
        if planted(Bug::SisterIgnored) {
            return None;
        }
        // Nearly all messages come once.
        if !self.latest.knows(fingerprint) && !self.latest_acts.knows(fingerprint) {
            return None;
        }
        let may_be_older =
            |(first, at): &Place| !self.proofs.comes_after(link, *first, Duration::from_nanos(*at));
        let moment = self.latest.over_others(fingerprint, link, now);
        let acts = self.latest_acts.over_others(fingerprint, link, now).filter(may_be_older);
        let places: Vec<Place> = moment.chain(acts).collect();
        places.into_iter().find_map(|place| self.take_certain(place, fingerprint)).map(|first| first.is_act())
    }

    /// Forgets a message that was acknowledged there.
    fn take_certain(&mut self, (link, at): Place, fingerprint: Fingerprint) -> Option<Certain> {
        let certain = self.certain.get_mut(&link)?;
        let from = certain.partition_point(|it| it.at() < at);
        let place = certain
            .iter()
            .skip(from)
            .take_while(|it| it.at() == at)
            .position(|it| it.fingerprint == fingerprint)?;
        certain.remove(from + place)
    }

    /// Drops what is too old. Not to be asked for by a clock that nobody believes.
    pub(crate) fn forget_old(&mut self, wall: Timestamp) {
        while let Some((since, oldest)) = self.order.front().copied() {
            if wall.duration_since(since) <= UNCERTAIN_AGE {
                break;
            }
            self.order.pop_front();
            self.drop_if(oldest, since);
        }
    }

    /// Records to write in this turn, and to delete.
    pub(crate) fn take_changes(&mut self) -> Vec<(Fingerprint, Option<FingerprintEntry>)> {
        let mut changes = Vec::new();
        while changes.len() < ARMED_PER_TURN {
            let Some(fingerprint) = self.unwritten.pop_front() else { break };
            if let Some(entry) = self.uncertain.get(&fingerprint) {
                changes.push((fingerprint, Some(entry.clone())));
            }
        }
        while changes.len() < ARMED_PER_TURN {
            let Some(fingerprint) = self.dropped.pop_front() else { break };
            changes.push((fingerprint, None));
        }
        changes
    }

    /// Whether [`Self::take_changes`] has more to give.
    pub(crate) fn has_changes(&self) -> bool {
        !self.unwritten.is_empty() || !self.dropped.is_empty()
    }

    /// How many are uncertain.
    pub(crate) fn uncertain_len(&self) -> usize {
        self.uncertain.len()
    }

    /// Drops a record unless it was armed anew since.
    fn drop_if(&mut self, fingerprint: Fingerprint, since: Timestamp) {
        if self.uncertain.get(&fingerprint).is_some_and(|entry| entry.since == since) {
            self.uncertain.remove(&fingerprint);
            self.dropped.push_back(fingerprint);
        }
    }
}

#[cfg(test)]
mod tests;
