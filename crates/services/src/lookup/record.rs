//! What clerks and case systems say of a dossier.

use jiff::{SignedDuration, Timestamp};
use model::{Answer, CommandError, ImportEffect, Key, Outcome, Record};

use super::{Dossier, DossierEvent, Status, code_key, forget};
use crate::case::{Case, Decision, check_length, done, invalid, label, not_found, refuse};
use crate::fold::fold;

/// Letters and digits of a code: the longest receipt codes in use.
const CODE_MAX: usize = 32;
/// Characters of a note as stored; replies show the first 40.
const NOTE_MAX: usize = 500;
/// Characters of any other text of a dossier.
const TEXT_MAX: usize = 200;
/// How far a clerk's clock may run ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Creates a dossier or replaces what is known of it.
pub(crate) fn put(dossier: &Dossier, expected_version: Option<u64>, case: &Case<'_>) -> Decision {
    if let Err(error) = check(dossier, case) {
        return Ok(refuse(error, "dossier_refused"));
    }
    let key = Key::Dossier(case.service.id, code_key(&dossier.code));
    let known = case.dossier(&key)?;
    let version = known.map_or(0, |known| known.version);
    if expected_version.is_some_and(|expected| expected != version) {
        let reason = format!("version is {version}");
        return Ok(refuse(CommandError::Conflict { reason }, "dossier_conflict"));
    }
    Ok(stored(replacement(dossier, known, case), key, "dossier_put", case))
}

/// Takes a row of many: creates the dossier or replaces what is known of it, where it says anything else. So a file
/// can be sent again without harm, whatever became of it the first time.
pub(crate) fn import(dossier: &Dossier, preview: bool, case: &Case<'_>) -> Decision {
    if let Err(error) = check(dossier, case) {
        return Ok(refuse(error, "dossier_refused"));
    }
    let key = Key::Dossier(case.service.id, code_key(&dossier.code));
    let known = case.dossier(&key)?;
    let dossier = replacement(dossier, known, case);
    let (effect, name) = match known {
        None => (ImportEffect::Created, "dossier_created"),
        Some(known) if dossier == (Dossier { version: dossier.version, ..known.clone() }) => {
            (ImportEffect::Unchanged, "dossier_unchanged")
        }
        Some(_) => (ImportEffect::Changed, "dossier_changed"),
    };
    let outcome = if preview || effect == ImportEffect::Unchanged {
        label(name)
    } else {
        stored(dossier, key, name, case)
    };
    Ok(Outcome { answer: Some(Ok(Answer::Imported { effect })), ..outcome })
}

/// The dossier as it is stored in place of what is known: with its version, and the moments that were left out.
fn replacement(dossier: &Dossier, known: Option<&Dossier>, case: &Case<'_>) -> Dossier {
    let version = known.map_or(0, |known| known.version);
    let mut dossier = Dossier { version: version + 1, ..dossier.clone() };
    let unchanged = known.filter(|known| known.status == dossier.status).and_then(|known| known.status_at);
    let status_at = dossier.status_at.or(unchanged).unwrap_or(case.now);
    dossier.status_at = Some(status_at);
    // The moment of the status is the best that is known where the moment itself was left out.
    match dossier.status {
        Status::Accepted => dossier.accepted_at = dossier.accepted_at.or(Some(status_at)),
        Status::Returned => dossier.picked_up_at = dossier.picked_up_at.or(Some(status_at)),
        Status::Withdrawn => dossier.withdrawn_at = dossier.withdrawn_at.or(Some(status_at)),
        Status::Ready => dossier.ready_at = dossier.ready_at.or(Some(status_at)),
        _ => {}
    }
    dossier
}

/// The dossier in its new state, to be forgotten in its time.
fn stored(dossier: Dossier, key: Key, name: &str, case: &Case<'_>) -> Outcome {
    let version = dossier.version;
    let mut changes: Vec<_> = forget::timer(&dossier, case).into_iter().collect();
    changes.push((key, Some(Record::Dossier(Box::new(dossier)))));
    done(version, changes, name)
}

fn check(dossier: &Dossier, case: &Case<'_>) -> Result<(), CommandError> {
    check_kept(case)?;
    if tells("unit", case) && fold(&dossier.unit).is_empty() {
        return Err(invalid("unit", "is empty, and citizens are told who handles their dossier"));
    }
    check_reason(dossier.status, &dossier.note, case)?;
    if !(1..=CODE_MAX).contains(&code_key(&dossier.code).len()) || dossier.code.len() > 2 * CODE_MAX {
        return Err(invalid("code", "1 to 32 letters and digits"));
    }
    for (field, moment) in [
        ("accepted_at", dossier.accepted_at),
        ("fee_paid_at", dossier.fee_paid_at),
        ("status_at", dossier.status_at),
        ("ready_at", dossier.ready_at),
        ("picked_up_at", dossier.picked_up_at),
        ("withdrawn_at", dossier.withdrawn_at),
    ] {
        check_past(field, moment, case)?;
    }
    check_length("note", &dossier.note, NOTE_MAX)?;
    check_length("unit", &dossier.unit, TEXT_MAX)?;
    check_length("kind", &dossier.kind, TEXT_MAX)?;
    check_length("applicant", &dossier.applicant, TEXT_MAX)
}

/// Refuses a status without the reason that its text tells.
fn check_reason(status: Status, note: &str, case: &Case<'_>) -> Result<(), CommandError> {
    let told = matches!(status, Status::NotAccepted | Status::Supplement | Status::Stopped);
    if told && tells("note", case) && fold(note).is_empty() {
        return Err(invalid("note", "is empty, and citizens are told the reason of this status"));
    }
    Ok(())
}

/// Whether the pack's texts on dossiers say this field to citizens: then it may not be empty.
fn tells(field: &str, case: &Case<'_>) -> bool {
    let texts = case.service.templates.iter().filter(|(role, _)| role.starts_with("dossier."));
    texts.into_iter().any(|(_, template)| template.fields().any(|name| name == field))
}

/// Refuses a dossier of a service that keeps none: no citizen could ask for it.
fn check_kept(case: &Case<'_>) -> Result<(), CommandError> {
    if case.service.dossiers.is_some() { Ok(()) } else { Err(not_found("dossier service")) }
}

/// Refuses a moment that has not come yet.
fn check_past(field: &str, moment: Option<Timestamp>, case: &Case<'_>) -> Result<(), CommandError> {
    match moment {
        Some(moment) if moment.duration_since(case.now) > CLOCK_SKEW => {
            Err(invalid(field, "lies in the future"))
        }
        _ => Ok(()),
    }
}

/// Notes that something happened to a dossier.
pub(crate) fn happen(code: &str, event: &DossierEvent, at: Option<Timestamp>, case: &Case<'_>) -> Decision {
    if let Err(error) = check_kept(case) {
        return Ok(refuse(error, "dossier_refused"));
    }
    let key = Key::Dossier(case.service.id, code_key(code));
    let Some(known) = case.dossier(&key)? else {
        return Ok(refuse(not_found("dossier"), "dossier_not_found"));
    };
    if let Err(error) = check_past("at", at, case) {
        return Ok(refuse(error, "dossier_refused"));
    }
    let at = at.unwrap_or(case.now);
    let mut dossier = Dossier { version: known.version + 1, ..known.clone() };
    if let Err(error) = apply(event, at, &mut dossier, case) {
        return Ok(refuse(error, "dossier_refused"));
    }
    Ok(stored(dossier, key, "dossier_event", case))
}

fn apply(
    event: &DossierEvent,
    at: Timestamp,
    dossier: &mut Dossier,
    case: &Case<'_>,
) -> Result<(), CommandError> {
    match event {
        DossierEvent::Accepted => {
            dossier.accepted_at = Some(at);
            if matches!(dossier.status, Status::Registered | Status::NotAccepted) {
                enter(Status::Accepted, "", at, dossier, case)?;
            }
        }
        DossierEvent::FeePaid { amount } => {
            dossier.fee_paid_at = Some(at);
            dossier.fee_amount = amount.or(dossier.fee_amount);
            if dossier.status == Status::FeeDue {
                enter(Status::Processing, "", at, dossier, case)?;
            }
        }
        DossierEvent::Status { code, note } => {
            let status = Status::from_code(*code).ok_or_else(|| invalid("code", "1 to 10"))?;
            enter(status, note, at, dossier, case)?;
        }
        DossierEvent::Due { on } => promise(*on, dossier, case),
        DossierEvent::Supplement { note } => enter(Status::Supplement, note, at, dossier, case)?,
        DossierEvent::Resumed => enter(Status::Processing, "", at, dossier, case)?,
        DossierEvent::Ready => enter(Status::Ready, "", at, dossier, case)?,
        DossierEvent::Refused { note } => enter(Status::Stopped, note, at, dossier, case)?,
        DossierEvent::PickedUp => enter(Status::Returned, "", at, dossier, case)?,
        DossierEvent::Withdrawn => enter(Status::Withdrawn, "", at, dossier, case)?,
    }
    Ok(())
}

/// Sets the status and the moments that hang on it; a correction takes back what no longer holds.
fn enter(
    status: Status,
    note: &str,
    at: Timestamp,
    dossier: &mut Dossier,
    case: &Case<'_>,
) -> Result<(), CommandError> {
    check_length("note", note, NOTE_MAX)?;
    check_reason(status, note, case)?;
    dossier.status = status;
    dossier.status_at = Some(at);
    note.clone_into(&mut dossier.note);
    dossier.picked_up_at = (status == Status::Returned).then_some(at);
    dossier.withdrawn_at = (status == Status::Withdrawn).then_some(at);
    match status {
        Status::Ready => dossier.ready_at = Some(at),
        Status::Accepted => dossier.accepted_at = dossier.accepted_at.or(Some(at)),
        // A refusal may be picked up as well: the result's day stays as it was.
        Status::Returned | Status::Stopped | Status::Withdrawn => {}
        _ => dossier.ready_at = None,
    }
    Ok(())
}

/// Sets the promised day; once that has passed, the new one beside it.
fn promise(on: jiff::civil::Date, dossier: &mut Dossier, case: &Case<'_>) {
    let today = case.local_now().date();
    if dossier.due_on.is_some_and(|due_on| due_on < today) {
        dossier.new_due_on = Some(on);
    } else {
        dossier.due_on = Some(on);
        dossier.new_due_on = None;
    }
}
