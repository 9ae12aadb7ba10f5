//! The second turn of a password, when it was drawn, and what became of the message that carried it.

use jiff::{SignedDuration, Timestamp};
use model::account::{Delivery, PasswordOrigin};
use model::outcome::{Class, FinalState, FinalSubject};
use model::{Account, Key, OutboxId, Outgoing, Record, Redacted};

use super::{account_write, rotation_timer};
use crate::calendar::{first_within, held_until};
use crate::case::{Case, Decision, label, writes};
use crate::render::{Rendered, Values};

/// Puts a drawn password in force, starts its clock and gives the waiting message its text.
pub(crate) fn drawn(
    subject: &FinalSubject,
    outbox: OutboxId,
    password: &Redacted<String>,
    hash: &Redacted<String>,
    case: &Case<'_>,
) -> Decision {
    let (role, id_number) = match subject {
        FinalSubject::Credentials(_, id_number) => ("account.created", id_number),
        FinalSubject::Rotation(_, id_number) => ("account.rotated", id_number),
    };
    let Some(settings) = &case.service.accounts else {
        return Ok(label("no_accounts"));
    };
    let Some(account) = case.account(id_number)?.filter(|account| is_awaiting(account)) else {
        return Ok(label("drawn_for_nobody"));
    };
    let values = Values::new().text("tk", id_number).text("mk", password);
    let (Some(to), Some(Rendered { template, text })) = (&account.phone, case.render(role, values)) else {
        return Ok(label("drawn_for_nobody"));
    };
    let not_before = match subject {
        FinalSubject::Credentials(..) => None,
        FinalSubject::Rotation(..) => held_until(case.service, case.now),
    };
    let expires_at = expiry(not_before.unwrap_or(case.now), settings.password_hours, case);
    let account = Account {
        password_hash: Redacted(Some(hash.0.clone())),
        password_origin: PasswordOrigin::Issued,
        password_set_at: Some(case.now),
        password_expires_at: Some(expires_at),
        credentials: Some(outbox),
        delivery: Delivery::Pending,
        version: account.version + 1,
        ..account.clone()
    };
    let message = Outgoing {
        to: *to,
        template,
        text: Some(text),
        class: Class::Credential,
        not_before,
        expires_at: None,
        subject: Some(subject.clone()),
    };
    let timer = rotation_timer(id_number, case);
    let clock = (Key::Timer(expires_at, timer.clone()), Some(Record::Timer(expires_at, timer)));
    let mut outcome = writes(vec![account_write(account, case), clock], &template);
    outcome.messages.push(message);
    Ok(outcome)
}

fn is_awaiting(account: &Account) -> bool {
    account.password_origin == PasswordOrigin::Issuing
}

/// When a password that leaves at `issued` dies: the first moment in notice hours after its hours are over, so
/// that the old one dies when the new one is sent.
fn expiry(issued: Timestamp, hours: u32, case: &Case<'_>) -> Timestamp {
    let over = issued.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX);
    first_within(case.service.notice_hours, over, &case.service.zone)
}

/// Notes what became of the last message with a password.
pub(crate) fn concluded(
    subject: &FinalSubject,
    outbox: OutboxId,
    state: FinalState,
    case: &Case<'_>,
) -> Decision {
    let (FinalSubject::Credentials(_, id_number) | FinalSubject::Rotation(_, id_number)) = subject;
    let delivery = match state {
        FinalState::Delivered => Delivery::Delivered,
        FinalState::Failed => Delivery::Failed,
        FinalState::Unknown => return Ok(label("delivery_unknown")),
    };
    // While a password is being drawn the account knows no message yet: a failure is that of the waiting one.
    let concerns = |account: &&Account| match account.credentials {
        Some(known) => known == outbox,
        None => is_awaiting(account) && delivery == Delivery::Failed,
    };
    let Some(account) = case.account(id_number)?.filter(concerns) else {
        return Ok(label("delivery_of_old_message"));
    };
    let name = if delivery == Delivery::Failed { "credentials_failed" } else { "credentials_delivered" };
    Ok(writes(vec![account_write(Account { delivery, ..account.clone() }, case)], name))
}
