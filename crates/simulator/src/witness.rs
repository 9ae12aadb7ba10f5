//! What an auditor needs beyond the books: every piece that was delivered and every submit_sm, octet by octet.

use codec::{CommandStatus, Sm};
use jiff::Timestamp;

use crate::ledger::MessageRef;

/// Pieces and submits that are kept; what comes beyond is not, and [`Testimony::overflowed`] says so. Some 500 octets
/// each.
pub const WITNESSED_MAX: usize = 1_000_000;

/// One piece of a message of a handset.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Whose.
    pub message: MessageRef,
    /// As it is delivered.
    pub sm: Sm,
    /// How often it was acknowledged with ESME_ROK.
    pub acknowledged: u32,
}

/// One submit_sm or data_sm.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// When it came.
    pub at: Timestamp,
    /// As it came.
    pub sm: Sm,
    /// What it was answered, or would have been.
    pub status: CommandStatus,
}

/// Everything that was witnessed, where [`crate::Exchanging::witness`] asks for it.
#[derive(Clone, Debug, Default)]
pub struct Testimony {
    /// In the order of sending.
    pub pieces: Vec<Piece>,
    /// In the order of coming.
    pub submits: Vec<Submitted>,
    /// Something was too much to keep.
    pub overflowed: bool,
}

impl Testimony {
    /// Keeps a piece; its place, where it was kept.
    pub(crate) fn piece(&mut self, message: MessageRef, sm: &Sm) -> Option<usize> {
        if self.is_full() {
            return None;
        }
        self.pieces.push(Piece { message, sm: sm.clone(), acknowledged: 0 });
        Some(self.pieces.len() - 1)
    }

    /// Counts an acknowledgement.
    pub(crate) fn acknowledged(&mut self, place: Option<usize>) {
        if let Some(piece) = place.and_then(|place| self.pieces.get_mut(place)) {
            piece.acknowledged += 1;
        }
    }

    /// Keeps a submit_sm.
    pub(crate) fn submit(&mut self, at: Timestamp, sm: &Sm, status: CommandStatus) {
        if !self.is_full() {
            self.submits.push(Submitted { at, sm: sm.clone(), status });
        }
    }

    fn is_full(&mut self) -> bool {
        self.overflowed |= self.pieces.len() + self.submits.len() >= WITNESSED_MAX;
        self.overflowed
    }
}
