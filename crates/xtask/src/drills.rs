//! Drills: programs of the harness that do to a daemon what should never happen to one (docs/RELIABILITY.md).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo;

/// The build of drills and armed daemons, in a folder of its own.
const PROFILE: &str = "drill";

/// The rest of the command line.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The drill's own arguments, as its `--help` tells.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

/// Runs the drill `name`, which needs no daemon.
pub(crate) fn simulated(root: &Path, name: &str, arguments: &Arguments) -> Result<Vec<String>> {
    drill(root, name, None, arguments)
}

/// Runs the drill `name` against a daemon with its points armed.
pub(crate) fn real(root: &Path, name: &str, arguments: &Arguments) -> Result<Vec<String>> {
    let daemon = build_armed(root)?;
    drill(root, name, Some(&daemon), arguments)
}

fn drill(root: &Path, name: &str, daemon: Option<&Path>, arguments: &Arguments) -> Result<Vec<String>> {
    let mut run = cargo::command(root);
    run.args([
        "run",
        "--locked",
        "--profile",
        PROFILE,
        "--package",
        "tongdai-harness",
        "--features",
        "failpoints",
    ]);
    run.args(["--bin", name, "--"]);
    if let Some(daemon) = daemon {
        run.arg("--tongdai").arg(daemon);
    }
    let status = run.args(&arguments.rest).status().context("cargo run does not start")?;
    // What went wrong was told by the drill.
    Ok(if status.success() { Vec::new() } else { vec![format!("{name}: {status}")] })
}

/// Builds a daemon that ends where `TONGDAI_KILL_AT` says; its place says that it is not the one that serves.
fn build_armed(root: &Path) -> Result<PathBuf> {
    cargo::build(root, &["--profile", PROFILE, "--package", "tongdai", "--features", "failpoints"])?;
    Ok(cargo::target(root).join(PROFILE).join("tongdai"))
}
