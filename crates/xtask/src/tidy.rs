//! The rules of style that a machine can check. There is no list of exceptions.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::code;

/// Lines of a function: what fits on a screen.
const FUNCTION_LINES_MAX: usize = 70;

/// Lines of a file, tests included: more is two subjects.
const FILE_LINES_MAX: usize = 600;

/// What must not be left lying about. Each is put together here so that this file does not find itself.
const MARKERS: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK"), concat!("#[ig", "nore")];

/// Folders with our sources.
const FOLDERS: [&str; 2] = ["crates", "benches"];

/// All findings for the repository at `root`, as `path:line: what`.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    let mut findings = Vec::new();
    for path in paths {
        let source = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        findings
            .extend(check_source(&source).into_iter().map(|(line, what)| format!("{shown}:{line}: {what}")));
    }
    Ok(findings)
}

/// The `*.rs` files under `folder`, without what builds leave behind.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type()?.is_dir() {
            if name != "target" && name != "node_modules" {
                collect(&path, paths)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// Line and description of each finding.
fn check_source(source: &str) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    let lines = source.lines().count();
    if lines > FILE_LINES_MAX {
        findings.push((FILE_LINES_MAX + 1, format!("the file has {lines} lines, at most {FILE_LINES_MAX}")));
    }
    for function in code::functions(source) {
        let lines = function.lines();
        if lines > FUNCTION_LINES_MAX {
            let what = format!("`{}` has {lines} lines, at most {FUNCTION_LINES_MAX}", function.name);
            findings.push((function.first, what));
        }
    }
    for (index, line) in source.lines().enumerate() {
        let markers = MARKERS.iter().filter(|marker| has_marker(line, marker));
        findings.extend(markers.map(|marker| (index + 1, format!("`{marker}` is left over"))));
    }
    findings
}

/// Whether `marker` stands in `line` as a word of its own.
fn has_marker(line: &str, marker: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(marker).any(|(at, _)| {
        !letter(line[..at].chars().next_back()) && !letter(line[at + marker.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    work();\n".repeat(lines - 2))
    }

    #[test]
    fn the_longest_function_and_file_pass_and_one_line_more_does_not() {
        assert_eq!(check_source(&function_of(FUNCTION_LINES_MAX)), []);
        let found = check_source(&function_of(FUNCTION_LINES_MAX + 1));
        assert_eq!(found, [(1, "`long` has 71 lines, at most 70".to_owned())]);
        assert_eq!(check_source(&"//\n".repeat(FILE_LINES_MAX)), []);
        assert_eq!(check_source(&"//\n".repeat(FILE_LINES_MAX + 1)).len(), 1);
    }

    #[test]
    fn markers_are_found_as_words() {
        for marker in MARKERS {
            let found = check_source(&format!("//\n// {marker}: later\n"));
            assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2], "{marker}");
        }
        assert_eq!(check_source(&format!("// {}S, SHACKLE\n", MARKERS[0])), []);
    }
}
