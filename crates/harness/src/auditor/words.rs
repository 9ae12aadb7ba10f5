//! Many words, looked for in many texts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Words by their length, of which there are few: a search costs what its text is long, however many words there are.
pub(super) struct Words<'a>(BTreeMap<usize, HashSet<&'a str>>);

impl<'a> FromIterator<&'a str> for Words<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        let mut by_length: BTreeMap<usize, HashSet<&str>> = BTreeMap::new();
        // Nothing at all stands in every text.
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            by_length.entry(word.len()).or_default().insert(word);
        }
        Self(by_length)
    }
}

impl Words<'_> {
    /// Those that stand in `text`, also within longer ones: a word may hold blanks, and stand glued to a comma.
    pub(super) fn within<'t>(&self, text: &'t str) -> BTreeSet<&'t str> {
        let mut found = BTreeSet::new();
        for (length, words) in &self.0 {
            let here = (0..text.len()).filter_map(|at| text.get(at..at + length));
            found.extend(here.filter(|piece| words.contains(piece)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_wherever_they_stand() {
        let words: Words<'_> = ["13550001", "TRAN THI AB", "žádost", "NOVAK", ""].into_iter().collect();
        let within = |text| words.within(text).into_iter().collect::<Vec<_>>();
        assert_eq!(within("Ho so (13550001): xong"), ["13550001"]);
        assert_eq!(within("TRAN THI ABC,NOVAKX"), ["NOVAK", "TRAN THI AB"]);
        assert_eq!(within("Vaše žádost"), ["žádost"]);
        assert_eq!(within("1355000"), [""; 0]);
        assert_eq!(within(""), [""; 0]);
    }
}
