//! Expected texts with places: a known name stands for its value, an unknown one takes what is there.

use std::collections::BTreeMap;

use model::Template;
use model::template::Piece;

/// Values that a play has learned, by name.
pub(crate) type Values = BTreeMap<String, String>;

/// Matches a text, and remembers what stood at unknown places. The values change only where all matches.
pub(crate) fn matches(pieces: &[Piece], text: &str, values: &mut Values) -> bool {
    let mut learned = values.clone();
    let found = walk(pieces, text, &mut learned);
    if found {
        *values = learned;
    }
    found
}

fn walk(pieces: &[Piece], text: &str, values: &mut Values) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Literal(literal), rest @ ..] => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| walk(rest, text, values))
        }
        [Piece::Field(name), rest @ ..] => {
            if let Some(known) = values.get(name) {
                return text.strip_prefix(known.as_str()).is_some_and(|text| walk(rest, text, values));
            }
            // The shortest value with which the rest matches.
            let ends = text.char_indices().map(|(at, _)| at).skip(1).chain([text.len()]);
            for end in ends {
                let mut learned = values.clone();
                learned.insert(name.clone(), text[..end].to_owned());
                if walk(rest, &text[end..], &mut learned) {
                    *values = learned;
                    return true;
                }
            }
            false
        }
    }
}

/// Reads `Ho so {code}: …`.
pub(crate) fn read(text: &str) -> Vec<Piece> {
    match Template::parse("", text, 1) {
        Ok(template) => template.pieces,
        // A brace that is no place stands for itself.
        Err(_) => vec![Piece::Literal(text.to_owned())],
    }
}

/// Puts known values into a text that is to be sent.
pub(crate) fn fill(text: &str, values: &Values) -> String {
    read(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => literal,
            Piece::Field(name) => values.get(&name).cloned().unwrap_or_else(|| format!("{{{name}}}")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_places_learn_and_known_ones_bind() {
        let mut values = Values::new();
        assert!(matches(
            &read("Kod: {code}, plati {code} do {t}"),
            "Kod: 123, plati 123 do 9:00",
            &mut values
        ));
        assert_eq!(values["code"], "123");
        assert_eq!(fill("STORNO {code} 10.8.", &values), "STORNO 123 10.8.");
        assert!(!matches(&read("Kod: {code}"), "Kod: 124", &mut values));
        assert!(!matches(&read("Kod: {other}!"), "Kod: 123", &mut values));
    }
}
