//! The tests that a file brings with it.

use jiff::Timestamp;
use serde_json::Value;

use crate::compile::Out;
use crate::file::File;
use crate::json;
use crate::rules::Rules;

/// The moment of a test that names none: 3 August 2026, 09:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_785_747_600, 0);

pub(super) fn run(file: &File, rules: &Rules, out: &mut Out<'_>) {
    let Some(number) = file.service.numbers.first() else { return };
    for test in &file.test {
        let now = match &test.now {
            None => Some(NOW),
            Some(now) => out.read(now, now.get_ref().parse(), "write a moment as 2026-08-03T09:00:00+02:00"),
        };
        let Some(now) = now else { continue };
        let Some(got) = rules.interpret(number.get_ref(), test.text.get_ref(), now) else { continue };
        let mut got = json(&got);
        if let Value::Object(map) = &mut got {
            map.remove("service");
        }
        if serde_json::to_value(&test.expect).is_ok_and(|expect| expect == got) {
            out.report.counts.tests_passed += 1;
        } else {
            out.report.counts.tests_failed += 1;
            let expect = serde_json::to_string(&test.expect).unwrap_or_default();
            out.error(&test.text, format!("test failed: expected {expect}, got {got}"), None);
        }
    }
}
