//! The three-day rule: an issued password that was not changed is deleted and a new one is sent.

use model::account::PasswordOrigin;
use model::outcome::FinalSubject;
use model::{Account, Key, Record, Redacted};

use super::{account_write, awaiting, issuing, rotation_timer};
use crate::calendar::held_until;
use crate::case::{Case, Decision, label, writes};

/// The clock of an issued password ran out.
pub(crate) fn due(id_number: &Redacted<String>, case: &Case<'_>) -> Decision {
    let Some(settings) = &case.service.accounts else {
        return Ok(label("no_accounts"));
    };
    let issued = |account: &&Account| account.password_origin == PasswordOrigin::Issued;
    let Some(account) = case.account(id_number)?.filter(issued) else {
        return Ok(label("rotation_over"));
    };
    let Some(expires_at) = account.password_expires_at else {
        return Ok(label("rotation_over"));
    };
    if case.now < expires_at {
        // An old timer of this account, or a clock that went back: the one in force must stand.
        let timer = rotation_timer(id_number, case);
        let clock = (Key::Timer(expires_at, timer.clone()), Some(Record::Timer(expires_at, timer)));
        return Ok(writes(vec![clock], "rotation_not_due"));
    }
    let exhausted = settings.max_rotations > 0 && account.rotation_count >= settings.max_rotations;
    let Some(phone) = account.phone.as_ref().filter(|_| !exhausted) else {
        let dead = Account {
            password_hash: Redacted(None),
            password_expires_at: None,
            version: account.version + 1,
            ..account.clone()
        };
        let name = if exhausted { "rotation_limit" } else { "rotation_without_phone" };
        return Ok(writes(vec![account_write(dead, case)], name));
    };
    let subject = FinalSubject::Rotation(case.service.id, id_number.clone());
    let held = held_until(case.service, case.now);
    let mut outcome = awaiting("account.rotated", subject, phone, held, case);
    let rotation_count = account.rotation_count + 1;
    outcome.writes.push(account_write(Account { rotation_count, ..issuing(account) }, case));
    Ok(outcome)
}
