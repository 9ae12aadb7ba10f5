//! Broken services files: each file in `broken/` says in its head where `check` tells its mistake, or each of several.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

fn read(name: &str) -> (String, String) {
    (name.to_owned(), fs::read_to_string(folder().join(name)).unwrap())
}

/// What stands behind `# key: ` in the head of a file.
fn head<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    heads(text).find(|(known, _)| *known == key).map(|(_, value)| value)
}

/// The lines `# key: value` in the head of a file.
fn heads(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    comments.filter_map(|line| line.strip_prefix("# ")?.split_once(": "))
}

/// What the head says is told: place and message, and the help where the next line names it.
fn told(text: &str) -> Vec<(&str, &str, &str)> {
    let mut told = Vec::new();
    for (key, value) in heads(text) {
        match key {
            "error" => {
                let (place, message) = value.split_once(' ').unwrap();
                told.push((place, message, ""));
            }
            "help" => told.last_mut().unwrap().2 = value,
            _ => {}
        }
    }
    told
}

/// What differs from what the file's head says.
fn difference(name: &str) -> Option<String> {
    let file = read(name);
    let mut files: Vec<_> = head(&file.1, "beside").map(read).into_iter().collect();
    files.push(file.clone());
    let report = routing::check(&files);
    let rendered = report.render(false);
    let expected = told(&file.1);
    let missing = expected.iter().find(|(place, message, help)| {
        let found = report.diagnostics.iter().any(|finding| {
            format!("{}:{}", finding.line, finding.column) == *place
                && finding.file == name
                && finding.message.contains(message)
                && finding.help.as_deref().unwrap_or_default().contains(help)
        });
        !(found && rendered.contains(&format!("[{name}:{place}]")))
    });
    if let Some((place, message, help)) = missing {
        return Some(format!("{name}: expected {place} {message} ({help})\n{rendered}"));
    }
    (expected.is_empty() || report.exit_code() != 78).then(|| format!("{name}: no error\n{rendered}"))
}

#[test]
fn each_mistake_is_told_at_its_line_and_column() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "sound.toml")
        .collect();
    names.sort();
    assert!(names.len() >= 25, "{} files", names.len());
    let differences: Vec<String> = names.iter().filter_map(|name| difference(name)).collect();
    assert!(differences.is_empty(), "{} of {}\n{}", differences.len(), names.len(), differences.join("\n"));
}

#[test]
fn the_file_that_they_are_made_of_is_sound() {
    let report = routing::check(&[read("sound.toml")]);
    assert!(report.diagnostics.is_empty(), "{}", report.render(false));
}
