//! I1, I2, and the half of I5 and Mixed that shows in the journal.

use std::collections::{BTreeMap, BTreeSet};

use model::journal::Entry;
use model::outbox::{PartialMessage, PartialMessageId};
use model::{EventId, Key, Record};

use super::{Books, Evidence, Finding, Invariant, Sent, digits_of};

/// One message that the journal says was run.
struct Run<'a> {
    id: EventId,
    label: &'a str,
}

/// What the journal says of citizens' messages.
#[derive(Default)]
struct Journal<'a> {
    /// By group, sender, receiver and text.
    runs: BTreeMap<(&'a str, String, &'a str, &'a str), Vec<Run<'a>>>,
    quarantined: BTreeSet<(String, &'a [u8])>,
    ignored: BTreeSet<String>,
    partials: Vec<(&'a PartialMessageId, &'a PartialMessage)>,
    /// Senders of whom a half message was given up.
    given_up: BTreeSet<String>,
    /// What has messages of ours as its effect.
    causes: BTreeSet<EventId>,
    commands: BTreeSet<&'a str>,
    acts: BTreeMap<String, usize>,
    bookings: BTreeMap<String, BTreeSet<&'a Key>>,
}

pub(super) fn check(evidence: &Evidence, books: &Books, findings: &mut Vec<Finding>) {
    let journal = Journal::read(books);
    for sent in &evidence.sent {
        journal.check_kept(sent, findings);
        journal.check_runs(sent, findings);
    }
    for actor in evidence.commands.iter().filter(|actor| !journal.commands.contains(actor.as_str())) {
        let what = format!("{actor} was told that the command was carried out, and it is not in the journal");
        findings.push(Finding::new(Invariant::I1, what));
    }
    journal.check_strangers(evidence, findings);
    for (phone, bookings) in &journal.bookings {
        let acts = journal.acts.get(phone).copied().unwrap_or(0);
        if bookings.len() > acts {
            let what = format!("{phone} has {} bookings of {acts} acts", bookings.len());
            findings.push(Finding::new(Invariant::I2, what));
        }
    }
}

impl<'a> Journal<'a> {
    fn read(books: &'a Books) -> Self {
        let mut journal = Self::default();
        for (sequence, turn) in &books.turns {
            let gives_up = turn
                .entries
                .iter()
                .any(|entry| matches!(entry, Entry::Timer { label } if &**label == "missing_parts"));
            for entry in &turn.entries {
                journal.note(*sequence, entry);
            }
            for (key, record) in &turn.writes {
                journal.note_write(key, record.as_deref(), gives_up);
            }
        }
        journal
    }

    fn note(&mut self, sequence: u64, entry: &'a Entry) {
        match entry {
            Entry::Message { index, group, source, destination, text, label, act, .. } => {
                let sender = digits_of(source);
                *self.acts.entry(sender.clone()).or_default() += usize::from(*act);
                let run = Run { id: EventId { sequence, index: *index }, label };
                let to = destination.digits.trim_start_matches('+');
                self.runs.entry((group, sender, to, text)).or_default().push(run);
            }
            Entry::Quarantine { source, octets, .. } => {
                self.quarantined.insert((digits_of(source), octets));
            }
            Entry::Command { actor, .. } => {
                self.commands.insert(actor);
            }
            Entry::Ignored { source, .. } => {
                self.ignored.insert(digits_of(source));
            }
            _ => {}
        }
    }

    fn note_write(&mut self, key: &'a Key, record: Option<&'a Record>, gives_up: bool) {
        match (key, record) {
            (Key::PartialMessage(id), Some(Record::PartialMessage(message))) => {
                self.partials.push((id, message));
            }
            (Key::PartialMessage(id), None) if gives_up => {
                self.given_up.insert(digits_of(&id.source));
            }
            (Key::Outbox(id), Some(_)) => {
                self.causes.insert(id.cause);
            }
            (Key::Booking(..), Some(Record::Booking(booking))) => {
                let phone = booking.phone.as_ref().map_or("", |phone| phone.as_str());
                self.bookings.entry(phone.to_owned()).or_default().insert(key);
            }
            _ => {}
        }
    }

    fn runs_of(&self, sent: &'a Sent) -> &[Run<'a>] {
        let key = (sent.group.as_str(), sent.from.clone(), sent.to.as_str(), sent.text.as_str());
        self.runs.get(&key).map_or(&[], Vec::as_slice)
    }

    /// I1: what was acknowledged stands in the journal.
    fn check_kept(&self, sent: &Sent, findings: &mut Vec<Finding>) {
        let ran = !self.runs_of(sent).is_empty();
        let mut lost = |what: String| findings.push(Finding::new(Invariant::I1, what));
        if !sent.citizen {
            if sent.acknowledged() > 0 && !self.ignored.contains(&sent.from) {
                lost(format!("the message of {} was acknowledged and is not in the journal", sent.from));
            }
            return;
        }
        for part in sent.parts.iter().filter(|part| part.acknowledged > 0 && !ran) {
            let quarantined = self.quarantined.contains(&(sent.from.clone(), &part.octets));
            let half = sent.parts.len() > 1 && self.keeps_part(sent, &part.octets);
            if !quarantined && !half {
                let Sent { from, to, text, .. } = sent;
                lost(format!("{from} -> {to}, acknowledged and not in the journal: {text}"));
                return;
            }
        }
        let whole = sent.parts.len() > 1 && sent.acknowledged() > 0 && !sent.text.is_empty();
        if whole && !ran && !self.given_up.contains(&sent.from) {
            lost(format!("all parts of {} were acknowledged, and it never ran: {}", sent.from, sent.text));
        }
    }

    fn keeps_part(&self, sent: &Sent, octets: &[u8]) -> bool {
        self.partials.iter().any(|(id, message)| {
            *id.group == *sent.group
                && digits_of(&id.source) == sent.from
                && message.parts.iter().flatten().any(|part| part.as_slice() == octets)
        })
    }

    /// I2: it ran as often as it was honestly sent at most, and each time was answered.
    fn check_runs(&self, sent: &Sent, findings: &mut Vec<Finding>) {
        let Sent { from, to, text, times, again, .. } = sent;
        if text.is_empty() {
            return;
        }
        let runs = self.runs_of(sent);
        if !sent.citizen && !runs.is_empty() {
            findings.push(Finding::new(Invariant::I5, format!("{from} is no citizen, and this ran: {text}")));
        }
        if runs.len() as u64 > u64::from(times + again) {
            let what = format!("{from} -> {to}, sent {times} times and run {} times: {text}", runs.len());
            findings.push(Finding::new(Invariant::I2, what));
        }
        let silent = |run: &&Run<'_>| run.label != "loop_guard" && !self.causes.contains(&run.id);
        if let Some(run) = runs.iter().find(silent).filter(|_| sent.answered) {
            let what = format!("{from} -> {to} ran as {} ({}) and has no answer: {text}", run.id, run.label);
            findings.push(Finding::new(Invariant::I3, what));
        }
    }

    /// Mixed and I5: nothing ran that nobody wrote.
    fn check_strangers(&self, evidence: &Evidence, findings: &mut Vec<Finding>) {
        let known: BTreeSet<(&str, &str)> =
            evidence.sent.iter().map(|sent| (sent.from.as_str(), sent.text.as_str())).collect();
        for (_, from, to, text) in self.runs.keys() {
            if evidence.receipts.iter().any(|receipt| receipt.text == *text) {
                findings.push(Finding::new(
                    Invariant::I5,
                    format!("a receipt of {from} ran as a message: {text}"),
                ));
            } else if !known.contains(&(from.as_str(), text)) {
                let what = format!("{from} -> {to} ran, and {from} never wrote it: {text}");
                findings.push(Finding::new(Invariant::Mixed, what));
            }
        }
    }
}
