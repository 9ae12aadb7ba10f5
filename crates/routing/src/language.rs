//! The base tables of words that come with the program, by language.

use crate::file::grammar::WordsTable;

const TABLES: [(&str, &str); 3] = [
    ("vi", include_str!("../data/vi.toml")),
    ("cs", include_str!("../data/cs.toml")),
    ("en", include_str!("../data/en.toml")),
];

/// The languages that have a table.
pub(crate) fn known() -> impl Iterator<Item = &'static str> + Clone {
    TABLES.iter().map(|(name, _)| *name)
}

/// The table of a language.
pub(crate) fn table(name: &str) -> Option<WordsTable> {
    let (_, text) = TABLES.iter().find(|(known, _)| *known == name)?;
    toml::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_reads() {
        for name in known() {
            assert!(table(name).is_some_and(|table| !table.debris.is_empty()), "{name}");
        }
    }
}
