//! `tongdai key new FILE`.

use anyhow::anyhow;
use vault::MasterKey;

use crate::cli::{KeyArgs, KeyCommand};
use crate::exit::Exit;

/// Makes a key.
#[allow(clippy::print_stderr, reason = "tells a person at a terminal what was done")]
pub(crate) fn run(arguments: &KeyArgs) -> Result<(), Exit> {
    let KeyCommand::New { file } = &arguments.command;
    MasterKey::write_new(file).map_err(|error| Exit::Failed(anyhow!(error)))?;
    eprintln!(
        "wrote {}; keep a copy apart from the store: without it nobody can read the store",
        file.display()
    );
    Ok(())
}
