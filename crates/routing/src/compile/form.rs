//! The form of a services file: TOML, known keys, values of the right kind. All that is wrong is told at once.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use crate::file::File;
use crate::report::{Report, suggest};

/// Mistakes in form that are told of one file: who has made that many looks at the file as a whole.
const MISTAKES_MAX: usize = 100;

/// The same for what is no TOML: one bracket that stays open makes a mistake of all that follows.
const SYNTAX_MISTAKES_MAX: usize = 10;

/// Reads one file. Each mistake in its form goes to the report, in the order of the file; then there is no file.
pub(crate) fn read(name: &str, text: &str, report: &mut Report) -> Option<File> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut mistakes = errors;
    let syntax = !mistakes.is_empty();
    let file = if syntax { None } else { fit(document, &mut mistakes) };
    mistakes.sort_by_key(|mistake| mistake.span().map_or(0, |span| span.start));
    mistakes.truncate(if syntax { SYNTAX_MISTAKES_MAX } else { MISTAKES_MAX });
    for mistake in mistakes {
        let help = unknown_name(mistake.message());
        report.error(name, mistake.span().unwrap_or(0..0), in_words(mistake.message()), help);
    }
    file
}

/// A table that something was taken out of, and its key; none for a key that is not known, which may be any misspelt.
struct Torn {
    table: Range<usize>,
    key: Option<String>,
}

impl Torn {
    /// Whether a table misses something only because it was taken out.
    fn explains(&self, mistake: &toml::de::Error, place: &Range<usize>) -> bool {
        let missing = mistake.message().strip_prefix("missing field ");
        self.table == *place
            && missing.is_some_and(|name| self.key.as_deref().is_none_or(|key| name.trim_matches('`') == key))
    }
}

/// The document as a file. `serde` stops at the first mistake: what was wrong is taken out, and the rest tried again.
fn fit(document: Spanned<DeTable<'_>>, mistakes: &mut Vec<toml::de::Error>) -> Option<File> {
    let root = document.span();
    let mut document = document.into_inner();
    let mut torn: Vec<Torn> = Vec::new();
    while mistakes.len() < MISTAKES_MAX {
        let spanned = Spanned::new(root.clone(), document.clone());
        let mistake = match File::deserialize(Deserializer::from(spanned)) {
            Ok(file) => return mistakes.is_empty().then_some(file),
            Err(mistake) => mistake,
        };
        let place = mistake.span().unwrap_or_else(|| root.clone());
        if !torn.iter().any(|torn| torn.explains(&mistake, &place)) {
            mistakes.push(mistake);
        }
        torn.push(take_out(&mut document, &root, &place)?);
    }
    None
}

/// Takes out what stands at `place`, in the table at `own` or in one inside.
fn take_out<'i>(table: &mut DeTable<'i>, own: &Range<usize>, place: &Range<usize>) -> Option<Torn> {
    for (key, value) in table.iter_mut() {
        let span = value.span();
        let found = match value.get_mut() {
            DeValue::Table(inner) => take_out(inner, &span, place),
            DeValue::Array(items) => take_out_of_items(items, own, key.get_ref(), place),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    let holds = |span: Range<usize>| span.start <= place.start && place.end <= span.end;
    let entry = table.iter().find(|(key, value)| key.span() == *place || holds(value.span()));
    let key = entry.map(|(key, _)| key.clone())?;
    table.remove(&key);
    Some(Torn { table: own.clone(), key: (key.span() != *place).then(|| key.get_ref().to_string()) })
}

/// The same in the tables of the array `key`.
fn take_out_of_items<'i>(
    items: &mut DeArray<'i>,
    own: &Range<usize>,
    key: &str,
    place: &Range<usize>,
) -> Option<Torn> {
    for item in items.iter_mut() {
        let span = item.span();
        let DeValue::Table(inner) = item.get_mut() else { continue };
        if let Some(torn) = take_out(inner, &span, place) {
            return Some(torn);
        }
    }
    let whole = |item: &Spanned<DeValue<'i>>| item.get_ref().is_table() && item.span() == *place;
    if !items.iter().any(whole) {
        return None;
    }
    *items = items.iter().filter(|item| !whole(item)).cloned().collect();
    Some(Torn { table: own.clone(), key: Some(key.to_owned()) })
}

/// A suggestion for `unknown field `x`, expected one of …`.
fn unknown_name(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let wrong = names.next().filter(|_| message.starts_with("unknown"))?;
    let known: Vec<&str> = names.collect();
    suggest(wrong, known.iter().copied())
}

/// Types as people call them who write no Rust.
fn in_words(message: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("expected u8", "expected a whole number from 0 to 255"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected u32", "expected a whole number, 0 or more"),
        ("expected i32", "expected a whole number"),
        ("expected a map", "expected a table"),
        ("expected a sequence", "expected a list"),
    ];
    let word = WORDS.iter().find(|(word, _)| message.ends_with(word));
    word.map_or_else(|| message.to_owned(), |(word, words)| message.replace(word, words))
}
