//! The life of each outgoing message, as the journal tells it.

use std::collections::BTreeMap;

use codec::segment::{Profile, segment};
use jiff::Timestamp;
use model::journal::Entry;
use model::outbox::{Body, OutboxEntry, PartState};
use model::outcome::Class;
use model::{Key, OutboxId, Record};

use super::{Books, digits_of};

/// One outgoing message.
pub(super) struct Row<'a> {
    pub(super) id: OutboxId,
    pub(super) made_at: Timestamp,
    /// As it was written last.
    pub(super) last: &'a OutboxEntry,
    /// Times that were counted.
    pub(super) resent: u32,
    /// When it was deleted.
    pub(super) ended_at: Option<Timestamp>,
    /// Written again after it was deleted.
    pub(super) risen: bool,
    /// By part: when, and the status.
    pub(super) verdicts: Vec<(u8, Timestamp, Option<u32>)>,
    /// Whether a final receipt named it.
    pub(super) receipt: bool,
}

/// What tells one submit_sm from another: sender, receiver and octets.
pub(super) type Wire = (String, String, Vec<u8>);

impl Row<'_> {
    /// From whom and to whom.
    pub(super) fn way(&self) -> (String, String) {
        (digits_of(&self.last.source), digits_of(&self.last.destination))
    }

    /// What must appear on the wire, part by part; none of a text that is sealed or not drawn yet.
    pub(super) fn wires(&self) -> Vec<Wire> {
        let Body::Text(text) = &self.last.body else { return Vec::new() };
        let (from, to) = self.way();
        let pieces = segment(text, u16::from(self.last.reference), Profile::default());
        pieces.into_iter().map(|piece| (from.clone(), to.clone(), piece.short_message.to_vec())).collect()
    }

    /// Whether the SMSC said that it took a part.
    pub(super) fn accepted(&self, part: usize) -> bool {
        self.verdicts.iter().any(|(of, _, status)| usize::from(*of) == part && *status == Some(0))
            || matches!(self.last.parts.get(part), Some(PartState::Accepted { .. }))
    }

    /// The last refusal of any part.
    pub(super) fn refused_at(&self) -> Option<Timestamp> {
        let refusals = self.verdicts.iter().filter(|(_, _, status)| status.is_some_and(|status| status != 0));
        refusals.map(|(_, at, _)| *at).max()
    }

    /// Whether a part was given up because nobody knows its fate.
    pub(super) fn uncertain(&self) -> bool {
        self.verdicts.iter().any(|(_, _, status)| status.is_none())
    }

    /// Whether it is never sent on a guess.
    pub(super) fn is_careful(&self) -> bool {
        matches!(self.last.class, Class::Charged | Class::Legal | Class::Bulk)
    }
}

/// All outgoing messages, in the order in which they were made.
pub(super) fn read(books: &Books) -> BTreeMap<OutboxId, Row<'_>> {
    let mut rows: BTreeMap<OutboxId, Row<'_>> = BTreeMap::new();
    for (_, turn) in &books.turns {
        for entry in &turn.entries {
            note(&mut rows, entry, turn.at);
        }
        for (key, record) in &turn.writes {
            let Key::Outbox(id) = key else { continue };
            match record.as_deref() {
                Some(Record::Outbox(entry)) => write(&mut rows, *id, entry, turn.at),
                _ => {
                    if let Some(row) = rows.get_mut(id) {
                        row.ended_at.get_or_insert(turn.at);
                    }
                }
            }
        }
    }
    rows
}

fn note(rows: &mut BTreeMap<OutboxId, Row<'_>>, entry: &Entry, at: Timestamp) {
    match entry {
        Entry::Verdict { outbox, part, status } => {
            if let Some(row) = rows.get_mut(outbox) {
                row.verdicts.push((*part, at, *status));
            }
        }
        Entry::Receipt { outbox: Some(outbox), state: Some(_), .. } => {
            if let Some(row) = rows.get_mut(outbox) {
                row.receipt = true;
            }
        }
        _ => {}
    }
}

fn write<'a>(
    rows: &mut BTreeMap<OutboxId, Row<'a>>,
    id: OutboxId,
    entry: &'a OutboxEntry,
    made_at: Timestamp,
) {
    let row = rows.entry(id).or_insert(Row {
        id,
        made_at,
        last: entry,
        resent: 0,
        ended_at: None,
        risen: false,
        verdicts: Vec::new(),
        receipt: false,
    });
    row.risen |= row.ended_at.is_some();
    row.last = entry;
    row.resent = row.resent.max(u32::from(entry.resent));
}
