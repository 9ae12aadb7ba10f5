//! What happens because time passes: due timers, receipts that never came, what is too old.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::journal::Entry;
use model::key::TimerSubject;
use model::outbox::{Body, PartState};
use model::outcome::FinalState;
use model::request::Request;
use model::{Key, Name, OutboxId, Record, ServiceId};
use rustc_hash::FxHashSet;
use store::BlockQueue;

use crate::engine::Engine;
use crate::event::Effect;
use crate::fatal::Fatal;
use crate::fault::FAULT;
use crate::settle::after;
use crate::turn::Turn;

/// How long after its validity a message's receipt is waited for; with the day of a credential these are 72 hours.
const RECEIPT_GRACE: SignedDuration = SignedDuration::from_hours(48);
/// How long a dead letter can be looked at.
const DEAD_AGE: SignedDuration = SignedDuration::from_hours(72);
/// Dead letters kept; the journal has the older ones.
const DEAD_MAX: usize = 10_000;
/// How long what was counted of a sender is kept after its last change, and what he found; the limits themselves count
/// an hour.
const SENDER_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Codes that senders found and that are remembered, more than a country looks up in a day. Beyond it the first are
/// forgotten: a sender who is over the limit then waits for his hour with that code, too.
const FOUND_MAX: usize = 1_000_000;
/// Timers and deadlines run in one turn: bounds the turn.
const STEP: usize = 500;
/// Between two looks at what has no deadline of its own.
const SWEEP: Duration = Duration::from_secs(1);
/// The same while nothing is open: only secrets age.
const IDLE_SWEEP: Duration = Duration::from_secs(3_600);
/// A password that was not drawn by then is asked for again.
const DRAW_AGAIN: Duration = Duration::from_secs(60);
/// A timer whose service is not in force, or comes to no decision, is looked at again after this.
const ORPHAN_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// What is due at a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A message that waits for a receipt, or a dead letter.
    Outbox(OutboxId),
    /// What was counted of a sender, or what he found.
    Sender(Key),
}

/// Deadlines of open records, in memory; a start makes them anew.
#[derive(Default)]
pub(crate) struct Deadlines {
    due: BTreeSet<(Timestamp, Due)>,
    /// Records of [`Due::Sender`] that were made lately, the earliest first. All are looked at after the same time, so
    /// that they need no tree; those that were changed meanwhile go into `due` then.
    senders: BlockQueue<(Timestamp, Key)>,
    dead: VecDeque<OutboxId>,
    swept_at: Duration,
    secrets_swept_at: Duration,
    asked: Vec<(Duration, OutboxId)>,
}

impl Deadlines {
    /// Looks at a message again at `moment`.
    pub(crate) fn outbox(&mut self, moment: Timestamp, id: OutboxId) {
        self.due.insert((moment, Due::Outbox(id)));
    }

    /// Keeps an eye on a record that is dropped by age, from when it is made.
    pub(crate) fn watch_new(&mut self, key: &Key, record: Option<&Record>) {
        // A new one holds one wrong code. So does one whose wrong codes grew old: that one is watched once more, and
        // the looks that find it young merge.
        let is_new = match record {
            Some(Record::Found(_)) => true,
            Some(Record::Limits(limits)) => limits.misses.len() <= 1,
            _ => false,
        };
        let Some(moment) = record.filter(|_| is_new).and_then(old_at) else { return };
        if self.senders.back().is_none_or(|(last, _)| *last <= moment) {
            self.senders.push_back((moment, key.clone()));
        } else {
            // The clock was set back.
            self.due.insert((moment, Due::Sender(key.clone())));
        }
    }

    /// Takes back what was counted of a sender, or what he found, before a start.
    pub(crate) fn restore(&mut self, key: &Key, record: &Record) {
        if let Some(moment) = old_at(record) {
            self.senders.push_back((moment, key.clone()));
        }
    }

    /// What was found first, where more than `max` is watched; some of it at a time. What was counted of a sender stays:
    /// nobody is to be rid of his wrong codes because many write.
    fn take_first_found(&mut self, max: usize) -> Vec<(Timestamp, Key)> {
        let mut found = Vec::new();
        for _ in 0..self.senders.len().saturating_sub(max).min(STEP) {
            match self.senders.pop_front() {
                Some((moment, key @ Key::Found(..))) => found.push((moment, key)),
                Some((moment, key)) => drop(self.due.insert((moment, Due::Sender(key)))),
                None => {}
            }
        }
        found
    }

    /// Sorts what was restored by age.
    pub(crate) fn restored(&mut self) {
        let mut restored: Vec<_> = std::iter::from_fn(|| self.senders.pop_front()).collect();
        restored.sort_unstable();
        self.senders.extend(restored);
    }

    /// Keeps a dead letter; the oldest, where there are too many.
    pub(crate) fn bury(&mut self, id: OutboxId, wall: Timestamp) -> Option<OutboxId> {
        self.dead.push_back(id);
        self.outbox(after(wall, DEAD_AGE), id);
        if self.dead.len() > DEAD_MAX { self.dead.pop_front() } else { None }
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let first = self.due.first().map(|(moment, _)| *moment);
        first.into_iter().chain(self.senders.front().map(|(moment, _)| *moment)).min()
    }

    fn take_due(&mut self, wall: Timestamp) -> Option<Due> {
        let next = self.next().filter(|next| *next <= wall)?;
        if self.due.first().is_some_and(|(moment, _)| *moment == next) {
            return self.due.pop_first().map(|(_, due)| due);
        }
        self.senders.pop_front().map(|(_, key)| Due::Sender(key))
    }
}

impl Engine {
    /// Runs all that is due, and lets verdicts ride.
    pub(crate) fn run_due(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        if self.clock.is_trusted() {
            self.fingerprints.forget_old(turn.now.wall);
        }
        for (fingerprint, entry) in self.fingerprints.take_changes() {
            turn.write(Key::Fingerprint(fingerprint), entry.map(Record::Fingerprint));
        }
        self.expire_partials(turn)?;
        self.forget_first_found(turn)?;
        if self.clock.is_trusted() {
            self.run_deadlines(turn)?;
            self.run_timers(turn)?;
        }
        if turn.now.monotonic.saturating_sub(self.deadlines.swept_at) >= SWEEP {
            self.sweep(turn)?;
        }
        self.ride_verdicts(turn)
    }

    /// When the next sweep is due.
    pub(crate) fn sweep_deadline(&self) -> Option<Duration> {
        let busy = !self.is_idle() || self.receipts.holds_any() || !self.awaited.is_empty();
        Some(self.deadlines.swept_at + if busy { SWEEP } else { IDLE_SWEEP })
    }

    fn run_deadlines(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        for _ in 0..STEP {
            let Some(due) = self.deadlines.take_due(turn.now.wall) else { break };
            match due {
                Due::Outbox(id) => self.outbox_due(id, turn)?,
                Due::Sender(key) => self.sender_due(key, turn)?,
            }
            turn.next_event();
        }
        Ok(())
    }

    fn run_timers(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        if self.next_timer.is_none_or(|moment| moment > turn.now.wall) {
            return Ok(());
        }
        for (key, record) in self.ledger.due(turn.now.wall, STEP)? {
            let Record::Timer(_, subject) = record else { continue };
            // An event of this turn may have taken it back.
            if turn.deletes(&key) {
                continue;
            }
            turn.write(key, None);
            let label = self.run_timer(subject, turn)?;
            turn.entries.push(Entry::Timer { label });
            turn.next_event();
        }
        Ok(())
    }

    fn run_timer(&mut self, subject: TimerSubject, turn: &mut Turn) -> Result<Name, Fatal> {
        let Some(service) = self.rules.service(service_of(&subject).as_str()).cloned() else {
            put_off(subject, turn);
            return Ok("no_service".into());
        };
        let outcome = self.decide(&Request::Timer(subject.clone()), &service, turn)?;
        let label = outcome.label;
        if *label == *FAULT {
            put_off(subject, turn);
        }
        self.settle(outcome, &service, None, turn);
        Ok(label)
    }

    /// A message whose validity or whose wait for a receipt is over.
    fn outbox_due(&mut self, id: OutboxId, turn: &mut Turn) -> Result<(), Fatal> {
        let Some(entry) = turn.outbox(&self.ledger, id)? else { return Ok(()) };
        let over = after(entry.expires_at, RECEIPT_GRACE);
        if entry.parts.contains(&PartState::Failed) {
            turn.write(Key::Outbox(id), None);
        } else if turn.now.wall >= over {
            self.finish(entry, FinalState::Unknown, turn)?;
        } else if entry.parts.iter().all(|part| *part == PartState::Unsent) {
            // Never taken by any SMSC, or its password never drawn.
            self.finish(entry, FinalState::Failed, turn)?;
        } else {
            self.deadlines.outbox(over, id);
        }
        Ok(())
    }

    fn sender_due(&mut self, key: Key, turn: &mut Turn) -> Result<(), Fatal> {
        let record = turn.read(&self.ledger, &key)?;
        let Some(moment) = record.as_deref().and_then(old_at) else { return Ok(()) };
        if moment > turn.now.wall {
            self.deadlines.due.insert((moment, Due::Sender(key)));
        } else {
            turn.write(key, None);
        }
        Ok(())
    }

    /// Forgets what was found first, where too much was. What was found again since is watched by a later look.
    fn forget_first_found(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        for (moment, key) in self.deadlines.take_first_found(FOUND_MAX) {
            let record = turn.read(&self.ledger, &key)?;
            if record.as_deref().and_then(old_at) == Some(moment) {
                turn.write(key, None);
            }
        }
        Ok(())
    }

    /// Looks at what has no deadline of its own.
    fn sweep(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        let now = turn.now.monotonic;
        self.deadlines.swept_at = now;
        for ticket in self.tickets.take_lost(now) {
            self.uncertain(&ticket, now);
        }
        self.receipts.expire_held(now);
        self.expire_heads(turn)?;
        for effect in self.draw_overdue(now) {
            turn.effect(effect);
        }
        let over = now.saturating_sub(self.deadlines.secrets_swept_at) >= IDLE_SWEEP;
        if over && self.clock.is_trusted() {
            self.deadlines.secrets_swept_at = now;
            self.ledger.secrets().sweep(turn.now.wall)?;
        }
        metrics::gauge!("tongdai_outbox_queued").set(gauge(self.queues.len()));
        metrics::gauge!("tongdai_fingerprints_uncertain").set(gauge(self.fingerprints.uncertain_len()));
        Ok(())
    }

    /// Asks again for passwords that were asked for long ago.
    fn draw_overdue(&mut self, now: Duration) -> Vec<Effect> {
        let asked = std::mem::take(&mut self.deadlines.asked);
        let known: FxHashSet<OutboxId> = asked.iter().map(|(_, id)| *id).collect();
        let mut effects = Vec::new();
        for (at, id) in asked {
            let Some(subject) = self.awaited.get(&id) else { continue };
            let overdue = now.saturating_sub(at) >= DRAW_AGAIN;
            if overdue {
                effects.push(self.draw(id, subject));
            }
            self.deadlines.asked.push((if overdue { now } else { at }, id));
        }
        let new = self.awaited.keys().filter(|id| !known.contains(*id)).map(|id| (now, *id));
        self.deadlines.asked.extend(new.collect::<Vec<_>>());
        effects
    }

    /// Asks for every password that is waited for, as after a start.
    pub(crate) fn draw_awaited(&self) -> Vec<Effect> {
        self.awaited.iter().map(|(id, subject)| self.draw(*id, subject)).collect()
    }

    /// Puts one open message back at a start.
    pub(crate) fn restore_deadline(&mut self, entry: &model::outbox::OutboxEntry, wall: Timestamp) {
        if entry.parts.contains(&PartState::Failed) {
            // When it died is not written down, but not after its expiry: starts must not keep it for ever.
            self.deadlines.bury(entry.id, wall.min(entry.expires_at));
        } else if entry.body == Body::Awaited || crate::settle::wants_receipt(entry) {
            self.deadlines.outbox(entry.expires_at, entry.id);
        }
    }
}

/// When what was counted of a sender, or what he found, is dropped; none for other records.
fn old_at(record: &Record) -> Option<Timestamp> {
    let changed_at = match record {
        Record::Limits(limits) => limits.changed_at.unwrap_or(Timestamp::UNIX_EPOCH),
        Record::Found(at) => *at,
        _ => return None,
    };
    Some(after(changed_at, SENDER_AGE))
}

fn service_of(subject: &TimerSubject) -> ServiceId {
    match subject {
        TimerSubject::RotatePassword(service, _)
        | TimerSubject::RemindBooking(service, ..)
        | TimerSubject::ForgetBooking(service, ..)
        | TimerSubject::ForgetDossier(service, _) => *service,
    }
}

/// Sets a timer anew.
fn put_off(subject: TimerSubject, turn: &mut Turn) {
    let later = after(turn.now.wall, ORPHAN_PAUSE);
    let record = Record::Timer(later, subject.clone());
    turn.write(Key::Timer(later, subject), Some(record));
}

/// A count as a gauge's number.
fn gauge(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use model::Msisdn;
    use model::limits::Limits;

    use super::*;

    fn sender(number: usize) -> Msisdn {
        Msisdn::new(&format!("84905{number:06}")).unwrap()
    }

    #[test]
    fn of_what_was_found_the_last_is_remembered_and_of_wrong_codes_all() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let service = ServiceId::new("hue");
        let found = |number| Key::Found(service, sender(number), "13557009".into());
        let wrong = |number| Key::Limits(service, sender(number));
        let mut deadlines = Deadlines::default();
        let mut second = 0;
        let mut watch = |deadlines: &mut Deadlines, key: Key| {
            second += 1;
            let record = match key {
                Key::Found(..) => Record::Found(at(second)),
                _ => Record::Limits(Limits { changed_at: Some(at(second)), ..Limits::default() }),
            };
            deadlines.watch_new(&key, Some(&record));
        };
        for number in 0..10 {
            watch(&mut deadlines, found(number));
            watch(&mut deadlines, wrong(number));
        }
        assert_eq!(deadlines.take_first_found(20), []);
        let dropped =
            |found: Vec<(Timestamp, Key)>| found.into_iter().map(|(_, key)| key).collect::<Vec<_>>();
        assert_eq!(dropped(deadlines.take_first_found(15)), [found(0), found(1), found(2)]);
        assert_eq!((deadlines.senders.len(), deadlines.due.len()), (15, 2));
        assert_eq!(deadlines.take_first_found(15), []);
        // All of them are still looked at when they are old.
        let end = at(100) + SENDER_AGE;
        let looked_at: Vec<Due> = std::iter::from_fn(|| deadlines.take_due(end)).collect();
        let wrong_codes = looked_at.iter().filter(|due| matches!(due, Due::Sender(Key::Limits(..)))).count();
        assert_eq!((looked_at.len(), wrong_codes), (17, 10));
        // No more than a turn takes.
        (0..2 * STEP).for_each(|number| watch(&mut deadlines, found(number)));
        assert_eq!(deadlines.take_first_found(0).len(), STEP);
        assert_eq!(deadlines.take_first_found(0).len(), STEP);
    }
}
