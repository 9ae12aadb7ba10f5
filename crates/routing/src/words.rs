//! A language's small words, folded and indexed: debris, prepositions, month names, words for days.

use crate::file::grammar::WordsTable;
use crate::word_map::WordMap;

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
        let tails = self.0.get(&text[start..end])?;
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
        self.wrappers.may_hold(&text[start..end])
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
