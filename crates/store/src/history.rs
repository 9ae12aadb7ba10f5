//! Reading back all turns that a journal still holds: for a person, and for an auditor.

use std::path::Path;

use model::journal::Turn;
use vault::MasterKey;

use crate::disk::Disk;
use crate::error::OpenError;
use crate::journal::walk::Survey;
use crate::opening::read_turn;
use crate::verify::{open_seals, open_to_read};

/// Hands every turn that the journal in `dir` still holds to `visit`, the oldest first. Nothing is changed.
///
/// Fails where another process has the store open, the key is another store's, or a turn that was acknowledged
/// can't be read; what came before it was visited.
pub fn read_journal(dir: &Path, key: &MasterKey, visit: impl FnMut(u64, Turn)) -> Result<(), OpenError> {
    let (disk, _lock) = open_to_read(dir)?;
    read_journal_with(&disk, key, visit)
}

/// The same through the inner door, of a store that nobody has open.
pub fn read_journal_with(
    disk: &dyn Disk,
    key: &MasterKey,
    mut visit: impl FnMut(u64, Turn),
) -> Result<(), OpenError> {
    let (sentinel, sealer) = open_seals(disk, key)?;
    let survey = Survey::take(disk, sentinel.store()?)?;
    let Some(first) = survey.first_sequence() else { return Ok(()) };
    survey.walk(first, &mut |header, payload| {
        visit(header.sequence, read_turn(&sealer, header.sequence, payload)?);
        Ok(())
    })?;
    Ok(())
}
