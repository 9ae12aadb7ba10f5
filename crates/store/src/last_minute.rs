//! The last minute of the journal before a stop, as a start reads it. A busy minute has millions of messages: the turns
//! whose writes the records have are read beside all else that a start does.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use model::journal::TurnOutline;
use vault::Sealer;

use crate::error::OpenError;
use crate::opening::{decode_turn, open_turn};
use crate::recovery::{Marks, Recovery};

/// Older messages are dropped whenever so many were read: some tens of megabytes.
const TRIM_AT: usize = 1_000_000;

/// Turns that may wait to be read. The longest has a segment.
const WAITING_MAX: usize = 4;

/// What was read so far.
#[derive(Debug)]
pub(crate) struct LastMinute {
    pub(crate) recovery: Recovery,
    /// Of turns whose writes the records have.
    pub(crate) marks: Marks,
    trim_at: usize,
}

impl Default for LastMinute {
    fn default() -> Self {
        Self { recovery: Recovery::default(), marks: Marks::default(), trim_at: TRIM_AT }
    }
}

impl LastMinute {
    /// Remembers what a turn received; the next comes later.
    pub(crate) fn note(&mut self, turn: &TurnOutline) {
        self.recovery.note(turn);
        // A rebuild reads the whole journal; only its last minute is wanted.
        if self.recovery.recent.len() >= self.trim_at {
            self.recovery.keep_recent();
            self.trim_at = TRIM_AT.max(2 * self.recovery.recent.len());
        }
    }
}

/// Reads turns on a thread of its own.
#[derive(Debug)]
pub(crate) struct MinuteReader {
    turns: SyncSender<(u64, Vec<u8>)>,
    thread: JoinHandle<Result<LastMinute, OpenError>>,
}

impl MinuteReader {
    /// Starts the thread, which ends when this is finished or dropped.
    pub(crate) fn start(sealer: Sealer) -> io::Result<Self> {
        let (turns, turns_in) = sync_channel(WAITING_MAX);
        let work = move || read(&sealer, &turns_in);
        let thread = thread::Builder::new().name("last-minute".into()).spawn(work)?;
        Ok(Self { turns, thread })
    }

    /// Takes the record of a turn, as it was sealed.
    pub(crate) fn take(&self, sequence: u64, payload: &[u8]) {
        // Where the thread has ended early, `finish` says why.
        let _ = self.turns.send((sequence, payload.to_vec()));
    }

    /// What the turns came to, once all are read.
    pub(crate) fn finish(self) -> Result<LastMinute, OpenError> {
        drop(self.turns);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn read(sealer: &Sealer, turns: &Receiver<(u64, Vec<u8>)>) -> Result<LastMinute, OpenError> {
    let mut minute = LastMinute::default();
    for (sequence, mut payload) in turns {
        let outline: TurnOutline = decode_turn(sequence, open_turn(sealer, sequence, &mut payload)?)?;
        minute.marks.add(outline.at, sequence);
        minute.note(&outline);
    }
    Ok(minute)
}
