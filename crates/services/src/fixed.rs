//! Fixed texts, and the replies to messages that are no command.

use model::request::{ErrorKind, Rejection};
use model::{Msisdn, Outcome};

use crate::case::{Case, label};
use crate::render::Values;

/// The text of a command that says the same to everybody, such as `help`.
pub(crate) fn tell(command: &str, sender: &Msisdn, case: &Case<'_>) -> Outcome {
    case.reply(sender, command, Values::new())
}

/// The reply to a mistake: which text by the pack's `[errors]` table, its values by what was tried.
pub(crate) fn reject(rejection: &Rejection, sender: &Msisdn, case: &Case<'_>) -> Outcome {
    let role =
        case.service.errors.get(&rejection.kind).map(String::as_str).or_else(|| common(rejection.kind));
    let Some(role) = role else {
        return label(rejection.kind.name());
    };
    let form = rejection.command.and_then(|command| case.service.forms.get(command.as_str()));
    let mut values = Values::new();
    if let Some(form) = form {
        values = values.text("form", &form.form).text("ex", &form.example);
    }
    for (name, value) in &rejection.values {
        values = values.text(*name, value);
    }
    case.reply(sender, role, values)
}

/// The mistakes that every service answers alike.
fn common(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::MultipleCommands => Some("one_per_sms"),
        ErrorKind::WrongNumber => Some("wrong_number"),
        ErrorKind::MissingParts => Some("parts"),
        _ => None,
    }
}
