//! Where a dossier stands, told to whoever has its code (docs/services/lookup.md). Names are never told.

pub(crate) mod forget;
mod national;
pub(crate) mod record;
mod window;

use model::dossier::{DossierEvent, Status, code_key};
use model::service::Lifecycle;
use model::{Dossier, Key, Msisdn, Record};

use crate::case::{Case, Decision, label};
use crate::limits::{self, Tries};
use crate::render::Values;
use window::Window;

/// The reply to a code that is not known, or that must look so.
const NOT_FOUND: &str = "dossier.not_found";

/// What is told of a dossier: a text's role and its values.
struct Told {
    role: &'static str,
    values: Values,
}

impl Told {
    fn new(role: &'static str, values: Values) -> Self {
        Self { role, values }
    }
}

/// Answers `dossier_status`.
pub(crate) fn status(code: &str, sender: &Msisdn, case: &Case<'_>) -> Decision {
    let Some(settings) = &case.service.dossiers else {
        return Ok(label("no_dossiers"));
    };
    let key = Key::Dossier(case.service.id, code_key(code));
    let limits_key = limits::key(sender, case);
    let found_key = limits::found_key(sender, code_of(&key), case);
    case.require([&limits_key, &found_key, &key])?;
    let tries = Tries::read(limits_key, case)?;
    let found_before = case.read(&found_key)?.is_some();
    if tries.are_over() && !found_before {
        return Ok(tries.refusal("limit", sender, case));
    }
    let dossier = case.dossier(&key)?;
    let Told { role, values } = match dossier {
        Some(dossier) => told(dossier, &settings.lifecycle, code, case),
        None => Told::new(NOT_FOUND, named(code)),
    };
    let mut outcome = case.reply(sender, role, values);
    if role == NOT_FOUND {
        outcome.writes = tries.miss();
    } else if !found_before {
        outcome.writes = vec![(found_key, Some(Record::Found(case.now)))];
    }
    Ok(outcome)
}

/// The code that a dossier's key holds, so that it stands there and nowhere else.
fn code_of(key: &Key) -> &str {
    match key {
        Key::Dossier(_, code) => code,
        _ => "",
    }
}

fn told(dossier: &Dossier, lifecycle: &Lifecycle, asked: &str, case: &Case<'_>) -> Told {
    let code = if dossier.code.is_empty() { asked } else { &dossier.code };
    match Window::of(lifecycle) {
        Some(window) => window.tell(dossier, code, case),
        None => national::tell(dossier, code, case),
    }
}

/// The values of a reply that names nothing but the code.
fn named(code: &str) -> Values {
    Values::new().code(code)
}
