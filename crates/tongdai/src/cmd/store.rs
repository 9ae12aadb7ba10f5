//! `tongdai store verify`.

use anyhow::anyhow;
use store::Report;

use crate::cli::{StoreArgs, StoreCommand};
use crate::cmd::run::read_key;
use crate::daemon::open_exit;
use crate::exit::Exit;
use crate::output;

/// Verifies a store. Exit 1 where it found damage.
pub(crate) fn run(arguments: &StoreArgs) -> Result<(), Exit> {
    let StoreCommand::Verify { data, key_file, json } = &arguments.command;
    let key = read_key(key_file.as_deref())?;
    let mut entries = std::fs::read_dir(data).map_err(|error| Exit::unreadable_file(data, error))?;
    if entries.next().is_none() {
        return Err(Exit::Failed(anyhow!("{} is empty: there is no store", data.display())));
    }
    let report = store::verify(data, &key).map_err(|error| open_exit(data, error))?;
    if *json {
        output::print_line(object(&report))?;
    } else {
        output::print_line(&report)?;
    }
    if report.faults.is_empty() { Ok(()) } else { Err(Exit::No) }
}

fn object(report: &Report) -> serde_json::Value {
    serde_json::json!({
        "generation": report.generation,
        "checkpoint": report.checkpoint,
        "segments": report.segments,
        "turns": report.turns,
        "records": report.records,
        "open_entries": report.open_entries,
        "changes": report.changes,
        "secrets": report.secrets,
        "faults": report.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
