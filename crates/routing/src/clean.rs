//! From a folded text to one that holds nothing but a command: signatures, wrappers and debris go.
//!
//! What goes is overwritten with blanks, so that line breaks and separators keep their places.

use std::ops::Range;

use crate::words::{self, Phrases, Words, kind};

/// A text ready for the rules.
#[derive(Debug)]
pub(crate) struct Cleaned {
    /// Upper-case ASCII with line feeds; wrappers and debris are blanks.
    pub(crate) text: String,
    /// Places of words without digits that stood in angle brackets: parts of a copied template.
    pub(crate) angles: Vec<Range<usize>>,
}

impl Cleaned {
    /// Whether `at` lies in what stood in angle brackets; then its end.
    pub(crate) fn angle_end(&self, at: usize) -> Option<usize> {
        self.angles.iter().find(|angle| angle.contains(&at)).map(|angle| angle.end)
    }

    /// One stretch of it.
    pub(crate) fn part(&self, place: Range<usize>) -> Self {
        let inside = self.angles.iter().filter(|angle| angle.start >= place.start && angle.end <= place.end);
        let angles = inside.map(|angle| angle.start - place.start..angle.end - place.start).collect();
        Self { text: self.text[place].to_owned(), angles }
    }

    /// The text with single blanks, as `explain` shows it.
    pub(crate) fn shown(&self) -> String {
        self.text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Octets of a folded text that are looked at: ten message parts. A command is far shorter; what is longer is
/// no command, and must not cost more than one.
const TEXT_MAX: usize = 1_530;

/// Folds and cleans. `is_number` tells the numbers of the platform.
pub(crate) fn clean(original: &str, words: &Words, is_number: impl Fn(&str) -> bool) -> Cleaned {
    let mut folded = text::fold::fold(original).text;
    folded.truncate(TEXT_MAX);
    let kinds = words::kinds(&folded);
    let lines = kinds & kind::LINE_FEED != 0;
    if let Some(end) = signature_start(&folded, lines, &words.signatures) {
        folded.truncate(end);
    }
    let wrapped = kinds & kind::BRACKET != 0;
    let angles = if wrapped { angles(&folded) } else { Vec::new() };
    let mut text = if wrapped { folded.replace(BRACKETS, " ") } else { folded };
    drop_debris(&mut text, words, is_number);
    drop_heads(&mut text, 0, words);
    Cleaned { text, angles }
}

const BRACKETS: [char; 8] = ['[', ']', '(', ')', '{', '}', '<', '>'];

/// Where the first line stands that begins a signature. `lines` says whether there is more than one.
fn signature_start(text: &str, lines: bool, signatures: &Phrases) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let start = words::run_end(text, at, is_before_signature);
        // Dashes at the very head are taken for separators: a signature has something above it.
        let dashes = text[start..].starts_with("--") && !text[..at].trim().is_empty();
        let end = signatures.end_at(text, start, words::letters_end(text, start));
        if dashes || end.is_some_and(|end| !octet_is_word(text, end)) {
            return Some(at);
        }
        if !lines {
            return None;
        }
        at = words::run_end(text, start, |octet| octet != b'\n') + 1;
    }
    None
}

fn is_before_signature(octet: u8) -> bool {
    matches!(octet, b' ' | b'[' | b'(' | b'{' | b'<' | b'*' | b'_')
}

fn angles(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('<').map(|place| from + place) {
        let Some(close) = text[open..].find('>').map(|place| open + place) else { break };
        let inside = &text[open + 1..close];
        let words_only = !inside.bytes().any(|octet| octet.is_ascii_digit())
            && inside.bytes().any(|octet| octet.is_ascii_uppercase());
        if words_only {
            found.push(open + 1..close);
        }
        from = close + 1;
    }
    found
}

fn drop_debris(text: &mut String, words: &Words, is_number: impl Fn(&str) -> bool) {
    let mut thanks: Vec<Range<usize>> = Vec::new();
    let mut at = words::skip_separators(text, 0);
    while at < text.len() {
        let end = words::letters_end(text, at);
        if !words.may_wrap(text, at, end) {
            at = words::skip_separators(text, words::digits_end(text, end));
            continue;
        }
        // Letters glued to a digit before them are no word.
        let whole = |_: &usize| at == 0 || !octet_is_word(text, at - 1);
        let phrase =
            |phrases: &Phrases| phrases.end_at(text, at, end).filter(|stop| !octet_is_word(text, *stop));
        let said = phrase(&words.thanks).filter(whole);
        let debris = phrase(&words.debris).filter(whole);
        let sent = send_to_end(text, at, end, words, &is_number).filter(whole);
        match (debris.or(sent), said) {
            (Some(stop), _) => {
                blank(text, at..stop);
                if sent.is_some() {
                    // What is sent ends there; the next may be copied with its head as well.
                    drop_heads(text, stop, words);
                }
                at = words::skip_separators(text, stop);
            }
            (None, Some(stop)) => {
                thanks.push(at..stop);
                at = words::skip_separators(text, stop);
            }
            (None, None) => at = words::skip_separators(text, end),
        }
    }
    drop_thanks(text, &thanks);
}

/// Thanks stand before or behind a command; between its arguments the same words are a name (`Phan Thi Cam On`).
fn drop_thanks(text: &mut String, thanks: &[Range<usize>]) {
    for place in thanks {
        let at_head = words::skip_separators(text, 0) == place.start;
        if at_head || !text[place.end..].bytes().any(|octet| octet.is_ascii_digit()) {
            blank(text, place.clone());
        }
    }
}

/// The end of `gui den so 8383` and its like.
fn send_to_end(
    text: &str,
    at: usize,
    end: usize,
    words: &Words,
    is_number: &impl Fn(&str) -> bool,
) -> Option<usize> {
    let stop = words.send_to.end_at(text, at, end)?;
    let number = words::skip_separators(text, stop);
    let number_end = words::digits_end(text, number);
    is_number(&text[number..number_end]).then_some(number_end)
}

/// Heads (`soan tin`) at `from`.
fn drop_heads(text: &mut String, from: usize, words: &Words) {
    loop {
        let at = words::skip_separators(text, from);
        let end = words::letters_end(text, at);
        match words.heads.end_at(text, at, end).filter(|stop| !octet_is_word(text, *stop)) {
            Some(stop) => blank(text, at..stop),
            None => return,
        }
    }
}

fn octet_is_word(text: &str, at: usize) -> bool {
    words::is_word(words::octet(text, at))
}

fn blank(text: &mut String, place: Range<usize>) {
    let blanks = " ".repeat(place.len());
    text.replace_range(place, &blanks);
}
