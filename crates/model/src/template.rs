//! Reply texts with named fields.

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// A reply text: literal runs and `{field}` places, parsed once when the services file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The name under which the catalogue of texts and the metrics know it, such as `H-ST-READY`.
    pub id: Name,
    /// What it is made of, in order.
    pub pieces: Vec<Piece>,
    /// The most SMS parts that it may take.
    pub max_parts: u8,
}

/// One run of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Text that stands as it is.
    Literal(String),
    /// The place of a field's value. A value is never looked at again for places of its own.
    Field(String),
}

/// A template that can't be read. Returned by [`Template::parse`]; say it at the text's line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{` without its `}`.
    #[error("a `{{` at octet {0} has no `}}`")]
    Unclosed(usize),
    /// `{}` or a field name with other characters than `a-z`, `0-9` and `_`.
    #[error("`{{{name}}}` at octet {at} is no field name (a-z, 0-9, _)")]
    BadName {
        /// Octet offset of the brace.
        at: usize,
        /// What stands between the braces.
        name: String,
    },
}

impl Template {
    /// Reads a text with `{field}` places. `{{` is not special: SMS texts of this trade have no braces.
    pub fn parse(id: &str, text: &str, max_parts: u8) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut at = 0;
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Piece::Literal(rest[..open].to_owned()));
            }
            let close = rest[open..].find('}').ok_or(TemplateError::Unclosed(at + open))? + open;
            let name = &rest[open + 1..close];
            let well_formed = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !well_formed {
                return Err(TemplateError::BadName { at: at + open, name: name.to_owned() });
            }
            pieces.push(Piece::Field(name.to_owned()));
            at += close + 1;
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self { id: id.into(), pieces, max_parts })
    }

    /// The names of its fields, in order of appearance.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_and_mistakes_told() {
        let template = Template::parse("X", "Ho so {code}: {d2}.", 1).unwrap();
        assert_eq!(template.fields().collect::<Vec<_>>(), ["code", "d2"]);
        assert_eq!(template.pieces.len(), 5);
        assert_eq!(Template::parse("X", "ab {code", 1), Err(TemplateError::Unclosed(3)));
        assert!(matches!(Template::parse("X", "{Code}", 1), Err(TemplateError::BadName { at: 0, .. })));
    }
}
