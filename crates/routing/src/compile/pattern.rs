//! The little language of `match`: `XNC {code}`, `[OBJ] TERMIN {activity} {date?}`, `TK {name}, {id_number}`.

/// One element of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Element {
    /// A keyword that must stand.
    Keyword(String),
    /// A keyword that may stand.
    Optional(String),
    /// An argument.
    Arg(ArgElement),
}

/// `{field}`, `{field:type}`, `{field?}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArgElement {
    pub(crate) field: String,
    /// Name of the `[arg.…]` table; the field's own name where none is written.
    pub(crate) kind: String,
    pub(crate) optional: bool,
    /// A comma stands before it: arguments are fields.
    pub(crate) comma: bool,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    /// A bracket without its partner.
    #[error("`{0}` is not closed")]
    Unclosed(String),
    /// A keyword behind an argument.
    #[error("the keyword `{0}` stands behind an argument; keywords come first")]
    LateKeyword(String),
    /// Nothing at all.
    #[error("the pattern is empty")]
    Empty,
}

/// Reads a pattern.
pub(crate) fn parse(pattern: &str) -> Result<Vec<Element>, PatternError> {
    let mut elements = Vec::new();
    for word in pattern.split_ascii_whitespace() {
        elements.push(element(word, &elements)?);
    }
    mark_commas(pattern, &mut elements);
    if elements.is_empty() { Err(PatternError::Empty) } else { Ok(elements) }
}

fn element(word: &str, before: &[Element]) -> Result<Element, PatternError> {
    let word = word.trim_matches(',');
    if let Some(inner) = word.strip_prefix('{') {
        let inner = inner.strip_suffix('}').ok_or_else(|| PatternError::Unclosed(word.to_owned()))?;
        let (inner, optional) = inner.strip_suffix('?').map_or((inner, false), |inner| (inner, true));
        let (field, kind) = inner.split_once(':').unwrap_or((inner, inner));
        let (field, kind) = (field.to_owned(), kind.to_owned());
        return Ok(Element::Arg(ArgElement { field, kind, optional, comma: false }));
    }
    if before.iter().any(|element| matches!(element, Element::Arg(_))) {
        return Err(PatternError::LateKeyword(word.to_owned()));
    }
    match word.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']').ok_or_else(|| PatternError::Unclosed(word.to_owned()))?;
            Ok(Element::Optional(inner.to_owned()))
        }
        None => Ok(Element::Keyword(word.to_owned())),
    }
}

fn mark_commas(pattern: &str, elements: &mut [Element]) {
    let commas = pattern.contains(',');
    for element in elements {
        if let Element::Arg(arg) = element {
            arg.comma = commas;
        }
    }
}

/// The keyword paths of a pattern, each optional keyword with and without.
pub(crate) fn paths(elements: &[Element]) -> Vec<Vec<&str>> {
    let mut paths = vec![Vec::new()];
    for element in elements {
        match element {
            Element::Keyword(word) => paths.iter_mut().for_each(|path| path.push(word.as_str())),
            Element::Optional(word) => {
                let with = paths.iter().map(|path| [path.as_slice(), &[word.as_str()]].concat());
                let with: Vec<_> = with.collect();
                paths.extend(with);
            }
            Element::Arg(_) => {}
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_reads_and_its_optional_words_give_two_paths() {
        let elements = parse("[OBJ] TERMIN {activity} {date:day?}").unwrap();
        assert_eq!(paths(&elements), [vec!["TERMIN"], vec!["OBJ", "TERMIN"]]);
        let Some(Element::Arg(date)) = elements.last() else { panic!() };
        assert_eq!((date.field.as_str(), date.kind.as_str(), date.optional), ("date", "day", true));
        assert_eq!(parse("XNC {code"), Err(PatternError::Unclosed("{code".into())));
        assert_eq!(parse("{code} XNC"), Err(PatternError::LateKeyword("XNC".into())));
    }
}
