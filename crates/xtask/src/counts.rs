//! Instructions and allocations of one message, counted and held against what was recorded: a slide is seen without
//! timing anything, on however busy a machine.

use std::fmt::{self, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo;

/// What was recorded, below the repository.
const RECORD: &str = "benches/counts.txt";

/// What `counts` can do, in the order of the record.
const CASES: [&str; 11] = [
    "deliver_sm-gsm7",
    "deliver_sm-ucs2",
    "deliver_sm-part",
    "submit_sm_resp",
    "submit_sm",
    "deliver_sm_resp",
    "routing-10-rules",
    "routing-10000-rules",
    "reading",
    "turn-64",
    "turn-256",
];

/// A count may be so much off before it is a finding: another compiler or C library makes a few per cent.
const SLACK: f64 = 0.10;
/// Less than this is no slide: half an allocation a message, or the instructions of one branch more.
const ALLOCATIONS_SLACK: f64 = 0.5;

/// The first lines of the record.
const HEADING: &str = "\
# Instructions and allocations of one message, as callgrind and a counting allocator see them on x86-64.
# Compared by `cargo xtask counts`; written by `cargo xtask counts --record`.
";

/// Whether to compare or to record.
#[derive(Args)]
pub(crate) struct Options {
    /// Write what is counted to benches/counts.txt.
    #[arg(long)]
    record: bool,
}

/// Counts, and compares or records.
pub(crate) fn run(root: &Path, options: &Options) -> Result<Vec<String>> {
    ensure!(cfg!(target_arch = "x86_64"), "the counts are recorded for x86-64");
    let folder = cargo::target(root).join("counts");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    // As what serves is built: what else would the counts be of?
    cargo::build(root, &["--quiet", "--release", "--package", "benches", "--bin", "counts"])?;
    let program = cargo::target(root).join("release/counts");
    let mut counts = Vec::new();
    for case in CASES {
        let count = count(&folder, &program, case)?;
        println!("{count}");
        counts.push(count);
    }
    let path = root.join(RECORD);
    if options.record {
        let lines: String = counts.iter().fold(String::from(HEADING), |mut text, count| {
            let _ = writeln!(text, "{count}");
            text
        });
        std::fs::write(&path, lines).with_context(|| path.display().to_string())?;
        return Ok(Vec::new());
    }
    let record = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let recorded = read(&record)?;
    Ok(compare(&recorded, &counts))
}

/// What one message costs in one case.
#[derive(Debug, Clone, PartialEq)]
struct Count {
    case: String,
    instructions: f64,
    allocations: f64,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<22} {:>9.0} {:>7.2}", self.case, self.instructions, self.allocations)
    }
}

/// Runs one case under callgrind. Only the thread that does the work is counted: sled's own come and go as they like.
/// What it found stays in `target/counts` for `callgrind_annotate`.
fn count(folder: &Path, program: &Path, case: &str) -> Result<Count> {
    let profile = folder.join(case);
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes", "--toggle-collect=counts::counted*"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .args([program.as_os_str(), case.as_ref()])
        .output()
        .context("valgrind does not start; it counts the instructions")?;
    ensure!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
    let first_thread = folder.join(format!("{case}-01"));
    let profile =
        std::fs::read_to_string(&first_thread).with_context(|| first_thread.display().to_string())?;
    let read = figures(case, &String::from_utf8_lossy(&output.stdout), &profile);
    read.with_context(|| format!("{case}: nothing was counted"))
}

/// The counts of one message, from what the program says and from callgrind's totals.
fn figures(case: &str, said: &str, profile: &str) -> Option<Count> {
    let mut said = said.split_whitespace().map(str::parse::<f64>);
    let (messages, allocations) = (said.next()?.ok()?, said.next()?.ok()?);
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "))?;
    let instructions = total.trim().parse::<f64>().ok().filter(|total| *total > 0.0)? / messages;
    Some(Count { case: case.to_owned(), instructions, allocations: allocations / messages })
}

fn read(record: &str) -> Result<Vec<Count>> {
    let lines = record.lines().filter(|line| !line.starts_with('#'));
    let counts = lines.map(|line| {
        let mut words = line.split_whitespace();
        let case = words.next()?.to_owned();
        let (instructions, allocations) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Count { case, instructions, allocations })
    });
    counts.collect::<Option<_>>().with_context(|| format!("{RECORD} has a line that is none of its own"))
}

/// What has become dearer, and what has become so much cheaper that the record would hide the way back.
fn compare(recorded: &[Count], counts: &[Count]) -> Vec<String> {
    let mut findings = Vec::new();
    for count in counts {
        let Some(before) = recorded.iter().find(|before| before.case == count.case) else {
            findings.push(format!("{}: is not recorded; cargo xtask counts --record", count.case));
            continue;
        };
        let pairs = [
            ("instructions", before.instructions, count.instructions, 0.0),
            ("allocations", before.allocations, count.allocations, ALLOCATIONS_SLACK),
        ];
        for (what, before, now, least) in pairs {
            let change = now - before;
            if change.abs() > (before * SLACK).max(least) {
                let advice = if change > 0.0 { "why?" } else { "better: cargo xtask counts --record" };
                findings.push(format!("{}: {before:.2} {what}, now {now:.2}; {advice}", count.case));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(instructions: f64, allocations: f64) -> Count {
        Count { case: "submit_sm".to_owned(), instructions, allocations }
    }

    #[test]
    fn what_is_recorded_is_read() {
        let record = format!("{HEADING}{}\n", count(683.0, 0.25));
        assert_eq!(read(&record).unwrap(), [count(683.0, 0.25)]);
        assert!(read("submit_sm 683\n").is_err());
    }

    #[test]
    fn figures_are_of_one_message() {
        let profile = "events: Ir\nsummary: 2560\n\ntotals: 2560\n";
        assert_eq!(figures("submit_sm", "256 64\n", profile), Some(count(10.0, 0.25)));
        assert_eq!(figures("submit_sm", "256 64\n", "totals: 0\n"), None);
        assert_eq!(figures("submit_sm", "", profile), None);
    }

    #[test]
    fn slides_and_great_gains_are_found_and_noise_is_not() {
        let before = [count(1000.0, 4.0)];
        assert_eq!(compare(&before, &[count(1099.0, 4.4)]), [""; 0]);
        assert_eq!(compare(&before, &[count(901.0, 3.6)]), [""; 0]);
        assert_eq!(compare(&[count(1000.0, 0.0)], &[count(1000.0, 0.02)]), [""; 0]);
        let found = compare(&before, &[count(1101.0, 5.0)]);
        assert!(found.len() == 2 && found.iter().all(|it| it.ends_with("why?")), "{found:?}");
        let found = compare(&before, &[count(899.0, 4.0)]);
        assert!(found.len() == 1 && found[0].ends_with("--record"), "{found:?}");
        assert_eq!(compare(&[], &before).len(), 1);
    }
}
