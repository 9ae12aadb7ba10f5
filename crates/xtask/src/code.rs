//! Just enough of Rust's grammar to know where functions begin and end.

/// A function with its body: name, first and last line, 1-based.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Function {
    /// Lines from its name to its closing brace.
    pub(crate) fn lines(&self) -> usize {
        self.last + 1 - self.first
    }
}

/// The functions with a body in `source`, nested ones included.
pub(crate) fn functions(source: &str) -> Vec<Function> {
    let code = blank(source);
    let mut found = Vec::new();
    let mut line = 1;
    for (at, octet) in code.iter().enumerate() {
        if *octet == b'\n' {
            line += 1;
        }
        let Some(name) = named_function(&code, at) else { continue };
        if let Some(end) = body_end(&code, at) {
            let newlines = code[at..end].iter().filter(|octet| **octet == b'\n').count();
            found.push(Function { name, first: line, last: line + newlines });
        }
    }
    found
}

/// The name of the function whose keyword stands at `at`; none for a function pointer's type.
fn named_function(code: &[u8], at: usize) -> Option<String> {
    let starts_word = at == 0 || !is_word(code[at - 1]);
    if !starts_word || !code[at..].starts_with(b"fn") {
        return None;
    }
    let after = &code[at + 2..];
    let blanks = after.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let name: Vec<u8> = after[blanks..].iter().copied().take_while(|octet| is_word(*octet)).collect();
    (blanks > 0 && !name.is_empty()).then(|| String::from_utf8_lossy(&name).into_owned())
}

fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

/// Where the body's closing brace stands; none for a declaration that ends in `;`.
fn body_end(code: &[u8], at: usize) -> Option<usize> {
    let mut brackets = 0_usize;
    let mut braces = 0_usize;
    for (offset, octet) in code[at..].iter().enumerate() {
        match octet {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if brackets == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 && brackets == 0 {
                    return Some(at + offset);
                }
            }
            _ => {}
        }
    }
    None
}

/// `source` with every octet of comments, strings and character literals made a blank; lines stay.
fn blank(source: &str) -> Vec<u8> {
    let mut code = source.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let end = at + literal_length(&code[at..], at > 0 && is_word(code[at - 1])).max(1);
        if end > at + 1 {
            let octets = code[at..end.min(source.len())].iter_mut().filter(|octet| **octet != b'\n');
            octets.for_each(|octet| *octet = b' ');
        }
        at = end;
    }
    code
}

/// Octets of the comment or literal that `rest` begins with; 0 where it begins with neither.
fn literal_length(rest: &[u8], inside_word: bool) -> usize {
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment_length(rest),
        [b'"', ..] => string_length(rest),
        [b'r', b'"' | b'#', ..] if !inside_word => raw_string_length(rest),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !inside_word => 1 + raw_string_length(&rest[1..]),
        [b'\'', ..] => character_length(rest),
        _ => 0,
    }
}

fn block_comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Of `r"…"` and `r#"…"#`; 0 for a raw identifier such as `r#type`.
fn raw_string_length(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|octet| **octet == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = 2 + hashes;
    let found = rest[body..].windows(close.len()).position(|window| window == close);
    found.map_or(rest.len(), |position| body + position + close.len())
}

/// Of `'x'`, `'\n'` and `'ß'`; 0 for a lifetime.
fn character_length(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        return rest.iter().skip(3).position(|octet| *octet == b'\'').map_or(0, |position| position + 4);
    }
    let text = String::from_utf8_lossy(&rest[1..rest.len().min(6)]);
    let length = text.chars().next().map_or(0, char::len_utf8);
    if length > 0 && rest.get(1 + length) == Some(&b'\'') { length + 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(source: &str) -> Vec<(String, usize)> {
        functions(source).into_iter().map(|function| (function.name.clone(), function.lines())).collect()
    }

    #[test]
    fn braces_in_literals_and_comments_do_not_count() {
        let bodies = [
            r#"let a = "}";"#,
            r#"let a = "\"}";"#,
            "let a = '}';",
            r"let a = '\'';let b = '}';",
            r"let a = '\u{7d}';",
            "// }",
            "/* } /* } */ } */",
            "let a = r#\"}\"}\"#;",
            "let a = br\"}\";",
            "let a = b\"}\";",
            "let a: &'static str = x;",
            "let a: Foo<'_> = match 'ß' { 'a'..='z' => 1, _ => 2 };",
            "let r#type = 1;",
        ];
        for body in bodies {
            let source = format!("fn one() {{\n    {body}\n}}\n\nfn two() {{}}\n");
            assert_eq!(spans(&source), [("one".to_owned(), 3), ("two".to_owned(), 1)], "{body}");
        }
    }

    #[test]
    fn declarations_pointers_and_nested_functions_are_told_apart() {
        let source = "trait T {\n    fn declared(a: [u8; 2]) -> X;\n    fn given(&self) {}\n}\ntype F = fn(u8) -> u8;\n\
                      fn outer<'a>(f: impl Fn(&'a u8))\nwhere\n    F: Fn(),\n{\n    fn inner() {\n    }\n}\n";
        let expected = [("given", 1), ("outer", 7), ("inner", 2)];
        assert_eq!(spans(source), expected.map(|(name, lines)| (name.to_owned(), lines)));
    }

    #[test]
    fn words_that_merely_hold_the_keyword_are_no_functions() {
        assert_eq!(spans("struct Defn { a: u8 }\nlet fnord = 1; let x = FnOnce { };\n"), []);
    }
}
