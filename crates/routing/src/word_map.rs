//! A table of words that says of most others, without a hash, that it has them not.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::words::octet;

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
        if self.may_hold(word) { self.words.get(word) } else { None }
    }

    /// Whether it may hold a word: whether it holds one of this length that begins so, and one that ends so.
    #[inline]
    pub(crate) fn may_hold(&self, word: &str) -> bool {
        self.initials.of(octet(word, 0)) & self.endings.of(last(word)) & length_bit(word.len()) != 0
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

/// The last octet, or 0 where there is none.
fn last(word: &str) -> u8 {
    word.as_bytes().last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::keywords::is_one_edit;

    /// Few letters, so that words are often alike, and now and then more of them than lengths are told apart.
    fn word() -> impl Strategy<Value = String> {
        prop_oneof!["[ABQ1]{1,5}", "[AB]{28,35}"]
    }

    proptest! {
        #[test]
        fn nothing_that_it_holds_is_denied(
            known in prop::collection::btree_map(word(), 0..9_u8, 0..12),
            asked in prop::collection::vec(word(), 1..12),
        ) {
            let map: WordMap<u8> = known.iter().map(|(word, value)| (word, *value)).collect();
            prop_assert_eq!(map.iter().collect::<BTreeMap<_, _>>().len(), known.len());
            prop_assert_eq!(map.longest(), known.keys().map(String::len).max().unwrap_or(0));
            for word in asked.iter().chain(known.keys()) {
                prop_assert_eq!(map.get(word), known.get(word));
                let longer = |known: &&String| known.len() > word.len() && known.starts_with(word.as_str());
                prop_assert!(map.may_go_on(word) || !known.keys().any(|known| longer(&known)));
                let near = |known: &&String| known.len() >= 3 && is_one_edit(word, known);
                prop_assert!(word.len() < 2 || map.may_hold_near(word) || !known.keys().any(|known| near(&known)));
            }
        }
    }

    #[test]
    fn most_words_are_told_without_a_hash() {
        let map: WordMap<()> = ["XNC", "STTXC", "HELP"].into_iter().map(|word| (word, ())).collect();
        assert!(["XNC", "STTXC", "HELP"].into_iter().all(|word| map.may_hold(word)));
        assert!(!["", "XN", "XNCC", "NGUYEN", "HELC", "HELPP"].into_iter().any(|word| map.may_hold(word)));
        assert!(map.may_go_on("ST") && !map.may_go_on("STTXC") && !map.may_go_on("NG"));
        assert!(map.may_hold_near("XMC") && map.may_hold_near("ELP") && !map.may_hold_near("NGUYEN"));
    }
}
