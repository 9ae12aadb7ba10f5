//! Runs the fuzz targets under libFuzzer, one after the other, and says what came of it (docs/FUZZING.md).
//!
//! What a run finds interesting is kept in `target/fuzz/corpus`, where the next run begins.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

/// The drivers, below the repository.
const DRIVERS: &str = "crates/fuzz/libfuzzer";
/// The committed corpora, below the repository.
const CORPORA: &str = "crates/fuzz/corpus";

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// Minutes for each target.
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Only this target; all where it is left out.
    #[arg(long)]
    target: Option<String>,
}

/// Fuzzes; a finding is an input on which a target fails.
pub(crate) fn run(root: &Path, options: &Options) -> Result<Vec<String>> {
    let targets = targets(root, options.target.as_deref())?;
    let mut outcomes = Vec::new();
    for target in targets {
        println!("{target}: {} min, see target/fuzz/{target}.log", options.minutes);
        outcomes.push(fuzz(root, target, options.minutes)?);
    }
    println!("\n{:<14} {:>12} {:>7} {:>9} {:>6}", "target", "executions", "edges", "new units", "found");
    for outcome in &outcomes {
        println!("{outcome}");
    }
    Ok(outcomes.iter().filter_map(Outcome::finding).collect())
}

/// The names of the drivers, or the one that was asked for.
fn targets(root: &Path, only: Option<&str>) -> Result<Vec<String>> {
    let folder = root.join(DRIVERS).join("targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        names.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.retain(|name| only.is_none_or(|only| only == name));
    names.sort();
    ensure!(!names.is_empty(), "there is no target {}", only.unwrap_or_default());
    Ok(names)
}

fn fuzz(root: &Path, target: String, minutes: u32) -> Result<Outcome> {
    let work = root.join("target/fuzz");
    let (corpus, found) = (work.join("corpus").join(&target), work.join("found"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let log = work.join(format!("{target}.log"));
    let file = File::create(&log).with_context(|| log.display().to_string())?;
    let mut command = driver(root, &target);
    // New units go to the first folder; those of the others are read.
    command.arg(&corpus).arg(root.join(CORPORA).join(&target)).arg("--");
    command.arg(format!("-max_total_time={}", u64::from(minutes) * 60));
    // A minute for one input: a busy machine was seen to stand still for 20 s.
    command.args(["-print_final_stats=1", "-timeout=60", "-rss_limit_mb=2048", "-max_len=16384"]);
    command.arg(format!("-artifact_prefix={}/{target}-", found.display()));
    let words = root.join(DRIVERS).join("words").join(format!("{target}.txt"));
    if words.exists() {
        command.arg(format!("-dict={}", words.display()));
    }
    let status = command.stdout(file.try_clone()?).stderr(file).status().context("rustup does not start")?;
    let log = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let outcome = Outcome::read(target, &log);
    ensure!(
        status.success() || outcome.artifact.is_some(),
        "{} was not fuzzed, see target/fuzz/{0}.log; it needs `rustup toolchain install nightly` and \
         `cargo install cargo-fuzz`",
        outcome.target
    );
    Ok(outcome)
}

/// The driver of a target. The crates are without unsafe code of their own, so no sanitizer slows it down.
fn driver(root: &Path, target: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", "run", "--sanitizer", "none", "--fuzz-dir", DRIVERS]);
    command.args(["--target-dir", "target/fuzz/build", target]).current_dir(root);
    command
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    target: String,
    executions: u64,
    edges: u64,
    new_units: u64,
    /// The input on which the target failed.
    artifact: Option<PathBuf>,
}

impl Outcome {
    /// Reads what libFuzzer wrote.
    fn read(target: String, log: &str) -> Self {
        let number = |text: &str| text.split_whitespace().next().and_then(|word| word.parse().ok());
        let stat = |name: &str| log.rsplit_once(name).and_then(|(_, rest)| number(rest)).unwrap_or(0);
        Self {
            target,
            executions: stat("stat::number_of_executed_units:"),
            edges: stat(" cov: "),
            new_units: stat("stat::new_units_added:"),
            artifact: log
                .rsplit_once("Test unit written to ")
                .map(|(_, rest)| rest.lines().next().unwrap_or_default().into()),
        }
    }

    /// The input, and how to see it fail again.
    fn finding(&self) -> Option<String> {
        let (target, input) = (&self.target, self.artifact.as_ref()?.display());
        Some(format!(
            "{target}: fails on {input}; see it again with\n  cp {input} {CORPORA}/{target}/ && cargo test -p tongdai-fuzz \
             --test replay {target}"
        ))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, executions, edges, new_units, artifact } = self;
        let found = u8::from(artifact.is_some());
        write!(f, "{target:<14} {executions:>12} {edges:>7} {new_units:>9} {found:>6}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figures_and_the_input_that_failed_are_read() {
        let log = "#2\tINITED cov: 10 ft: 11 corp: 1/1b\n#9 NEW    cov: 1234 ft: 2000 corp: 5/9b\n\
                   Test unit written to /x/target/fuzz/found/pdu-crash-1\n\
                   stat::number_of_executed_units: 98765\nstat::new_units_added:         17\n";
        let outcome = Outcome::read("pdu".to_owned(), log);
        let artifact = Some(PathBuf::from("/x/target/fuzz/found/pdu-crash-1"));
        let expected =
            Outcome { target: "pdu".to_owned(), executions: 98_765, edges: 1234, new_units: 17, artifact };
        assert_eq!(outcome, expected);
        assert!(
            outcome.finding().is_some_and(|it| it.contains("cargo test -p tongdai-fuzz --test replay pdu"))
        );
        assert_eq!(Outcome::read("pdu".to_owned(), "").finding(), None);
    }
}
