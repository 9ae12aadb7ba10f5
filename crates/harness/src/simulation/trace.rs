//! What happened, step by step: as a hash always, as lines where they were asked for.

use std::fmt::{Arguments, Write};
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub(super) struct Trace {
    hash: u64,
    line: String,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(super) fn new(keep: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, line: String::new(), lines: keep.then(Vec::new) }
    }

    /// Notes a step. FNV-1a over its words.
    pub(super) fn note(&mut self, now: Duration, what: Arguments<'_>) {
        self.line.clear();
        // Writing into a string does not fail.
        let _ = write!(self.line, "{:>12.6} {what}", now.as_secs_f64());
        for octet in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(self.line.clone());
        }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
