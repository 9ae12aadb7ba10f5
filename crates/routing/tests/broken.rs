//! Broken services files: each file in `broken/` has one mistake and says in its head where `check` tells it.

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
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    comments.filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(": ")).next()
}

/// What differs from what the file's head says.
fn difference(name: &str) -> Option<String> {
    let file = read(name);
    let (place, message) = head(&file.1, "error").unwrap().split_once(' ').unwrap();
    let help = head(&file.1, "help").unwrap_or_default();
    let (place, message, help) = (place.to_owned(), message.to_owned(), help.to_owned());
    let mut files: Vec<_> = head(&file.1, "beside").map(read).into_iter().collect();
    files.push(file);
    let report = routing::check(&files);
    let rendered = report.render(false);
    let told = report.diagnostics.iter().any(|finding| {
        format!("{}:{}", finding.line, finding.column) == place
            && finding.file == name
            && finding.message.contains(&message)
            && finding.help.as_deref().unwrap_or_default().contains(&help)
    });
    let shown = rendered.contains(&format!("[{name}:{place}]"));
    let sound = told && shown && report.exit_code() == 78;
    (!sound).then(|| format!("{name}: expected {place} {message} ({help})\n{rendered}"))
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
