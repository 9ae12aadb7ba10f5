//! I3, I4 and the half of I5 and Mixed that shows on the wire.

use std::collections::{BTreeMap, BTreeSet};

use codec::data_coding::{DefaultAlphabet, decode_text};
use jiff::{SignedDuration, Timestamp};
use model::journal::Entry;
use model::outbox::{Body, PartState};
use model::outcome::Class;
use model::{Key, OutboxId};

use super::rows::{self, Row, Wire};
use super::words::Words;
use super::{Books, Evidence, Finding, Invariant, Submit, digits_of};
use crate::handset::Handsets;

/// Resends after which a text that kills every link is given up (docs/RELIABILITY.md).
const RESENDS_MAX: u32 = 20;
/// Pauses before the next tries of a refused message (docs/RELIABILITY.md).
const RETRIES: [SignedDuration; 4] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_hours(1),
];
/// What a message may take from being due to being taken, where nothing fails.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// What the SMSC took.
#[derive(Default)]
struct Taken {
    /// By what was on the wire.
    known: BTreeMap<Wire, u32>,
    /// Texts that stand in no row in clear: log-ins. By sender and receiver.
    sealed: BTreeMap<(String, String), Vec<Vec<u8>>>,
}

pub(super) fn check(evidence: &Evidence, books: &Books, findings: &mut Vec<Finding>) {
    let rows = rows::read(books);
    let mut by_wire: BTreeMap<Wire, Vec<(&Row<'_>, usize)>> = BTreeMap::new();
    for row in rows.values() {
        for (part, wire) in row.wires().into_iter().enumerate() {
            by_wire.entry(wire).or_default().push((row, part));
        }
    }
    let mut taken = Taken::default();
    for submit in &evidence.submits {
        check_way(evidence, submit, findings);
        if submit.taken {
            let (from, to) = (digits_of(&submit.sm.source), digits_of(&submit.sm.destination));
            let wire = (from, to, submit.sm.short_message.to_vec());
            if by_wire.contains_key(&wire) {
                *taken.known.entry(wire).or_default() += 1;
            } else {
                taken.sealed.entry((wire.0, wire.1)).or_default().push(wire.2);
            }
        }
    }
    check_words(evidence, findings);
    for (wire, of) in &by_wire {
        check_wire(evidence, wire, of, taken.known.get(wire).copied().unwrap_or(0), findings);
    }
    check_sealed(evidence, &rows, &taken.sealed, findings);
    for row in rows.values() {
        check_row(evidence, row, findings);
    }
    check_receipts(evidence, books, &rows, findings);
    check_timers(evidence, books, findings);
}

/// What was to be done at a moment is done soon after it.
fn check_timers(evidence: &Evidence, books: &Books, findings: &mut Vec<Finding>) {
    for (key, record) in &books.held {
        let Key::Timer(due, _) = key else { continue };
        if record.is_some() && quiet_until(evidence, *due).is_some() {
            findings.push(Finding::new(Invariant::I3, format!("a timer was due at {due} and has not run")));
        }
    }
}

/// A receipt is another message's where the SMSC never gave its id to a text for that handset, or where the SMSC of
/// that group never sent it.
fn check_receipts(
    evidence: &Evidence,
    books: &Books,
    rows: &BTreeMap<OutboxId, Row<'_>>,
    findings: &mut Vec<Finding>,
) {
    let mut given: BTreeSet<(&str, String, &str)> = BTreeSet::new();
    for submit in &evidence.submits {
        let to = digits_of(&submit.sm.destination);
        given.extend(submit.message_ids.iter().map(|id| (submit.group.as_str(), to.clone(), id.as_str())));
    }
    if given.is_empty() {
        return;
    }
    for entry in books.turns.iter().flat_map(|(_, turn)| &turn.entries) {
        let Entry::Receipt { outbox: Some(outbox), message_id, state } = entry else { continue };
        let Some(row) = rows.get(outbox) else { continue };
        let (group, to) = (&*row.last.group, row.way().1);
        let sent = evidence.receipts.iter().any(|receipt| {
            receipt.group == group && receipt.message_id == *message_id && receipt.state == *state
        });
        if !sent || !given.contains(&(group, to.clone(), message_id.as_str())) {
            let what = format!("the receipt {message_id} was taken for {outbox} to {to}, whose it was not");
            findings.push(Finding::new(Invariant::Mixed, what));
        }
    }
}

/// Who may be written to, and from where.
fn check_way(evidence: &Evidence, submit: &Submit, findings: &mut Vec<Finding>) {
    let (from, to) = (digits_of(&submit.sm.source), digits_of(&submit.sm.destination));
    if !evidence.citizens.contains_key(&to) {
        findings.push(Finding::new(
            Invariant::I5,
            format!("at {} a text left to {to}, who is no citizen", submit.at),
        ));
    }
    if !evidence.own_numbers.contains(&from) {
        findings
            .push(Finding::new(Invariant::I5, format!("at {} a text left in the name of {from}", submit.at)));
    }
}

/// Nobody holds another's words in his hands, neither in a part nor across two.
fn check_words(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let mut handsets = Handsets::default();
    let mut texts: BTreeSet<(String, String)> = BTreeSet::new();
    for submit in evidence.submits.iter().filter(|submit| submit.taken) {
        handsets.take(&submit.sm);
        if let Ok(data) = submit.sm.user_data() {
            let text = decode_text(&data.payload, submit.sm.data_coding, data.shifts, DefaultAlphabet::Gsm7);
            texts.extend(text.map(|text| (digits_of(&submit.sm.destination), text.text)));
        }
    }
    texts.extend(handsets.unread().map(|(to, received)| (to.to_owned(), received.text.clone())));
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (citizen, word) in
        evidence.citizens.iter().flat_map(|(citizen, words)| words.iter().map(move |it| (citizen, it)))
    {
        owners.entry(word).or_default().insert(citizen);
    }
    let words: Words<'_> = owners.keys().copied().collect();
    for (to, text) in &texts {
        for word in words.within(text) {
            for citizen in owners[word].iter().filter(|citizen| *citizen != to) {
                let what = format!("{to} received `{word}`, which only {citizen} may read: {text}");
                findings.push(Finding::new(Invariant::Mixed, what));
            }
        }
    }
}

/// One wire: not more copies than were counted, not fewer than were due or believed.
fn check_wire(
    evidence: &Evidence,
    wire: &Wire,
    of: &[(&Row<'_>, usize)],
    taken: u32,
    findings: &mut Vec<Finding>,
) {
    let name = |rows: &[&(&Row<'_>, usize)]| {
        let names: Vec<String> = rows.iter().map(|(row, part)| format!("{} part {part}", row.id)).collect();
        names.join(", ")
    };
    let all: Vec<_> = of.iter().collect();
    let allowed: u32 = of.iter().map(|(row, _)| 1 + row.resent).sum();
    if taken > allowed {
        let rows = name(&all);
        findings.push(Finding::new(
            Invariant::I4,
            format!("{} took {taken} copies of {rows}, and {allowed} are counted", wire.1),
        ));
    }
    let notices: Vec<_> = of.iter().filter(|(row, _)| row.last.class == Class::Notice).collect();
    if notices.len() > 1 {
        let what = format!("{} was told the same twice unasked: {}", wire.1, name(&notices));
        findings.push(Finding::new(Invariant::I2, what));
    }
    let due: Vec<_> = of.iter().filter(|(row, _)| must_have_left(evidence, row)).collect();
    if (due.len() as u64) > u64::from(taken) {
        let (rows, count) = (name(&due), due.len());
        findings.push(Finding::new(
            Invariant::I3,
            format!("{count} texts to {} were due ({rows}) and the SMSC took {taken}", wire.1),
        ));
    }
    let believed: Vec<_> = of.iter().filter(|(row, part)| row.accepted(*part)).collect();
    if (believed.len() as u64) > u64::from(taken) {
        let (rows, count) = (name(&believed), believed.len());
        findings.push(Finding::new(
            Invariant::I3,
            format!(
                "the journal says that the SMSC took {count} texts to {} ({rows}); it took {taken}",
                wire.1
            ),
        ));
    }
}

/// Log-ins: their texts can't be read in the journal, so they are counted by receiver.
fn check_sealed(
    evidence: &Evidence,
    rows: &BTreeMap<OutboxId, Row<'_>>,
    sealed: &BTreeMap<(String, String), Vec<Vec<u8>>>,
    findings: &mut Vec<Finding>,
) {
    let mut by_way: BTreeMap<(String, String), Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows.values().filter(|row| matches!(row.last.body, Body::Secret { .. })) {
        by_way.entry(row.way()).or_default().push(row);
    }
    for (way, texts) in sealed {
        let rows = by_way.get(way).map_or(&[][..], Vec::as_slice);
        let parts: u32 = rows.iter().map(|row| count(row.last.parts.len())).sum();
        let allowed = parts + rows.iter().map(|row| row.resent).sum::<u32>();
        let different: BTreeSet<&Vec<u8>> = texts.iter().collect();
        if rows.is_empty() {
            let what = format!("{} received a text that stands in no row of the outbox", way.1);
            findings.push(Finding::new(Invariant::I4, what));
        } else if count(texts.len()) > allowed {
            let what = format!("{} took {} log-ins, and {allowed} are counted", way.1, texts.len());
            findings.push(Finding::new(Invariant::I4, what));
        } else if count(different.len()) > parts {
            let what = format!("{} was told {} log-ins, and {parts} were drawn", way.1, different.len());
            findings.push(Finding::new(Invariant::I2, what));
        }
    }
    for (way, rows) in by_way {
        let taken = sealed.get(&way).map_or(0, Vec::len);
        let due = rows.iter().filter(|row| must_have_left(evidence, row)).count();
        if due > taken {
            let what = format!("{due} log-ins to {} were due and the SMSC took {taken}", way.1);
            findings.push(Finding::new(Invariant::I3, what));
        }
    }
}

/// A row that ended must have had an end, and one that is open must not be stuck.
fn check_row(evidence: &Evidence, row: &Row<'_>, findings: &mut Vec<Finding>) {
    let mut wrong = |what: &str| {
        findings.push(Finding::new(Invariant::I3, format!("the outbox row {} {what}", row.id)));
    };
    if row.risen {
        wrong("was written again after it had ended");
    }
    let expired = row.ended_at.is_some_and(|at| at >= row.last.expires_at);
    let refused = row.refused_at().is_some();
    if row.last.parts.contains(&PartState::Failed) && !refused && !row.receipt && !expired {
        wrong("failed, and neither a verdict nor a receipt said so");
    }
    if row.ended_at.is_some() && !expired && row.verdicts.is_empty() && !row.receipt {
        wrong("was dropped before the SMSC had said anything of it");
    }
    if row.ended_at.is_some() {
        return;
    }
    let Some(until) = quiet_until(evidence, row.made_at) else { return };
    if row.last.expires_at > until && row.last.body == Body::Awaited {
        wrong("still waits for its password");
    }
    if row.last.parts.contains(&PartState::Sending) {
        wrong("is still marked as about to leave");
    }
}

/// The end of the quiet time, where the moment lies well before it.
fn quiet_until(evidence: &Evidence, moment: Timestamp) -> Option<Timestamp> {
    let (_, until) = evidence.quiet?;
    let settled = moment.checked_add(SLACK).is_ok_and(|settled| settled < until);
    settled.then_some(until)
}

/// Whether each part of a row must have reached the SMSC by now.
fn must_have_left(evidence: &Evidence, row: &Row<'_>) -> bool {
    let Some((since, until)) = evidence.quiet else { return false };
    let given_up = row.last.parts.contains(&PartState::Failed)
        || row.resent >= RESENDS_MAX
        || (row.is_careful() && row.uncertain())
        || row.last.body == Body::Awaited;
    let end = row.ended_at.unwrap_or(until);
    if given_up || end >= row.last.expires_at || (row.ended_at.is_some() && row.refused_at().is_some()) {
        return false;
    }
    let retried_at = row.refused_at().and_then(|refused_at| {
        let tries = usize::from(row.last.attempts.saturating_sub(1));
        refused_at.checked_add(*RETRIES.get(tries).or(RETRIES.last())?).ok()
    });
    let due = [Some(row.made_at), Some(since), row.last.not_before, retried_at].into_iter().flatten().max();
    due.and_then(|due| due.checked_add(SLACK).ok()).is_some_and(|due| due < until)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
