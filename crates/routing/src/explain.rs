//! Why a text means what it means.

use std::fmt;

use model::Interpretation;
use serde::Serialize;

use crate::args::Value;
use crate::clean::Cleaned;
use crate::grammar::Grammar;
use crate::json::{clock, json};
use crate::parse::Trace;

/// The way from a text to its meaning.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The text as the rules saw it.
    pub normalised: String,
    /// The rules that were looked at, in order.
    pub candidates: Vec<Candidate>,
    /// What came of it, in the shape of [`crate::json`].
    pub request: serde_json::Value,
    /// The same as a value.
    #[serde(skip)]
    pub interpretation: Interpretation,
}

/// A rule that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// Its id.
    pub rule: String,
    /// Its pattern.
    pub pattern: String,
    /// Whether it matched.
    pub matched: bool,
    /// The values read, or why it did not match.
    pub because: String,
}

impl Explanation {
    pub(crate) fn new(
        grammar: &Grammar,
        cleaned: &Cleaned,
        trace: Trace,
        interpretation: Interpretation,
    ) -> Self {
        let candidates = trace.tried.into_iter().map(|tried| {
            let rule = &grammar.rules[tried.rule];
            let (matched, because) = match tried.outcome {
                Ok(values) => {
                    let values = values.iter().map(|(field, value)| format!("{} = {value:?}", field.name()));
                    (true, values.collect::<Vec<_>>().join(", "))
                }
                Err(failure) => {
                    let arg = failure.arg.and_then(|arg| grammar.args.get(arg));
                    let wanted = arg.map(|arg| format!(": {{{}}} like {:?}", arg.name, arg.example));
                    (false, format!("{}{}", failure.kind.name(), wanted.unwrap_or_default()))
                }
            };
            Candidate { rule: rule.id.to_string(), pattern: rule.pattern.clone(), matched, because }
        });
        let request = json(&interpretation);
        Self { normalised: cleaned.shown(), candidates: candidates.collect(), request, interpretation }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "normalised   {:?}", self.normalised)?;
        let width = self.candidates.iter().map(|candidate| candidate.rule.len()).max().unwrap_or(0);
        for Candidate { rule, pattern, matched, because } in &self.candidates {
            let verdict = if *matched { "YES" } else { "no " };
            writeln!(f, "rule {rule:width$}  {verdict}  {pattern}  {because}")?;
        }
        if self.normalised.is_empty() {
            writeln!(f, "no rule: nothing is left of the text")?;
        } else if self.candidates.is_empty() {
            writeln!(f, "no rule: there is no keyword of this number at the head of the text")?;
        }
        writeln!(f, "request      {}", self.request)
    }
}

/// A value as `explain` prints it.
pub(crate) fn show(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) | Value::Id(text, _) => text.to_string(),
        Value::Word(word) => word.to_string(),
        Value::Date(date) => date.to_string(),
        Value::DefaultDate(date) => format!("{date} (taken)"),
        Value::Time(time) => clock(*time),
    }
}
