//! The virtual handsets: what each has received, and what it waits for.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use model::Redacted;
use serde::Serialize;

use crate::{ledger::MessageRef, message::digits};

/// Texts kept for one handset; a person reads the last few, a test reads as they come.
pub const INBOX_MAX: usize = 100;
/// Messages of one handset that may wait for a reply; beyond that the oldest is taken for never answered.
pub const AWAITING_MAX: usize = 100;
/// Handsets of one simulator: a number of its own for each message of a long load, at some 600 octets each.
pub const HANDSETS_MAX: usize = 2_000_000;

/// A whole text that a handset has received.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Received {
    /// Counts up over all handsets; ask for what came after it.
    pub cursor: u64,
    /// The short code or service number that sent it.
    pub from: String,
    /// The text.
    pub text: Redacted<String>,
    /// submit_sm that carried it.
    pub parts: usize,
    /// Its data_coding.
    pub data_coding: u8,
    /// Whether a receipt was asked for.
    pub registered_delivery: bool,
    /// When its last part came.
    pub at: Timestamp,
    /// The message that it answers: the oldest of this handset to that number that had no answer.
    pub answers: Option<MessageRef>,
    /// Milliseconds from that message to this text.
    pub after_ms: Option<f64>,
}

/// Which handset; an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandsetId(u32);

/// One handset.
#[derive(Debug, Default)]
pub(crate) struct Handset {
    /// E.164 digits.
    pub(crate) number: Redacted<String>,
    /// The reference of its last message of several parts.
    pub(crate) reference: u16,
    /// The last texts, oldest first.
    pub(crate) inbox: VecDeque<Received>,
    /// Its messages without an answer, oldest first.
    pub(crate) awaiting: VecDeque<MessageRef>,
}

/// All handsets, found by any form of number that they were written with.
#[derive(Default)]
pub(crate) struct Handsets {
    by_number: HashMap<String, HandsetId>,
    phones: Vec<Handset>,
}

impl std::fmt::Debug for Handsets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Handsets({})", self.phones.len())
    }
}

impl Handsets {
    /// The handset of a number as written, if it is known.
    pub(crate) fn find(&self, number: &str) -> Option<HandsetId> {
        self.by_number.get(number).or_else(|| self.by_number.get(digits(number).as_str())).copied()
    }

    /// The handset of a number, made where it is new; `None` where there are [`HANDSETS_MAX`].
    pub(crate) fn find_or_make(&mut self, number: &str) -> Option<HandsetId> {
        if let Some(id) = self.find(number) {
            return Some(id);
        }
        if self.phones.len() >= HANDSETS_MAX {
            return None;
        }
        let id = HandsetId(u32::try_from(self.phones.len()).ok()?);
        let number = digits(number);
        self.by_number.insert(number.clone(), id);
        self.phones.push(Handset { number: Redacted(number), ..Handset::default() });
        Some(id)
    }

    /// Files the handset under another way to write its number, as a peer may answer to it.
    pub(crate) fn alias(&mut self, id: HandsetId, written: &str) {
        if !self.by_number.contains_key(written) && self.by_number.len() < 2 * HANDSETS_MAX {
            self.by_number.insert(written.to_owned(), id);
        }
    }

    pub(crate) fn get(&self, id: HandsetId) -> Option<&Handset> {
        self.phones.get(usize::try_from(id.0).ok()?)
    }

    pub(crate) fn get_mut(&mut self, id: HandsetId) -> Option<&mut Handset> {
        self.phones.get_mut(usize::try_from(id.0).ok()?)
    }
}

impl Handset {
    /// Puts a text into the inbox; the oldest goes where there is no room.
    pub(crate) fn receive(&mut self, received: Received) {
        if self.inbox.len() >= INBOX_MAX {
            self.inbox.pop_front();
        }
        if self.inbox.is_empty() {
            // A load has a million handsets with one text each.
            self.inbox.reserve_exact(1);
        }
        self.inbox.push_back(received);
    }

    pub(crate) fn wait_for_answer(&mut self, message: MessageRef) {
        if self.awaiting.len() >= AWAITING_MAX {
            self.awaiting.pop_front();
        }
        self.awaiting.push_back(message);
    }

    /// The texts after a cursor, oldest first.
    pub(crate) fn after(&self, cursor: u64) -> impl Iterator<Item = &Received> {
        self.inbox.iter().filter(move |received| received.cursor > cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handset_is_found_however_its_number_is_written() {
        let mut handsets = Handsets::default();
        let id = handsets.find_or_make("+84905123456").unwrap();
        handsets.alias(id, "0905123456");
        for written in ["84905123456", "+84 905 123 456", "0084905123456", "0905123456"] {
            assert_eq!(handsets.find(written), Some(id), "{written}");
        }
        assert_eq!(handsets.find("84905123457"), None);
        assert_eq!(handsets.get(id).unwrap().number.0, "84905123456");
    }
}
