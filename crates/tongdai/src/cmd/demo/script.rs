//! Reads the demo's conversations.

use std::collections::BTreeMap;

use model::ClerkCommand;

/// One conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) title: String,
    pub(super) steps: Vec<Step>,
}

/// One line of a conversation.
#[derive(Debug)]
pub(super) enum Step {
    Remark(String),
    Clerk(Box<ClerkCommand>),
    Text { from: String, to: String, text: String },
    Reply(String),
    State(Vec<String>),
}

/// A line of the conversations that can't be read; a mistake in this repository.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(super) struct BadLine {
    line: usize,
    reason: String,
}

/// Reads the whole file.
pub(super) fn read(text: &str) -> Result<Vec<Conversation>, BadLine> {
    let mut conversations: Vec<Conversation> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let bad = |reason: &str| BadLine { line: index + 1, reason: reason.to_owned() };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("== ") {
            conversations.push(Conversation { title: title.to_owned(), steps: Vec::new() });
            continue;
        }
        let conversation = conversations.last_mut().ok_or_else(|| bad("no conversation has begun"))?;
        conversation.steps.push(step(line).map_err(|reason| bad(&reason))?);
    }
    Ok(conversations)
}

fn step(line: &str) -> Result<Step, String> {
    if let Some(remark) = line.strip_prefix("-- ") {
        return Ok(Step::Remark(remark.to_owned()));
    }
    if let Some(json) = line.strip_prefix("clerk ") {
        let command = serde_json::from_str(json).map_err(|error| error.to_string())?;
        return Ok(Step::Clerk(Box::new(command)));
    }
    if let Some(reply) = line.strip_prefix("< ") {
        return Ok(Step::Reply(reply.to_owned()));
    }
    if let Some(words) = line.strip_prefix("state ") {
        return Ok(Step::State(words.split_whitespace().map(str::to_owned).collect()));
    }
    let (from, rest) = line.split_once(" > ").ok_or("not a step")?;
    let (to, text) = rest.split_once(' ').ok_or("a text needs a number and words")?;
    Ok(Step::Text { from: from.to_owned(), to: to.to_owned(), text: text.to_owned() })
}

/// Compares a reply with what must come; `{name}` takes at least one character and is kept under its name.
pub(super) fn matches(pattern: &str, reply: &str, captured: &mut BTreeMap<String, String>) -> bool {
    let Some((literal, rest)) = pattern.split_once('{') else { return pattern == reply };
    let Some((name, after)) = rest.split_once('}') else { return pattern == reply };
    let Some(tail) = reply.strip_prefix(literal) else { return false };
    let next = after.split('{').next().unwrap_or_default();
    let end = if next.is_empty() { Some(tail.len()) } else { tail.find(next) };
    let Some(end) = end.filter(|end| *end > 0) else { return false };
    captured.insert(name.to_owned(), tail[..end].to_owned());
    matches(after, &tail[end..], captured)
}

/// Puts captured values into a text.
pub(super) fn fill(text: &str, captured: &BTreeMap<String, String>) -> String {
    captured.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The digits of a number as people write it.
pub(super) fn digits(number: &str) -> String {
    number.trim_start_matches('+').to_owned()
}

/// Whether a number belongs to the Czech operator of the demo.
pub(super) fn is_czech(number: &str) -> bool {
    digits(number).starts_with("420")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversations_can_be_read() {
        let conversations = read(include_str!("../../../demo/conversations.txt")).unwrap();
        assert_eq!(conversations.len(), 4);
    }

    #[test]
    fn captures_take_and_give() {
        let mut captured = BTreeMap::new();
        assert!(matches("kod: {code}, plati {x}", "kod: 471108, plati 15", &mut captured));
        assert_eq!(fill("STORNO {code} 10.8.", &captured), "STORNO 471108 10.8.");
        assert!(!matches("kod: {code}.", "kod: .", &mut captured));
        assert!(!matches("abc", "abd", &mut captured));
    }
}
