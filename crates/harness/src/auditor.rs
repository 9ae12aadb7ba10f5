//! One checker of what must hold after any fault (I1 to I8 of docs/SIMULATION.md). It takes what the SMSC side saw
//! and what the books say, whether both come from the simulation or from real processes, and names what is wrong.

mod books;
mod evidence;
mod inbound;
mod outbound;
mod replay;
mod rows;
mod words;

use std::fmt;

use words::Words;

pub use books::Books;
pub use evidence::{Evidence, Part, Readings, Receipt, Resources, Sent, Submit, digits_of};

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// Every acknowledged message is in the journal.
    I1,
    /// Each message has exactly one effect, and the state is the replay of the journal.
    I2,
    /// Each outgoing message is sent, pending, dead or uncertain; what was due reached the SMSC.
    I3,
    /// An outgoing message reached the SMSC at most once, and once more for each time that was counted.
    I4,
    /// A receipt, a machine or our own number is never answered.
    I5,
    /// The store opens and is sound.
    I6,
    /// No personal data stands in the log.
    I7,
    /// Descriptors, tasks and memory are back where they were.
    I8,
    /// One citizen's words went to another, or were taken for another's.
    Mixed,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What does not hold.
    pub invariant: Invariant,
    /// What is wrong, in a sentence. The harness invents its citizens, so their numbers and texts may show.
    pub what: String,
}

impl Finding {
    /// A finding.
    pub fn new(invariant: Invariant, what: impl Into<String>) -> Self {
        Self { invariant, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Holds what the SMSC side saw against what the books say. Empty where everything is right.
pub fn audit(evidence: &Evidence, books: &Books) -> Vec<Finding> {
    let mut findings = Vec::new();
    inbound::check(evidence, books, &mut findings);
    outbound::check(evidence, books, &mut findings);
    replay::check(books, &mut findings);
    findings.extend(books.faults.iter().map(|fault| Finding::new(Invariant::I6, fault)));
    check_log(evidence, &mut findings);
    check_resources(evidence, &mut findings);
    findings
}

fn check_log(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let canaries: Vec<String> = evidence.canaries.iter().map(|canary| canary.to_ascii_lowercase()).collect();
    let canaries: Words<'_> = canaries.iter().map(String::as_str).collect();
    for (number, line) in evidence.log.iter().enumerate() {
        for canary in canaries.within(&line.to_ascii_lowercase()) {
            findings.push(Finding::new(
                Invariant::I7,
                format!("line {} of the log shows `{canary}`: {line}", number + 1),
            ));
        }
    }
}

fn check_resources(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(Resources { before, after, slack }) = evidence.resources else { return };
    let counts = [
        ("descriptors", before.descriptors, after.descriptors, slack.descriptors),
        ("tasks", before.tasks, after.tasks, slack.tasks),
        ("KiB of memory", before.resident_kib, after.resident_kib, slack.resident_kib),
    ];
    for (what, before, after, slack) in counts {
        if after > before + slack {
            findings.push(Finding::new(
                Invariant::I8,
                format!("{before} {what} before and {after} after, with {slack} allowed"),
            ));
        }
    }
}
