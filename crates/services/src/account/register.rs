//! `register`: opens an account, unless its ID number or the phone has one.

use jiff::civil::Date;
use model::account::{CreatedVia, Delivery, IdType, PasswordOrigin};
use model::outcome::FinalSubject;
use model::{Account, Key, Msisdn, Record, Redacted};

use super::{account_write, awaiting, issuing, phone_holder, phone_key, stop_clock};
use crate::case::{Case, Decision, label};
use crate::render::Values;

/// Opens an account; its log-in is texted as soon as a password is drawn.
pub(crate) fn register(
    name: &Redacted<String>,
    id_number: &Redacted<String>,
    id_type: IdType,
    dob: &Redacted<Date>,
    sender: &Msisdn,
    case: &Case<'_>,
) -> Decision {
    if case.service.accounts.is_none() {
        return Ok(label("no_accounts"));
    }
    let account_key = Key::Account(case.service.id, id_number.clone());
    case.require([account_key, phone_key(sender, case)])?;
    if let Some(account) = case.account(id_number)? {
        return Ok(if may_ask_again(account, sender) {
            issue(&issuing(account), stop_clock(account, case), sender, case)
        } else {
            case.reply(sender, "account.duplicate_id", Values::new())
        });
    }
    if phone_holder(sender, case)?.is_some() {
        return Ok(case.reply(sender, "account.duplicate_phone", Values::new()));
    }
    let account = Account {
        id_number: id_number.clone(),
        id_type,
        full_name: name.clone(),
        birth_date: dob.clone(),
        phone: Some(*sender),
        password_hash: Redacted(None),
        password_origin: PasswordOrigin::Issuing,
        password_set_at: None,
        password_expires_at: None,
        rotation_count: 0,
        credentials: None,
        delivery: Delivery::Pending,
        created_via: CreatedVia::Sms,
        created_at: case.now,
        last_login_at: None,
        failed_logins: 0,
        locked_until: None,
        version: 1,
    };
    let phone = (phone_key(sender, case), Some(Record::AccountPhone(id_number.clone())));
    Ok(issue(&account, Some(phone), sender, case))
}

/// The same citizen again, and the message with his password is known never to have come.
fn may_ask_again(account: &Account, sender: &Msisdn) -> bool {
    account.phone.as_ref() == Some(sender)
        && account.delivery == Delivery::Failed
        && account.password_origin != PasswordOrigin::Own
}

fn issue(
    account: &Account,
    other: Option<(Key, Option<Record>)>,
    sender: &Msisdn,
    case: &Case<'_>,
) -> model::Outcome {
    let subject = FinalSubject::Credentials(case.service.id, account.id_number.clone());
    let mut outcome = awaiting("account.created", subject, sender, None, case);
    // Without a text for the log-in there must be no account that nobody could use.
    if !outcome.messages.is_empty() {
        outcome.writes.push(account_write(account.clone(), case));
        outcome.writes.extend(other);
    }
    outcome
}
