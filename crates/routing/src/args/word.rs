//! One word of a list: a queue's code, an activity's abbreviation.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Arg, Context, Read, Value, date, time};
use crate::keywords::is_one_edit;
use crate::word_map::WordMap;
use crate::words;

/// A list of words.
#[derive(Debug)]
pub(crate) struct WordList {
    /// Folded spelling to the word as the file spells it.
    pub(crate) words: WordMap<Arc<str>>,
    /// One slip is corrected where exactly one word is that near.
    pub(crate) correct: bool,
    /// Separate letters and syllables are joined.
    pub(crate) joined: bool,
    /// What begins so was meant for this list.
    pub(crate) prefix: Option<String>,
}

impl WordList {
    /// Whether `word` is in the list, exactly.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    pub(super) fn read<'a>(&'a self, arg: &'a Arg, context: &Context<'a>, at: usize) -> Read<'a> {
        let text = context.text();
        let (start, labelled) = arg.skip_labels(context, at);
        // A word in angle brackets may well be the value.
        let bare = words::skip_separators(text, at);
        if let Some((value, end)) = self.exact(text, start).or_else(|| self.exact(text, bare)) {
            return Read::Found(Value::Word(value), end);
        }
        if start >= text.len() || context.is_label(start) {
            return arg.missing(start, labelled);
        }
        if date::is_meant(context, start) || time::is_meant(context, start) {
            return arg.missing(start, true);
        }
        let end = words::token_end(text, start);
        if self.correct
            && !context.strict
            && let Some((value, end)) = self.slipped(text, start, end)
        {
            return Read::Found(Value::Word(value), end);
        }
        let meant = self.prefix.as_deref().is_some_and(|prefix| text[start..].starts_with(prefix));
        arg.bad(start, meant)
    }

    /// The word at `at`, its letters and syllables joined where that is allowed.
    fn exact(&self, text: &str, at: usize) -> Option<(&Arc<str>, usize)> {
        let token = words::token_end(text, at);
        let letters = words::letters_end(text, at);
        if let Some(word) = self.words.get(&text[at..letters]) {
            return Some((word, letters));
        }
        if token > letters
            && let Some(word) = self.words.get(&text[at..token])
        {
            return Some((word, token));
        }
        self.joinings(text, at).find_map(|(joined, end)| Some((self.words.get(&joined)?, end)))
    }

    /// The letters at `at` with one, two, more of the syllables behind them, and where each ends.
    fn joinings<'a>(&self, text: &'a str, at: usize) -> impl Iterator<Item = (Cow<'a, str>, usize)> + 'a {
        let token = words::token_end(text, at);
        let joins = self.joined && words::letters_end(text, at) == token;
        // A slip may have added a letter.
        let longest = self.words.longest() + 1;
        let first = joins.then_some((Cow::Borrowed(&text[at..token]), token));
        std::iter::successors(first, move |(joined, end)| {
            let next = words::skip_separators(text, *end);
            let stop = words::token_end(text, next);
            (next < stop && joined.len() + stop - next <= longest)
                .then(|| (Cow::Owned(format!("{joined}{}", &text[next..stop])), stop))
        })
        .skip(1)
    }

    /// The word that `start..end` is with a slip, its syllables joined where that is allowed.
    fn slipped(&self, text: &str, start: usize, end: usize) -> Option<(&Arc<str>, usize)> {
        let joined = || self.joinings(text, start).find_map(|(joined, end)| Some((self.near(&joined)?, end)));
        self.near(&text[start..end]).map(|value| (value, end)).or_else(joined)
    }

    /// A list of queues or activities is short: looking at each word is cheaper than an index.
    fn near(&self, word: &str) -> Option<&Arc<str>> {
        let mut near = self.words.iter().filter(|(known, _)| is_one_edit(word, known));
        let first = near.next()?;
        near.all(|(_, other)| other == first.1).then_some(first.1)
    }
}
