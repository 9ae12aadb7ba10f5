//! A language's small words, folded and indexed: debris, prepositions, month names, words for days.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::file::grammar::WordsTable;

/// Words and what they stand for, found by hash. Most words of a message are none of them, and nearly all of these are
/// told by their first and last letters and their length, without a hash.
#[derive(Debug)]
pub(crate) struct WordMap<T> {
    words: FxHashMap<Box<str>, T>,
    longest: usize,
    initials: Lengths,
    endings: Lengths,
}

impl<T> Default for WordMap<T> {
    fn default() -> Self {
        Self {
            words: FxHashMap::default(),
            longest: 0,
            initials: Lengths::default(),
            endings: Lengths::default(),
        }
    }
}

impl<T> WordMap<T> {
    pub(crate) fn entry(&mut self, word: &str) -> Entry<'_, Box<str>, T> {
        self.longest = self.longest.max(word.len());
        self.initials.add(octet(word, 0), word.len());
        self.endings.add(last(word), word.len());
        self.words.entry(word.into())
    }

    #[inline]
    pub(crate) fn get(&self, word: &str) -> Option<&T> {
        if self.may_hold(octet(word, 0), last(word), word.len()) { self.words.get(word) } else { None }
    }

    /// Whether a word of these two letters may be of that length.
    #[inline]
    fn may_hold(&self, first: u8, last: u8, length: usize) -> bool {
        self.initials.of(first) & self.endings.of(last) & length_bit(length) != 0
    }

    /// Whether it may hold the letters `start..end`.
    #[inline]
    fn may_hold_at(&self, text: &str, start: usize, end: usize) -> bool {
        end > start && self.may_hold(octet(text, start), octet(text, end - 1), end - start)
    }

    /// Whether a word may lie one edit from this one, which has two letters at least: one edit of three letters or more
    /// leaves the first or the last, and no lengths that differ by more than one.
    pub(crate) fn may_hold_near(&self, word: &str) -> bool {
        let lengths = self.initials.of(octet(word, 0)) | self.endings.of(last(word));
        lengths & near_lengths(word.len()) != 0 && word.len() <= self.longest + 1
    }

    pub(crate) fn contains(&self, word: &str) -> bool {
        self.get(word).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.words.iter().map(|(word, value)| (&**word, value))
    }

    /// Letters of the longest word.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Whether a longer word may begin with the letters of `word`.
    pub(crate) fn may_go_on(&self, word: &str) -> bool {
        self.initials.of(octet(word, 0)) >> (word.len() + 1).min(LENGTH_MAX) != 0
    }
}

impl<T, W: AsRef<str>> FromIterator<(W, T)> for WordMap<T> {
    fn from_iter<I: IntoIterator<Item = (W, T)>>(words: I) -> Self {
        let mut map = Self::default();
        for (word, value) in words {
            map.entry(word.as_ref()).insert_entry(value);
        }
        map
    }
}

/// The lengths of words by one of their letters, a bit each.
#[derive(Debug, Default)]
struct Lengths([u32; 32]);

/// Words of this length and longer ones share a bit.
const LENGTH_MAX: usize = 31;

impl Lengths {
    fn add(&mut self, letter: u8, length: usize) {
        self.0[usize::from(letter % 32)] |= length_bit(length);
    }

    /// Digits share their places with letters: what is told by this alone is only that there is no such word.
    fn of(&self, letter: u8) -> u32 {
        self.0[usize::from(letter % 32)]
    }
}

fn length_bit(length: usize) -> u32 {
    1 << length.min(LENGTH_MAX)
}

/// The bits of `length`, of one letter less and of one more; of a word of two letters at least.
fn near_lengths(length: usize) -> u32 {
    0b111 << (length - 1).min(LENGTH_MAX)
}

/// Phrases found by their first word; longer ones first.
#[derive(Debug, Default)]
pub(crate) struct Phrases(WordMap<Vec<Vec<Box<str>>>>);

impl Phrases {
    pub(crate) fn new<'a>(phrases: impl Iterator<Item = &'a String>) -> Self {
        let mut map: WordMap<Vec<Vec<Box<str>>>> = WordMap::default();
        for phrase in phrases {
            let folded = text::fold::fold(phrase).text;
            let mut words = folded.split_ascii_whitespace();
            if let Some(first) = words.next() {
                let tails = map.entry(first).or_default();
                tails.push(words.map(Box::from).collect());
                tails.sort_by_key(|tail| std::cmp::Reverse(tail.len()));
            }
        }
        Self(map)
    }

    /// The end of the longest phrase that begins with the word `start..end`.
    #[inline]
    pub(crate) fn end_at(&self, text: &str, start: usize, end: usize) -> Option<usize> {
        if self.0.may_hold_at(text, start, end) { self.look_up(text, start, end) } else { None }
    }

    fn look_up(&self, text: &str, start: usize, end: usize) -> Option<usize> {
        let tails = self.0.words.get(&text[start..end])?;
        tails.iter().find_map(|tail| follow(text, end, tail))
    }

    /// Whether `word`, folded, is a phrase by itself.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.0.get(word).is_some_and(|tails| tails.iter().any(Vec::is_empty))
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
    /// First words of debris, thanks and what names a number to send to.
    wrappers: WordMap<()>,
    prepositions: WordMap<()>,
    hour_words: WordMap<()>,
    range_words: WordMap<()>,
    calendar_names: WordMap<()>,
    days: WordMap<i32>,
}

impl Words {
    /// Folds and indexes the base table with the file's own words added.
    pub(crate) fn new(base: &WordsTable, own: &WordsTable) -> Self {
        let both = |pick: fn(&WordsTable) -> &Vec<String>| pick(base).iter().chain(pick(own));
        let set = |pick: fn(&WordsTable) -> &Vec<String>| {
            both(pick).map(|word| (fold_word(word), ())).collect::<WordMap<()>>()
        };
        let calendar_names = both(|words| &words.months).chain(both(|words| &words.weekdays));
        let days = base.days.iter().chain(&own.days);
        let debris = Phrases::new(both(|words| &words.debris));
        let thanks = Phrases::new(both(|words| &words.thanks));
        let send_to = Phrases::new(both(|words| &words.send_to));
        let wrappers = [&debris, &thanks, &send_to].into_iter().flat_map(|phrases| phrases.0.iter());
        Self {
            wrappers: wrappers.map(|(first, _)| (first, ())).collect(),
            debris,
            thanks,
            heads: Phrases::new(both(|words| &words.heads)),
            send_to,
            signatures: Phrases::new(both(|words| &words.signatures)),
            prepositions: set(|words| &words.prepositions),
            hour_words: set(|words| &words.hour_words),
            range_words: set(|words| &words.range_words),
            calendar_names: calendar_names.map(|word| (fold_word(word), ())).collect(),
            days: days.map(|(word, distance)| (fold_word(word), *distance)).collect(),
        }
    }

    /// Whether debris, thanks or what names a number to send to may begin with the word `start..end`.
    pub(crate) fn may_wrap(&self, text: &str, start: usize, end: usize) -> bool {
        self.wrappers.may_hold_at(text, start, end)
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

/// The kinds of octets, a bit each.
pub(crate) mod kind {
    pub(crate) const LETTER: u8 = 1;
    pub(crate) const DIGIT: u8 = 2;
    /// Brackets of all forms.
    pub(crate) const BRACKET: u8 = 4;
    pub(crate) const LINE_FEED: u8 = 8;

    /// A look at this table is what most octets of a text cost, each time that they are passed.
    pub(super) static KINDS: [u8; 256] = kinds();

    const fn kinds() -> [u8; 256] {
        let mut kinds = [0; 256];
        let mut octet = 0;
        while octet < kinds.len() {
            kinds[octet] = match octet as u8 {
                b'A'..=b'Z' => LETTER,
                b'0'..=b'9' => DIGIT,
                b'[' | b']' | b'(' | b')' | b'{' | b'}' | b'<' | b'>' => BRACKET,
                b'\n' => LINE_FEED,
                _ => 0,
            };
            octet += 1;
        }
        kinds
    }
}

fn kind_of(octet: u8) -> u8 {
    kind::KINDS[usize::from(octet)]
}

/// All kinds of octets that a text has.
pub(crate) fn kinds(text: &str) -> u8 {
    text.bytes().fold(0, |kinds, octet| kinds | kind_of(octet))
}

/// The end of the run of letters at `at`.
pub(crate) fn letters_end(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| kind_of(octet) & kind::LETTER != 0)
}

/// The end of the run of digits at `at`.
pub(crate) fn digits_end(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| kind_of(octet) & kind::DIGIT != 0)
}

/// The end of the run of letters and digits at `at`.
pub(crate) fn token_end(text: &str, at: usize) -> usize {
    run_end(text, at, is_word)
}

/// Whether it is a letter or a digit.
pub(crate) fn is_word(octet: u8) -> bool {
    kind_of(octet) & (kind::LETTER | kind::DIGIT) != 0
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
    run_end(text, at, |octet| !is_word(octet))
}

/// Where something else than blanks and line breaks stands.
pub(crate) fn skip_blanks(text: &str, at: usize) -> usize {
    run_end(text, at, |octet| matches!(octet, b' ' | b'\n'))
}

/// The octet at `at`, or 0 behind the end.
pub(crate) fn octet(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// The last octet, or 0 where there is none.
fn last(word: &str) -> u8 {
    word.as_bytes().last().copied().unwrap_or(0)
}

/// The number that two digits at most are.
pub(crate) fn small_number(digits: &str) -> i8 {
    digits.bytes().fold(0, |number, digit| 10 * number + (digit - b'0') as i8)
}

/// The number that four digits at most are.
pub(crate) fn number(digits: &str) -> i16 {
    digits.bytes().fold(0, |number, digit| 10 * number + i16::from(digit - b'0'))
}

/// The end of the run of wanted octets at `at`.
pub(crate) fn run_end(text: &str, at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    // Runs are short: a loop without an iterator to set up is the cheaper one.
    let octets = text.as_bytes();
    let mut end = at;
    while octets.get(end).is_some_and(|octet| wanted(*octet)) {
        end += 1;
    }
    end
}
