//! Texts with fields: `XNC {dossier+10000000}`. Taken apart once, so that writing one is copying its pieces.

use text::{gsm7, parts::Alphabet, ucs2};

use super::{mix::MixError, value::Values, wire};

/// A piece of a text as it is written in a mix file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    /// `{name+add:0width}`.
    Field {
        name: String,
        add: u64,
        width: usize,
    },
}

/// Takes a text apart. `{{` and `}}` stand for braces.
pub(super) fn read(text: &str) -> Result<Vec<Piece>, MixError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            literal.push_str(brace);
            rest = after;
            continue;
        }
        let field = if brace == "{" { rest.split_once('}') } else { None };
        let Some((field, after)) = field else {
            return Err(MixError::Text(text.to_owned(), "a brace stands alone (write it twice)"));
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(
            read_field(field)
                .ok_or_else(|| MixError::Text(text.to_owned(), "a field is {name}, {name+1}, {name:06}"))?,
        );
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn read_field(field: &str) -> Option<Piece> {
    let (head, width) = match field.split_once(':') {
        Some((head, width)) => (head, width.strip_prefix('0')?.parse().ok()?),
        None => (field, 0),
    };
    let (name, add) = match head.split_once('+') {
        Some((name, add)) => (name, add.parse().ok()?),
        None => (head, 0),
    };
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    let fits = width < wire::NUMBER_DIGITS_MAX && add < 1 << 62;
    (is_name && fits).then(|| Piece::Field { name: name.to_owned(), add, width })
}

/// A text in the octets of one alphabet, but for its fields.
#[derive(Debug)]
pub(super) struct Template {
    alphabet: Alphabet,
    pieces: Vec<Encoded>,
}

#[derive(Debug)]
enum Encoded {
    Octets(Vec<u8>),
    Number { value: usize, add: u64, width: usize },
    Word { value: usize, words: Vec<Vec<u8>> },
    Capture(usize),
}

/// Characters that are taken out of a reply at most.
pub(super) const CAPTURE_MAX: usize = 40;

impl Template {
    /// Encodes the pieces; `None` where they don't fit the alphabet. `captures` are names beside the values.
    pub(super) fn new(
        pieces: &[Piece],
        alphabet: Alphabet,
        values: &Values,
        captures: &[String],
    ) -> Result<Option<Self>, MixError> {
        let mut encoded = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let piece = match piece {
                Piece::Literal(text) => encode(text, alphabet).map(Encoded::Octets),
                Piece::Field { name, add, width } => field(name, *add, *width, alphabet, values, captures)?,
            };
            let Some(piece) = piece else { return Ok(None) };
            encoded.push(piece);
        }
        Ok(Some(Self { alphabet, pieces: encoded }))
    }

    /// Octets at most.
    pub(super) fn length_max(&self, values: &Values) -> usize {
        let unit = match self.alphabet {
            Alphabet::Gsm7 => 1,
            Alphabet::Ucs2 => 2,
        };
        let length = |piece: &Encoded| match piece {
            Encoded::Octets(octets) => octets.len(),
            Encoded::Number { value, add, width } => {
                let longest = values.below(*value).saturating_sub(1) + add;
                unit * longest.max(1).ilog10().try_into().map_or(*width, |it: usize| (it + 1).max(*width))
            }
            Encoded::Word { words, .. } => words.iter().map(Vec::len).max().unwrap_or_default(),
            Encoded::Capture(_) => unit * CAPTURE_MAX,
        };
        self.pieces.iter().map(length).sum()
    }

    /// Appends the text of the message with this index.
    pub(super) fn write(&self, values: &Values, index: u64, captures: &[String], out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Encoded::Octets(octets) => out.extend_from_slice(octets),
                Encoded::Number { value, add, width } => {
                    let start = out.len();
                    wire::write_number(values.number(*value, index) + add, *width, out);
                    self.widen(start, out);
                }
                Encoded::Word { value, words } => {
                    let word = usize::try_from(values.number(*value, index)).unwrap_or_default();
                    out.extend_from_slice(words.get(word).map(Vec::as_slice).unwrap_or_default());
                }
                Encoded::Capture(capture) => {
                    let text = captures.get(*capture).map(String::as_str).unwrap_or_default();
                    out.extend_from_slice(&encode(text, self.alphabet).unwrap_or_default());
                }
            }
        }
    }

    /// Turns the ASCII digits from `start` on into the alphabet's.
    fn widen(&self, start: usize, out: &mut Vec<u8>) {
        if self.alphabet == Alphabet::Ucs2 {
            let digits = out.split_off(start);
            out.extend(digits.iter().flat_map(|digit| [0, *digit]));
        }
    }
}

fn field(
    name: &str,
    add: u64,
    width: usize,
    alphabet: Alphabet,
    values: &Values,
    captures: &[String],
) -> Result<Option<Encoded>, MixError> {
    if let Some(capture) = captures.iter().position(|it| it == name) {
        return Ok(Some(Encoded::Capture(capture)));
    }
    let value = values.find(name).ok_or_else(|| MixError::UnknownValue(name.to_owned()))?;
    let words = values.words(value);
    if words.is_empty() {
        return Ok(Some(Encoded::Number { value, add, width }));
    }
    let words: Option<Vec<_>> = words.iter().map(|word| encode(word, alphabet)).collect();
    Ok(words.map(|words| Encoded::Word { value, words }))
}

fn encode(text: &str, alphabet: Alphabet) -> Option<Vec<u8>> {
    match alphabet {
        Alphabet::Gsm7 => gsm7::encode(text),
        Alphabet::Ucs2 => Some(ucs2::encode(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let field = |name: &str, add, width| Piece::Field { name: name.to_owned(), add, width };
        for (text, expected) in [
            ("XNC {a+10}", vec![literal("XNC "), field("a", 10, 0)]),
            ("{a:06}{b}x", vec![field("a", 0, 6), field("b", 0, 0), literal("x")]),
            ("{a+5:07}", vec![field("a", 5, 7)]),
            ("{{a}}", vec![literal("{a}")]),
            ("đ", vec![literal("đ")]),
            ("", vec![]),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in ["{a", "a}", "{}", "{a:6}", "{a:099}", "{a-1}", "{a b}", "{a+99999999999999999999}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
