//! What can be wrong with services files beyond their form: rules, texts, tests, and one file against another.

mod mistakes;
mod overlap;
mod roles;
mod templates;
mod tests;

use std::collections::BTreeMap;

use crate::compile::{self, Compiled, Out};
use crate::file::File;
use crate::report::Report;
use crate::rules::Rules;

/// Checks services files, given as (name or path, text).
#[must_use]
pub fn check<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Report {
    load(files).1
}

/// The compiled rules with everything that was found.
pub(crate) fn load<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> (Rules, Report) {
    let mut report = Report::default();
    let compiled = compile::files(files, &mut report);
    duplicates(&compiled, &mut report);
    for (name, file, compiled) in &compiled {
        let mut out = Out { name, report: &mut report };
        overlap::check(file, &compiled.grammar, &mut out);
        templates::check(file, &mut out);
        roles::check(file, &compiled.service, &mut out);
        mistakes::check(file, &compiled.grammar, &compiled.service, &mut out);
    }
    let (files, compiled): (Vec<_>, Vec<_>) =
        compiled.into_iter().map(|(name, file, compiled)| ((name, file), compiled)).unzip();
    let rules = Rules::assemble(compiled);
    // A test says nothing about rules that are not what they should be.
    if !report.is_error() {
        for (name, file) in &files {
            tests::run(file, &rules, &mut Out { name, report: &mut report });
        }
    }
    (rules, report)
}

/// A service's name and its numbers belong to one file.
fn duplicates(compiled: &[(String, File, Compiled)], report: &mut Report) {
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, file, compiled) in compiled {
        let id = &file.service.id;
        if let Some(other) = ids.insert(id.get_ref(), name) {
            report.error(name, id.span(), format!("\"{}\" stands in {other} as well", id.get_ref()), None);
        }
        for (number, written) in compiled.service.numbers.iter().zip(&file.service.numbers) {
            if let Some(other) = numbers.insert(number, name) {
                let message = format!("the number {number} is answered by {other} as well");
                report.error(name, written.span(), message, None);
            }
        }
    }
}
