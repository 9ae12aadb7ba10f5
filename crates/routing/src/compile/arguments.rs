//! `[arg.NAME]` tables.

use model::{ErrorKind, Service};
use toml::Spanned;

use super::Out;
use crate::args::date::{DateArg, Year};
use crate::args::digits::Digits;
use crate::args::id_number::IdNumber;
use crate::args::name::NameArg;
use crate::args::receipt::Receipt;
use crate::args::word::WordList;
use crate::args::{Arg, Kind};
use crate::file::File;
use crate::file::grammar::{ArgTable, WordSource};
use crate::report::suggest;
use crate::words::{Phrases, fold_word};

/// The types that there are.
pub(super) const TYPES: [&str; 7] = ["digits", "receipt", "id_number", "word", "date", "time", "name"];

/// Most characters of a name where a file says nothing.
const NAME_MAX: u16 = 60;

/// Compiles all argument types, in the order of their names.
pub(crate) fn arguments(file: &File, service: &Service, out: &mut Out<'_>) -> Vec<Arg> {
    let mut args = Vec::new();
    for (name, table) in &file.arg {
        let table = table.get_ref();
        check_keys(table, out);
        let kind = kind(table, file, service, out);
        let (missing, bad) = default_kinds(&kind);
        args.push(Arg {
            name: name.get_ref().clone(),
            title: table.title.as_ref().map_or_else(|| name.get_ref().as_str(), String::as_str).into(),
            example: table.example.as_ref().map(|example| example.get_ref().clone()).unwrap_or_default(),
            kind,
            missing: table.missing.unwrap_or(missing),
            bad: table.bad.unwrap_or(bad),
            labels: Phrases::new(table.labels.iter()),
        });
    }
    args
}

/// A key that says nothing of its type most likely stands in the wrong table.
fn check_keys(table: &ArgTable, out: &mut Out<'_>) {
    let kind = table.kind.get_ref().as_str();
    let keys: [(&str, bool, &[&str]); 15] = [
        ("digits", table.digits.is_some(), &["digits"]),
        ("grouped", table.grouped.is_some(), &["digits"]),
        ("swapped", table.swapped.is_some(), &["digits"]),
        ("lookalikes", table.lookalikes.is_some(), &["digits", "receipt"]),
        ("local", table.local.is_some(), &["receipt"]),
        ("min_run", table.min_run.is_some(), &["id_number"]),
        ("birth_year", table.birth_year.is_some(), &["id_number"]),
        ("words", table.words.is_some(), &["word"]),
        ("correct", table.correct.is_some(), &["word"]),
        ("joined", table.joined.is_some(), &["word"]),
        ("prefix", table.prefix.is_some(), &["word"]),
        ("year", table.year.is_some(), &["date"]),
        ("default_days", table.default_days.is_some(), &["date"]),
        ("max", table.max.is_some(), &["name"]),
        ("with_digits", table.with_digits.is_some(), &["name"]),
    ];
    for (key, _, types) in keys.iter().filter(|(_, there, _)| *there) {
        if TYPES.contains(&kind) && !types.contains(&kind) {
            let help = format!("{key} belongs to the type {}", types.join(" or "));
            out.error(&table.kind, format!("the type {kind} has no key {key}"), Some(help));
        }
    }
}

fn default_kinds(kind: &Kind) -> (ErrorKind, ErrorKind) {
    match kind {
        Kind::Digits(_) | Kind::Receipt(_) => (ErrorKind::MissingArgument, ErrorKind::BadCode),
        Kind::IdNumber(_) => (ErrorKind::BadId, ErrorKind::BadId),
        Kind::Word(_) => (ErrorKind::MissingArgument, ErrorKind::BadCode),
        Kind::Date(_) => (ErrorKind::MissingDate, ErrorKind::BadDate),
        Kind::Time => (ErrorKind::MissingTime, ErrorKind::BadTime),
        Kind::Name(_) => (ErrorKind::MissingName, ErrorKind::BadName),
    }
}

fn kind(table: &ArgTable, file: &File, service: &Service, out: &mut Out<'_>) -> Kind {
    match table.kind.get_ref().as_str() {
        "digits" => Kind::Digits(digits(table, out)),
        "receipt" => {
            let [fewest, most, digits] = table.local.unwrap_or([6, 32, 4]).map(usize::from);
            let lookalikes = table.lookalikes.unwrap_or(false);
            Kind::Receipt(Receipt { lookalikes, local_length: fewest..=most, local_digits: digits })
        }
        "id_number" => Kind::IdNumber(IdNumber {
            min_run: table.min_run.map_or(6, usize::from),
            birth_year: table.birth_year.unwrap_or(false),
        }),
        "word" => Kind::Word(Box::new(word_list(table, service, out))),
        "date" => Kind::Date(DateArg { year: year(table, out), default_days: table.default_days }),
        "time" => Kind::Time,
        "name" => Kind::Name(NameArg {
            max: usize::from(table.max.unwrap_or(NAME_MAX)),
            with_digits: table.with_digits.unwrap_or(ErrorKind::BadName),
            not_moment: table.not_moment.unwrap_or(false),
            not_arg: table.not_arg.as_ref().and_then(|other| index(file, other, out)),
        }),
        unknown => {
            let message = format!("unknown argument type \"{unknown}\"");
            out.error(&table.kind, message, suggest(unknown, TYPES.iter().copied()));
            Kind::Time
        }
    }
}

/// The place of an argument type among all.
pub(crate) fn index(file: &File, name: &Spanned<String>, out: &mut Out<'_>) -> Option<usize> {
    let index = file.arg.keys().position(|known| known.get_ref() == name.get_ref());
    if index.is_none() {
        let message = format!("there is no [arg.{}]", name.get_ref());
        out.error(
            name,
            message,
            suggest(name.get_ref(), file.arg.keys().map(|known| known.get_ref().as_str())),
        );
    }
    index
}

fn digits(table: &ArgTable, out: &mut Out<'_>) -> Digits {
    let length = match table.digits.as_deref() {
        Some([exactly]) => *exactly..=*exactly,
        Some([fewest, most]) if fewest <= most => *fewest..=*most,
        _ => {
            let help = "write digits = [8] for eight, or [3, 8] for three to eight".to_owned();
            out.error(&table.kind, "a digit code needs its number of digits".to_owned(), Some(help));
            1..=1
        }
    };
    Digits {
        length: usize::from(*length.start())..=usize::from(*length.end()),
        grouped: table.grouped.unwrap_or(false),
        lookalikes: table.lookalikes.unwrap_or(false),
        swapped: table.swapped,
    }
}

fn word_list(table: &ArgTable, service: &Service, out: &mut Out<'_>) -> WordList {
    let words: Vec<String> = match table.words.as_ref().map(Spanned::get_ref) {
        Some(WordSource::List(words)) => words.clone(),
        Some(WordSource::Table(name)) if name == "queues" => service.queues.keys().cloned().collect(),
        Some(WordSource::Table(name)) if name == "activities" => {
            let bookings = service.bookings.as_ref();
            bookings.map(|settings| settings.activities.keys().cloned().collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    if words.is_empty() {
        let help = "write words = \"queues\", \"activities\" or a list".to_owned();
        out.error(&table.kind, "this list has no words".to_owned(), Some(help));
    }
    WordList {
        words: words.into_iter().map(|word| (fold_word(&word), word.into())).collect(),
        correct: table.correct.unwrap_or(false),
        joined: table.joined.unwrap_or(false),
        prefix: table.prefix.as_deref().map(fold_word),
    }
}

fn year(table: &ArgTable, out: &mut Out<'_>) -> Year {
    match table.year.as_ref() {
        None => Year::Coming,
        Some(year) => match year.get_ref().as_str() {
            "coming" | "birth" => Year::Coming,
            "booked" => Year::Booked,
            unknown => {
                let message = format!("there is no way \"{unknown}\" to settle a year");
                out.error(year, message, suggest(unknown, ["coming", "booked", "birth"].into_iter()));
                Year::Coming
            }
        },
    }
}
