//! A language's small words, folded and indexed: debris, prepositions, month names, words for days.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::file::grammar::WordsTable;

/// Phrases found by their first word; longer ones first.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    tails: FxHashMap<Box<str>, Vec<Vec<Box<str>>>>,
    /// The letters that phrases begin with, a bit each: most words are none of these and are not looked up.
    initials: u32,
}

/// The bit of the letter at `at`; none where no letter stands there.
fn initial(text: &str, at: usize) -> u32 {
    match octet(text, at) {
        letter @ b'A'..=b'Z' => 1 << (letter - b'A'),
        _ => 0,
    }
}

impl Phrases {
    pub(crate) fn new<'a>(phrases: impl Iterator<Item = &'a String>) -> Self {
        let mut map: FxHashMap<Box<str>, Vec<Vec<Box<str>>>> = FxHashMap::default();
        for phrase in phrases {
            let folded = text::fold::fold(phrase).text;
            let mut words = folded.split_ascii_whitespace().map(Box::from);
            if let Some(first) = words.next() {
                map.entry(first).or_default().push(words.collect());
            }
        }
        for tails in map.values_mut() {
            tails.sort_by_key(|tail| std::cmp::Reverse(tail.len()));
        }
        let initials = map.keys().fold(0, |initials, word| initials | initial(word, 0));
        Self { tails: map, initials }
    }

    /// The end of the longest phrase that begins with the word `start..end`.
    #[inline]
    pub(crate) fn end_at(&self, text: &str, start: usize, end: usize) -> Option<usize> {
        let likely = end > start && self.initials & initial(text, start) != 0;
        if likely { self.look_up(text, start, end) } else { None }
    }

    fn look_up(&self, text: &str, start: usize, end: usize) -> Option<usize> {
        let tails = self.tails.get(&text[start..end])?;
        tails.iter().find_map(|tail| follow(text, end, tail))
    }

    /// Whether `word`, folded, is a phrase by itself.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.tails.get(word).is_some_and(|tails| tails.iter().any(Vec::is_empty))
    }
}

/// The end of `tail`'s words behind `end`, blanks and line breaks between them.
fn follow(text: &str, end: usize, tail: &[Box<str>]) -> Option<usize> {
    let mut at = end;
    for word in tail {
        let start = skip_blanks(text, at);
        let stop = letters_end(text, start);
        if text[start..stop] != **word {
            return None;
        }
        at = stop;
    }
    Some(at)
}

/// The words of one service, folded.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) debris: Phrases,
    pub(crate) thanks: Phrases,
    pub(crate) heads: Phrases,
    pub(crate) send_to: Phrases,
    pub(crate) signatures: Phrases,
    prepositions: FxHashSet<Box<str>>,
    hour_words: FxHashSet<Box<str>>,
    range_words: FxHashSet<Box<str>>,
    calendar_names: FxHashSet<Box<str>>,
    days: FxHashMap<Box<str>, i32>,
}

impl Words {
    /// Folds and indexes the base table with the file's own words added.
    pub(crate) fn new(base: &WordsTable, own: &WordsTable) -> Self {
        let both = |pick: fn(&WordsTable) -> &Vec<String>| pick(base).iter().chain(pick(own));
        let set = |pick: fn(&WordsTable) -> &Vec<String>| {
            both(pick).map(|word| fold_word(word).into()).collect::<FxHashSet<Box<str>>>()
        };
        let mut calendar_names = set(|words| &words.months);
        calendar_names.extend(set(|words| &words.weekdays));
        let days = base.days.iter().chain(&own.days);
        Self {
            debris: Phrases::new(both(|words| &words.debris)),
            thanks: Phrases::new(both(|words| &words.thanks)),
            heads: Phrases::new(both(|words| &words.heads)),
            send_to: Phrases::new(both(|words| &words.send_to)),
            signatures: Phrases::new(both(|words| &words.signatures)),
            prepositions: set(|words| &words.prepositions),
            hour_words: set(|words| &words.hour_words),
            range_words: set(|words| &words.range_words),
            calendar_names,
            days: days.map(|(word, distance)| (fold_word(word).into(), *distance)).collect(),
        }
    }

    pub(crate) fn is_preposition(&self, word: &str) -> bool {
        self.prepositions.contains(word)
    }

    pub(crate) fn is_hour_word(&self, word: &str) -> bool {
        self.hour_words.contains(word)
    }

    pub(crate) fn is_range_word(&self, word: &str) -> bool {
        self.range_words.contains(word)
    }

    /// Whether it is the name of a month or a weekday.
    pub(crate) fn is_calendar_name(&self, word: &str) -> bool {
        self.calendar_names.contains(word)
    }

    /// Days from today that a word stands for.
    pub(crate) fn day(&self, word: &str) -> Option<i32> {
        self.days.get(word).copied()
    }
}

/// A word or phrase without its blanks, folded: the form in which joined letters are looked up.
pub(crate) fn fold_word(word: &str) -> String {
    text::fold::fold(word).text.split_ascii_whitespace().collect()
}

/// The end of the run of letters at `at`.
pub(crate) fn letters_end(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| octet.is_ascii_uppercase())
}

/// The end of the run of digits at `at`.
pub(crate) fn digits_end(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| octet.is_ascii_digit())
}

/// The end of the run of letters and digits at `at`.
pub(crate) fn token_end(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| octet.is_ascii_alphanumeric())
}

/// The end of a word at `at` with one digit before or among its letters: a slip (`0BJ`), since digits behind
/// letters begin an argument.
pub(crate) fn one_digit_inside(text: &str, at: usize) -> Option<usize> {
    let digit = letters_end(text, at);
    let end = letters_end(text, digit + 1);
    (octet(text, digit).is_ascii_digit() && end > digit + 1 && end == token_end(text, at)).then_some(end)
}

/// Where the next letter or digit stands.
pub(crate) fn skip_separators(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| !octet.is_ascii_alphanumeric())
}

/// Where something else than blanks and line breaks stands.
pub(crate) fn skip_blanks(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| matches!(octet, b' ' | b'\n'))
}

/// The octet at `at`, or 0 behind the end.
pub(crate) fn octet(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// The end of the run of wanted octets at `at`.
pub(crate) fn run_end(text: &str, at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let octets = text.as_bytes().get(at..).unwrap_or(&[]);
    at + octets.iter().take_while(|octet| wanted(**octet)).count()
}
