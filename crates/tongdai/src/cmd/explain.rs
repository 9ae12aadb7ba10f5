//! `tongdai explain`: what a text means, without any effect.

use std::io::{BufRead, Write};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use model::Address;
use model::plan::Party;
use routing::Rules;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::ExplainArgs;
use crate::cmd::run::load_rules;
use crate::daemon::clock::Clock;
use crate::exit::Exit;
use crate::output;

/// Explains one text, or each line of standard input.
pub(crate) fn run(arguments: &ExplainArgs) -> Result<(), Exit> {
    let rules = load_rules(arguments.services.as_deref())?;
    match (&arguments.to, &arguments.text) {
        (Some(to), Some(text)) if !arguments.batch => explain(&rules, arguments, to, text),
        _ => batch(&rules),
    }
}

/// One text. Exit 1 where no service has the number, or where no rule takes the text.
fn explain(rules: &Rules, arguments: &ExplainArgs, to: &str, text: &str) -> Result<(), Exit> {
    let now = arguments.at.unwrap_or_else(now);
    let to = &digits(to);
    let Some(explanation) = rules.explain(to, text, now) else {
        if arguments.json {
            output::print_line(json!({ "error": "unknown_number" }))?;
        }
        let numbers: Vec<&str> =
            rules.services().iter().flat_map(|service| &service.numbers).map(String::as_str).collect();
        return Err(Exit::Failed(anyhow!(
            "no service has the number {to} (there are {})",
            numbers.join(", ")
        )));
    };
    let sender = arguments.from.as_deref().map(|from| sender(rules, to, from));
    if arguments.json {
        let mut object = serde_json::to_value(&explanation).map_err(anyhow::Error::from)?;
        if let (Some(sender), Value::Object(fields)) = (sender, &mut object) {
            fields.insert("sender".to_owned(), sender.into());
        }
        output::print_line(object)?;
    } else {
        if let Some(sender) = sender {
            output::print_line(format_args!("sender       {sender}"))?;
        }
        output::print(&explanation)?;
    }
    if explanation.interpretation.result.is_ok() { Ok(()) } else { Err(Exit::No) }
}

/// A service's number without the plus and the blanks with which people write it.
fn digits(number: &str) -> String {
    number.chars().filter(|sign| !sign.is_whitespace() && *sign != '+').collect()
}

/// How the number that writes is read by the service's country plan.
fn sender(rules: &Rules, to: &str, from: &str) -> String {
    let Some(service) = rules.by_number(to) else { return String::new() };
    let ton = u8::from(from.starts_with('+'));
    match service.plan.party(&Address::new(ton, 1, from)) {
        Party::Citizen(msisdn) => format!("+{}", msisdn.as_str()),
        Party::ShortCode => "a short code: not answered".to_owned(),
        Party::Alphanumeric => "a name: not answered".to_owned(),
        Party::Empty => "nobody: not answered".to_owned(),
    }
}

/// A line of the batch.
#[derive(Deserialize)]
#[serde(expecting = "an object with `to`, `text` and `now`")]
struct Line {
    to: String,
    text: String,
    now: Option<Timestamp>,
}

/// Each line of standard input gives one line of standard output. Exit 1 if a line could not be read.
fn batch(rules: &Rules) -> Result<(), Exit> {
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut unread = 0_u32;
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.context("standard input")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        // Octets, not text: a line in another encoding is one bad line, not the end of the batch.
        let meaning = match serde_json::from_slice::<Line>(&line) {
            Ok(line) => meaning(rules, &line),
            Err(error) => {
                unread += 1;
                json!({ "error": "bad_line", "detail": error.to_string() })
            }
        };
        writeln!(output, "{meaning}").context("standard output")?;
    }
    output.flush().context("standard output")?;
    if unread == 0 { Ok(()) } else { Err(Exit::Failed(anyhow!("{unread} line(s) could not be read"))) }
}

fn meaning(rules: &Rules, line: &Line) -> Value {
    let now = line.now.unwrap_or_else(now);
    match rules.interpret(&digits(&line.to), &line.text, now) {
        Some(interpretation) => routing::json(&interpretation),
        None => json!({ "error": "unknown_number" }),
    }
}

fn now() -> Timestamp {
    Clock::real().now().wall
}
