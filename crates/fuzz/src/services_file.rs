//! Any text as a services file.

use std::sync::LazyLock;

use jiff::Timestamp;
use model::Service;
use model::template::Piece;
use routing::{Report, Rules, check};
use text::parts::measure;

use crate::input::Input;

/// Files that edits begin with.
static SOUND: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let small = include_str!("../../routing/tests/broken/sound.toml");
    let other = include_str!("../../../deploy/services/examples/stadtbuecherei.toml");
    let packs = Rules::builtin_files().iter().map(|(_, text)| *text);
    [small, other].into_iter().chain(packs).collect()
});

/// Octets below this choose a file and begin a list of edits; no file of text begins so.
const EDITS: u8 = 0x08;
const EDITS_MAX: usize = 8;

/// Checks a services file: the octets themselves, or a sound file with some edits.
///
/// - What `check` lets pass loads, and what it does not is refused; each finding lies in the file.
/// - Rules that load read any text and render each of their replies.
pub fn services_file(octets: &[u8]) {
    let text = match octets.first() {
        Some(first) if *first < EDITS => edited(&mut Input::new(octets)),
        _ => String::from_utf8_lossy(octets).into_owned(),
    };
    let files = [("fuzz.toml", text.as_str())];
    let report = check(&files);
    check_report(&report, &text);
    match Rules::load(&files) {
        Ok(rules) => {
            assert!(!report.is_error());
            for service in rules.services() {
                check_service(&rules, service, octets);
            }
        }
        Err(refused) => assert_eq!(refused.to_string(), report.to_string()),
    }
}

/// A sound file with lines dropped, doubled, exchanged, and replaced in part.
fn edited(input: &mut Input<'_>) -> String {
    let mut lines: Vec<String> = input.pick(&SOUND).lines().map(str::to_owned).collect();
    for _ in 0..EDITS_MAX {
        if input.is_empty() || lines.len() < 2 {
            break;
        }
        let (verb, at) = (input.octet() % 5, usize::from(input.u16()) % lines.len());
        let other = usize::from(input.octet()) % lines.len();
        match verb {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            3 => {
                // What stands behind `key = ` is replaced.
                let value = String::from_utf8_lossy(input.short()).into_owned();
                let key = lines[at].split_once('=').map_or("", |(key, _)| key).to_owned();
                lines[at] = if key.is_empty() { value } else { format!("{key}= {value}") };
            }
            _ => {
                let piece = String::from_utf8_lossy(input.short()).into_owned();
                let place = lines[at].char_indices().map(|(place, _)| place).nth(other % 80);
                let place = place.unwrap_or(lines[at].len());
                lines[at].insert_str(place, &piece);
            }
        }
    }
    lines.join("\n")
}

fn check_report(report: &Report, text: &str) {
    let lines = text.matches('\n').count() + 1;
    for finding in &report.diagnostics {
        assert!((1..=lines).contains(&finding.line) && finding.column >= 1, "{finding:?}");
        assert!(!finding.message.is_empty());
    }
    assert_eq!(report.exit_code() == 0, !report.is_error());
    assert!(report.render(false).ends_with(&report.to_string()));
    assert!(serde_json::to_string(report).is_ok());
}

/// What passed its check reads any text and fills each of its texts with values of any length.
fn check_service(rules: &Rules, service: &Service, octets: &[u8]) {
    let now: Timestamp = "2026-08-03T09:00:00+02:00".parse().unwrap();
    let tail = String::from_utf8_lossy(octets.get(octets.len().saturating_sub(60)..).unwrap_or_default());
    let forms = service.forms.values().flat_map(|form| [form.form.as_str(), form.example.as_str()]);
    let texts: Vec<&str> = forms.chain(["", "OBJ ZOP 10.8. 14:00 NOVAK", &tail]).collect();
    for number in &service.numbers {
        for text in &texts {
            let read = rules.interpret(number, text, now).unwrap();
            assert_eq!(rules.explain(number, text, now).unwrap().interpretation, read);
        }
    }
    let long = "Nguyễn ".repeat(30);
    for (role, template) in &service.templates {
        let names = template.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        });
        let short: Vec<(&str, &str)> = names.clone().map(|name| (name, "x")).collect();
        let rendered = services::notice(service, role, &short).unwrap();
        assert_eq!(rendered.template, template.id);
        assert!(measure(&rendered.text).parts <= usize::from(template.max_parts), "{:?}", rendered.text.0);
        let values: Vec<(&str, &str)> = names.map(|name| (name, long.as_str())).collect();
        assert!(services::notice(service, role, &values).is_some());
    }
}
