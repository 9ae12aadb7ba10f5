//! E-government accounts (docs/services/accounts.md): one for each ID number and one for each phone, with an
//! issued password that dies after three days unless it is changed.

pub(crate) mod import;
pub(crate) mod issue;
pub(crate) mod login;
pub(crate) mod register;
pub(crate) mod rotate;

use jiff::Timestamp;
use model::account::{Delivery, PasswordOrigin};
use model::key::TimerSubject;
use model::outcome::{Class, FinalSubject};
use model::{Account, Key, Msisdn, Outgoing, Record, Redacted};

use crate::case::{Case, label, secret};

/// A record to write, or to delete.
type Write = (Key, Option<Record>);

fn account_write(account: Account, case: &Case<'_>) -> Write {
    let key = Key::Account(case.service.id, account.id_number.clone());
    (key, Some(Record::Account(Box::new(account))))
}

fn phone_key(phone: &Msisdn, case: &Case<'_>) -> Key {
    Key::AccountPhone(case.service.id, *phone)
}

/// The ID number whose account a phone holds.
fn phone_holder(phone: &Msisdn, case: &Case<'_>) -> Result<Option<String>, crate::case::Need> {
    Ok(case.read(&phone_key(phone, case))?.and_then(|record| match record {
        Record::AccountPhone(id_number) => Some(id_number.0.clone()),
        _ => None,
    }))
}

fn rotation_timer(id_number: &str, case: &Case<'_>) -> TimerSubject {
    TimerSubject::RotatePassword(case.service.id, secret(id_number))
}

/// Stops the clock of an issued password.
fn stop_clock(account: &Account, case: &Case<'_>) -> Option<Write> {
    let expires_at = account.password_expires_at?;
    Some((Key::Timer(expires_at, rotation_timer(&account.id_number, case)), None))
}

/// The account without a password, while a new one is drawn.
fn issuing(account: &Account) -> Account {
    Account {
        password_hash: Redacted(None),
        password_origin: PasswordOrigin::Issuing,
        password_set_at: None,
        password_expires_at: None,
        credentials: None,
        delivery: Delivery::Pending,
        version: account.version + 1,
        ..account.clone()
    }
}

/// The message that waits for a drawn password.
fn awaiting(
    role: &str,
    subject: FinalSubject,
    to: &Msisdn,
    not_before: Option<Timestamp>,
    case: &Case<'_>,
) -> model::Outcome {
    let Some(template) = case.service.templates.get(role) else {
        return label(format!("no_template:{role}"));
    };
    let message = Outgoing {
        to: *to,
        template: template.id,
        text: None,
        class: Class::Credential,
        not_before,
        expires_at: None,
        subject: Some(subject),
    };
    model::Outcome { messages: vec![message], ..label(template.id) }
}
