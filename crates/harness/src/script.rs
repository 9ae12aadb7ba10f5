//! The lines of a dialogue script (crates/harness/scripts/README.md).

use anyhow::{Context, Result};

use crate::text_fields::words;

/// One line that does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// What it says.
    pub step: Step,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `FROM -> TO …: text`, or `FROM -> TO [TEMPLATE]`.
    Sms(Sms),
    /// Everything else: its words.
    Words(Vec<String>),
}

/// A text between two numbers, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// Begins with `&`: comes in the same moment as the line after it.
    pub together: bool,
    /// Who sends.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// `via b`, `part 1/2 ref 7`.
    pub options: Vec<String>,
    /// The text, or the id of the template that it must come from.
    pub body: Body,
}

/// What an SMS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Verbatim, with `{places}`.
    Text(String),
    /// Any text of this template.
    Template(String),
}

/// Reads a script; blank lines and lines that begin with `#` say nothing.
pub fn read(script: &str) -> Result<Vec<Line>> {
    let spoken = |line: &str| !line.is_empty() && !line.starts_with('#');
    (1..)
        .zip(script.lines().map(str::trim))
        .filter(|(_, line)| spoken(line))
        .map(|(number, line)| {
            let step = step(line).with_context(|| format!("line {number}: {line}"))?;
            Ok(Line { number, step })
        })
        .collect()
}

fn step(line: &str) -> Result<Step> {
    let (together, line) = match line.strip_prefix("& ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (head, body) = match line.split_once(": ") {
        Some((head, text)) => (head, Some(Body::Text(text.replace("\\n", "\n")))),
        None => match line.split_once(" [") {
            Some((head, id)) => {
                let id = id.strip_suffix(']').context("a template's id ends with `]`")?;
                (head, Some(Body::Template(id.to_owned())))
            }
            None => (line.trim_end_matches(':'), None),
        },
    };
    let words = words(head);
    match (words.as_slice(), body) {
        ([from, arrow, to, options @ ..], body) if arrow == "->" => Ok(Step::Sms(Sms {
            together,
            from: from.clone(),
            to: to.clone(),
            options: options.to_vec(),
            body: body.unwrap_or(Body::Text(String::new())),
        })),
        _ => Ok(Step::Words(self::words(line))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_people_write_them() {
        let lines =
            read("# a remark\n\n+849 -> 8383 via b: XNC: 1\n8383 -> +849 [H-ST-READY]\nrestart\n").unwrap();
        assert_eq!(lines.len(), 3);
        let Step::Sms(sms) = &lines[0].step else { panic!() };
        assert_eq!(sms.body, Body::Text("XNC: 1".to_owned()));
        assert_eq!(sms.options, ["via", "b"]);
        let Step::Sms(sms) = &lines[1].step else { panic!() };
        assert_eq!(sms.body, Body::Template("H-ST-READY".to_owned()));
        assert_eq!(lines[2].number, 5);
        assert_eq!(lines[2].step, Step::Words(vec!["restart".to_owned()]));
    }
}
