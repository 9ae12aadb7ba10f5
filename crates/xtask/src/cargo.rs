//! Cargo as the tasks use it, and where it leaves what it built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The cargo that runs this task, in the repository.
pub(crate) fn command(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// Builds what `arguments` name.
pub(crate) fn build(root: &Path, arguments: &[&str]) -> Result<()> {
    let mut build = command(root);
    let status = build.args(["build", "--locked"]).args(arguments).status();
    let status = status.context("cargo build does not start")?;
    ensure!(status.success(), "it does not build: cargo build --locked {}", arguments.join(" "));
    Ok(())
}

/// The folder of what was built, with a folder for each profile.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
