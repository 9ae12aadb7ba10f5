//! `tongdai store verify`.

use store::Report;

use crate::cli::{StoreArgs, StoreCommand};
use crate::cmd::run::read_key;
use crate::daemon::open_exit;
use crate::exit::Exit;

/// Verifies a store. Exit 1 where it found damage.
#[allow(clippy::print_stdout, reason = "the report is this command's output")]
pub(crate) fn run(arguments: &StoreArgs) -> Result<(), Exit> {
    let StoreCommand::Verify { data, key_file, json } = &arguments.command;
    let key = read_key(key_file.as_deref())?;
    let report = store::verify(data, &key).map_err(open_exit)?;
    if *json {
        println!("{}", object(&report));
    } else {
        println!("{report}");
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
        "secrets": report.secrets,
        "faults": report.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
