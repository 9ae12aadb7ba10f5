//! What came of all cases, for people.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use crate::case::{Case, End, Report};

/// Findings that are printed in full.
const SHOWN_MAX: usize = 30;

/// Of so many runs one may have fewer steps than the run that was counted: threads race. Where more have, the steps
/// are not the same ones, and the cases show less than their number says.
const RUNS_PER_NOT_REACHED: usize = 10;

/// How a fault ended, and how often: with the first case.
type Ends = BTreeMap<(String, End), (usize, String)>;

/// Counts by place and end, and all findings.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    runs: usize,
    /// Runs that ended before their step.
    not_reached: usize,
    repeated: usize,
    /// By what failed.
    ends: BTreeMap<String, Ends>,
    findings: Vec<String>,
    /// How to look at what was found.
    again: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, case: &Case, report: Result<Report>) {
        self.runs += 1;
        let findings = self.findings.len();
        let mut home = None;
        match report {
            Ok(report) => {
                self.repeated += report.repeated;
                self.not_reached += usize::from(report.end == End::NotReached);
                let place = report.place;
                home = report.home;
                self.findings
                    .extend(report.findings.iter().map(|finding| format!("{case} {place}: {finding}")));
                let key = (case.fault.to_string(), report.end);
                let end =
                    self.ends.entry(place).or_default().entry(key).or_insert_with(|| (0, case.to_string()));
                end.0 += 1;
            }
            Err(error) => self.findings.push(format!("{case}: {error:#}")),
        }
        if self.findings.len() > findings {
            let home = home.map_or_else(String::new, |home| format!("home: {}; ", home.display()));
            self.again.push(format!("{home}again: cargo xtask io-errors --only {case}"));
        }
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs
    }

    pub(crate) fn findings(&self) -> usize {
        self.findings.len()
    }

    pub(crate) fn is_good(&self) -> bool {
        self.runs > 0 && self.findings.is_empty() && self.not_reached * RUNS_PER_NOT_REACHED <= self.runs
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
        for again in self.again.iter().take(SHOWN_MAX) {
            writeln!(f, "{again}")?;
        }
        let Self { runs, not_reached, repeated, findings, .. } = self;
        writeln!(f, "{not_reached} of {runs} cases ended before their step; more than a tenth is too much")?;
        write!(
            f,
            "{runs} cases, {} findings; {repeated} texts came twice or more, as their fate was unknown",
            findings.len()
        )
    }
}
