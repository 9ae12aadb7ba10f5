//! The table of faults, docs/FAULTS.md: each row names the tests that show it, and they must be there.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

/// The page.
const PAGE: &str = "docs/FAULTS.md";

/// Families of faults with how many there are: a row for each, none forgotten.
const FAMILIES: [(&str, usize); 5] = [("F-", 33), ("H-", 28), ("A-", 13), ("I", 8), ("pain ", 25)];

/// The first cell of the row above the others.
const HEADING: &str = "id";

/// What a row says in place of a test where there is nothing to test.
const NOT_BUILT: &str = "not built";

/// All findings for the repository at `root`.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let page = std::fs::read_to_string(root.join(PAGE)).with_context(|| format!("{PAGE} is needed"))?;
    Ok(check_page(&page, |path| std::fs::read_to_string(root.join(path)).ok()))
}

fn check_page(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut told = BTreeSet::new();
    for (number, line) in (1..).zip(page.lines()) {
        let Some(row) = Row::read(line) else { continue };
        if !told.insert(row.id.to_owned()) {
            findings.push(format!("{PAGE}:{number}: {}: has a row above", row.id));
        }
        findings.extend(row.check(&read).map(|what| format!("{PAGE}:{number}: {}: {what}", row.id)));
    }
    let missing = ids().filter(|id| !told.contains(id));
    findings.extend(missing.map(|id| format!("{PAGE}: {id} has no row")));
    findings
}

fn ids() -> impl Iterator<Item = String> {
    FAMILIES.into_iter().flat_map(|(family, count)| {
        let width = if count < 10 { 1 } else { 2 };
        (1..=count).map(move |number| format!("{family}{number:0width$}"))
    })
}

/// `| id | what | shown by |`, where the last cell names places between backticks.
struct Row<'a> {
    id: &'a str,
    shown_by: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let (id, _, shown_by) = (cells.next()?, cells.next()?, cells.next()?);
        (id != HEADING).then_some(Self { id, shown_by })
    }

    fn check(&self, read: &impl Fn(&str) -> Option<String>) -> impl Iterator<Item = String> {
        let places: Vec<&str> = self.shown_by.split('`').skip(1).step_by(2).collect();
        let nothing = places.is_empty() && !self.shown_by.contains(NOT_BUILT);
        let broken = places.into_iter().filter_map(|place| missing(place, read));
        let broken: Vec<_> = broken.chain(nothing.then(|| "names no test".to_owned())).collect();
        broken.into_iter()
    }
}

/// What is missing of `path` or `path::function`, perhaps with modules between them.
fn missing(place: &str, read: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let (path, names) = place.split_once("::").map_or((place, None), |(path, names)| (path, Some(names)));
    let function = names.and_then(|names| names.rsplit("::").next());
    let Some(source) = read(path) else { return Some(format!("{path} is not there")) };
    let function = function.filter(|name| !source.contains(&format!("fn {name}(")))?;
    Some(format!("{path} has no test {function}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rows: &str) -> Vec<String> {
        let read = |path: &str| (path == "a.rs").then(|| "fn it_holds() {}".to_owned());
        let all = check_page(rows, read);
        all.into_iter().filter(|finding| !finding.ends_with("has no row")).collect()
    }

    #[test]
    fn a_row_names_tests_that_are_there() {
        assert_eq!(findings("| F-01 | kill -9 | `a.rs::it_holds`, `a.rs` |"), [""; 0]);
        assert_eq!(findings("| id | what is done | shown by |\n|---|---|---|"), [""; 0]);
        assert_eq!(findings("| A-11 | insider | not built: there is no console |"), [""; 0]);
    }

    #[test]
    fn what_is_not_there_is_found() {
        let found = findings("| F-01 | kill -9 | `a.rs::it_fails`, `b.rs` |\n| H-02 | lengths | somewhere |");
        assert_eq!(
            found,
            [
                "docs/FAULTS.md:1: F-01: a.rs has no test it_fails",
                "docs/FAULTS.md:1: F-01: b.rs is not there",
                "docs/FAULTS.md:2: H-02: names no test",
            ]
        );
    }

    #[test]
    fn a_second_row_is_found() {
        let row = "| F-01 | kill -9 | `a.rs::it_holds` |";
        assert_eq!(findings(&format!("{row}\n{row}")), ["docs/FAULTS.md:2: F-01: has a row above"]);
    }

    #[test]
    fn every_fault_has_a_row() {
        let all = check_page("", |_| None);
        assert_eq!(all.len(), 33 + 28 + 13 + 8 + 25);
        assert!(all.contains(&"docs/FAULTS.md: pain 07 has no row".to_owned()));
        assert!(all.contains(&"docs/FAULTS.md: I3 has no row".to_owned()));
    }
}
