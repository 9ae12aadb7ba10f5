//! A dossier that nobody is told of any more is forgotten.

use model::dossier::code_key;
use model::key::TimerSubject;
use model::{Dossier, Key, Record};

use super::window::Window;
use crate::case::{Case, Decision, label, writes};

/// Has a dossier forgotten in its time; none for one whose end is not in sight.
pub(super) fn timer(dossier: &Dossier, case: &Case<'_>) -> Option<(Key, Option<Record>)> {
    let at = window(case)?.forgotten_at(dossier.picked_up_at?);
    let subject = TimerSubject::ForgetDossier(case.service.id, code_key(&dossier.code));
    Some((Key::Timer(at, subject.clone()), Some(Record::Timer(at, subject))))
}

/// Forgets a dossier, unless a clerk has corrected its end since.
pub(crate) fn due(code_key: &str, case: &Case<'_>) -> Decision {
    let key = Key::Dossier(case.service.id, code_key.into());
    let picked_up_at = case.dossier(&key)?.and_then(|dossier| dossier.picked_up_at);
    let over = window(case).zip(picked_up_at).is_some_and(|(window, at)| window.forgotten_at(at) <= case.now);
    Ok(if over { writes(vec![(key, None)], "dossier_forgotten") } else { label("dossier_kept") })
}

fn window(case: &Case<'_>) -> Option<Window> {
    Window::of(&case.service.dossiers.as_ref()?.lifecycle)
}
