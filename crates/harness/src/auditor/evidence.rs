//! What the side of the SMSC knows: what it sent, what it saw acknowledged, what it received.

use std::collections::{BTreeMap, BTreeSet};

use codec::Sm;
use jiff::Timestamp;
use model::Address;
use model::outcome::FinalState;
use model::plan::{CZECHIA, NumberingPlan, Party, VIET_NAM};

/// Everything that the SMSC side saw.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Messages, one entry for each sender and text.
    pub sent: Vec<Sent>,
    /// Every submit_sm, in the order in which it came.
    pub submits: Vec<Submit>,
    /// Who may be written to, digits as in E.164, and the words that only he may read or write.
    pub citizens: BTreeMap<String, Vec<String>>,
    /// Our own numbers, digits only.
    pub own_numbers: BTreeSet<String>,
    /// Receipts that were handed over.
    pub receipts: Vec<Receipt>,
    /// Who was told that his command was carried out: the actor's name, one for each command.
    pub commands: Vec<String>,
    /// From when to when all binds stood, the SMSC took everything and nothing failed: what is due has left by the
    /// end of it. None where there was no such time; then nothing is demanded of what is still open.
    pub quiet: Option<(Timestamp, Timestamp)>,
    /// The log of the process, by line; none in the simulation.
    pub log: Vec<String>,
    /// What must not show in it, in capitals or not.
    pub canaries: Vec<String>,
    /// What a real process used.
    pub resources: Option<Resources>,
}

/// One text of one sender.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The bind group.
    pub group: String,
    /// The sender: digits as in E.164, or what stands in `source_addr` where that is no citizen.
    pub from: String,
    /// `destination_addr`, digits only.
    pub to: String,
    /// The whole text; empty where nobody can read it.
    pub text: String,
    /// What the SMSC handed over, in one piece or several.
    pub parts: Vec<Part>,
    /// How often he honestly sent it.
    pub times: u32,
    /// How often it may have been answered anew because it was handed over again after ten minutes (a look-up), or
    /// because a part was.
    pub again: u32,
    /// Whether each copy that runs is owed an answer.
    pub answered: bool,
    /// Whether he is a citizen, who may be answered at all.
    pub citizen: bool,
}

/// One piece of a message.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The user data behind the header.
    pub octets: Vec<u8>,
    /// How often ESME_ROK came back for it.
    pub acknowledged: u32,
}

impl Sent {
    /// How often ESME_ROK came back for all of it, at least.
    pub fn acknowledged(&self) -> u32 {
        self.parts.iter().map(|part| part.acknowledged).min().unwrap_or(0)
    }
}

/// One receipt.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The bind group over which it was sent.
    pub group: String,
    /// The id that it names.
    pub message_id: String,
    /// What it says, where that is the last word.
    pub state: Option<FinalState>,
    /// Its text.
    pub text: String,
}

/// One submit_sm.
#[derive(Debug, Clone)]
pub struct Submit {
    /// When it came.
    pub at: Timestamp,
    /// The bind group over which it came.
    pub group: String,
    /// As it came.
    pub sm: Sm,
    /// Whether the SMSC took it, said or not.
    pub taken: bool,
    /// The ids that the SMSC gave it, as its receipts spell them; none where receipts are not to be checked.
    pub message_ids: Vec<String>,
}

/// What a process used before and after, and by how much it may have grown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resources {
    /// At rest, before the load.
    pub before: Readings,
    /// At rest, after it.
    pub after: Readings,
    /// By how much more it may hold.
    pub slack: Readings,
}

/// One look at a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readings {
    /// Open file descriptors.
    pub descriptors: u64,
    /// Threads.
    pub tasks: u64,
    /// Resident memory.
    pub resident_kib: u64,
}

/// A number without `+`, and a citizen's in E.164 however an SMSC wrote it.
pub fn digits_of(address: &Address) -> String {
    let digits = address.digits.trim();
    let plans: [&NumberingPlan; 2] = [&VIET_NAM, &CZECHIA];
    let national = |plan: &&NumberingPlan| match plan.party(address) {
        Party::Citizen(citizen) => Some(citizen.as_str().to_owned()),
        _ => None,
    };
    match digits.strip_prefix('+') {
        Some(international) => international.to_owned(),
        None if address.ton == 1 => digits.to_owned(),
        None => plans.iter().find_map(national).unwrap_or_else(|| digits.to_owned()),
    }
}
