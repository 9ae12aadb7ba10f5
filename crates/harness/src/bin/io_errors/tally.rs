//! What came of all cases, for people.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use crate::case::{Case, End, Report};

/// Findings that are printed in full.
const SHOWN_MAX: usize = 30;

/// How a fault ended, and how often: with the first case.
type Ends = BTreeMap<(String, End), (usize, String)>;

/// Counts by place and end, and all findings.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    runs: usize,
    repeated: usize,
    /// By what failed.
    ends: BTreeMap<String, Ends>,
    findings: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, case: &Case, report: Result<Report>) {
        self.runs += 1;
        match report {
            Ok(report) => {
                self.repeated += report.repeated;
                let place = report.place;
                self.findings
                    .extend(report.findings.iter().map(|finding| format!("{case} {place}: {finding}")));
                let key = (case.fault.to_string(), report.end);
                let end =
                    self.ends.entry(place).or_default().entry(key).or_insert_with(|| (0, case.to_string()));
                end.0 += 1;
            }
            Err(error) => self.findings.push(format!("{case}: {error:#}")),
        }
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs
    }

    pub(crate) fn findings(&self) -> usize {
        self.findings.len()
    }

    pub(crate) fn is_good(&self) -> bool {
        self.runs > 0 && self.findings.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, ends) in &self.ends {
            let told = |((fault, end), (count, first)): (&(String, End), &(usize, String))| {
                format!("{fault} {end:?} ×{count} ({first})")
            };
            let ends: Vec<String> = ends.iter().map(told).collect();
            writeln!(f, "{place:<28} {}", ends.join(", "))?;
        }
        for finding in self.findings.iter().take(SHOWN_MAX) {
            writeln!(f, "FINDING {finding}")?;
        }
        let Self { runs, repeated, findings, .. } = self;
        write!(
            f,
            "{runs} cases, {} findings; {repeated} texts came twice or more, as their fate was unknown",
            findings.len()
        )
    }
}
