//! What can be wrong with services files beyond their form: rules, texts, tests.

use std::sync::Arc;

use model::Service;

use crate::compile;
use crate::report::Report;

/// Checks services files, given as (name or path, text).
#[must_use]
pub fn check<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Report {
    let mut report = Report::default();
    let _ = compile::files(files, &mut report);
    report
}

pub(crate) fn texts(_services: &[Arc<Service>], _report: &mut Report) {}
