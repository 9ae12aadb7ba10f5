//! How the simulated SMSC of a group behaves.

use std::collections::VecDeque;

use codec::{CommandStatus, Sm};

use crate::handset::Handsets;

/// What the SMSC does with a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Takes it and says so.
    Accept,
    /// Takes it and says nothing: the fate is uncertain.
    Silent,
    /// Takes it and keeps the response until it is told to release it.
    Hold,
}

/// The answer to one submit.
pub(crate) enum Reply {
    Now(CommandStatus, String),
    Never,
    /// The response is held back under this id.
    Later(String),
}

/// One SMSC: ids, moods, what it still owes.
#[derive(Debug)]
pub(crate) struct Smsc {
    pub(crate) mood: Mood,
    /// Statuses for the next submits, before any is taken.
    pub(crate) statuses: VecDeque<CommandStatus>,
    /// Responses name ids in hexadecimal, receipts in decimal.
    pub(crate) hexadecimal: bool,
    /// Messages that asked for a receipt, in order: id, and the message for its addresses.
    pub(crate) receipts: Vec<(u64, Sm)>,
    /// Ids for the next responses, before they are numbers again.
    pub(crate) ids: VecDeque<String>,
    /// Every submit, taken or refused.
    pub(crate) seen: Vec<Sm>,
    last_id: u64,
}

impl Default for Smsc {
    fn default() -> Self {
        Self {
            mood: Mood::Accept,
            statuses: VecDeque::new(),
            hexadecimal: false,
            receipts: Vec::new(),
            ids: VecDeque::new(),
            seen: Vec::new(),
            last_id: 1_000,
        }
    }
}

impl Smsc {
    /// Takes a submit.
    pub(crate) fn submit(&mut self, sm: &Sm, handsets: &mut Handsets) -> Reply {
        self.seen.push(sm.clone());
        if let Some(status) = self.statuses.pop_front() {
            return Reply::Now(status, String::new());
        }
        handsets.take(sm);
        self.last_id += 1;
        if sm.registered_delivery & 0x03 != 0 {
            self.receipts.push((self.last_id, sm.clone()));
        }
        let id = self.ids.pop_front().unwrap_or_else(|| match self.hexadecimal {
            true => format!("{:X}", self.last_id),
            false => self.last_id.to_string(),
        });
        match self.mood {
            Mood::Accept => Reply::Now(CommandStatus::ESME_ROK, id),
            Mood::Silent => Reply::Never,
            Mood::Hold => Reply::Later(id),
        }
    }
}
