//! Accounts that were made elsewhere, and phones that got a new owner.

use jiff::civil::Date;
use model::account::{CreatedVia, Delivery, IdType, PasswordOrigin};
use model::{Account, CommandError, Key, Msisdn, Record, Redacted};

use super::{account_write, phone_holder, phone_key};
use crate::case::{Case, Decision, check_length, done, invalid, not_found, refuse};
use crate::fold::fold;

/// Characters of a name.
const NAME_MAX: usize = 200;

/// What is known of an account that was made elsewhere.
pub(crate) struct Imported<'a> {
    pub(crate) id_number: &'a str,
    pub(crate) full_name: &'a str,
    pub(crate) birth_date: &'a Redacted<Date>,
    pub(crate) phone: Option<&'a str>,
    pub(crate) created_via: CreatedVia,
}

/// Takes an account for uniqueness; it has no password here.
pub(crate) fn import(imported: &Imported<'_>, case: &Case<'_>) -> Decision {
    let (id_type, phone) = match check(imported, case) {
        Ok(checked) => checked,
        Err(error) => return Ok(refuse(error, "import_refused")),
    };
    let account_key = Key::Account(case.service.id, imported.id_number.into());
    case.require(std::iter::once(account_key).chain(phone.iter().map(|phone| phone_key(phone, case))))?;
    if case.account(imported.id_number)?.is_some() {
        return Ok(conflict("id_number has an account"));
    }
    let holder = match &phone {
        Some(phone) => phone_holder(phone, case)?,
        None => None,
    };
    if holder.is_some() {
        return Ok(conflict("phone has an account"));
    }
    let id_number = Redacted(imported.id_number.to_owned());
    let taken =
        phone.as_ref().map(|phone| (phone_key(phone, case), Some(Record::AccountPhone(id_number.clone()))));
    let account = account_of(imported, id_number, id_type, phone, case);
    let changes = std::iter::once(account_write(account, case)).chain(taken).collect();
    Ok(done(1, changes, "account_imported"))
}

fn account_of(
    imported: &Imported<'_>,
    id_number: Redacted<String>,
    id_type: IdType,
    phone: Option<Msisdn>,
    case: &Case<'_>,
) -> Account {
    Account {
        id_number,
        id_type,
        full_name: Redacted(fold(imported.full_name).to_uppercase()),
        birth_date: imported.birth_date.clone(),
        phone,
        password_hash: Redacted(None),
        password_origin: PasswordOrigin::Own,
        password_set_at: None,
        password_expires_at: None,
        rotation_count: 0,
        credentials: None,
        delivery: Delivery::Pending,
        created_via: imported.created_via,
        created_at: case.now,
        last_login_at: None,
        failed_logins: 0,
        locked_until: None,
        version: 1,
    }
}

fn check(imported: &Imported<'_>, case: &Case<'_>) -> Result<(IdType, Option<Msisdn>), CommandError> {
    if case.service.accounts.is_none() {
        return Err(not_found("account service"));
    }
    let digits = imported.id_number.bytes().all(|octet| octet.is_ascii_digit());
    let id_type = match imported.id_number.len() {
        9 if digits => IdType::Cmnd9,
        12 if digits => IdType::Cccd12,
        _ => return Err(invalid("id_number", "9 or 12 digits")),
    };
    if imported.full_name.trim().is_empty() {
        return Err(invalid("full_name", "is empty"));
    }
    check_length("full_name", imported.full_name, NAME_MAX)?;
    let phone = match imported.phone {
        Some(phone) => {
            Some(case.service.plan.read(phone).ok_or_else(|| invalid("phone", "is no phone number"))?)
        }
        None => None,
    };
    Ok((id_type, phone))
}

fn conflict(reason: &str) -> model::Outcome {
    refuse(CommandError::Conflict { reason: reason.to_owned() }, "import_conflict")
}

/// Takes the phone off its account: the number got a new owner. The account stays with the ID number.
pub(crate) fn free_phone(msisdn: &Msisdn, case: &Case<'_>) -> Decision {
    let Some(id_number) = phone_holder(msisdn, case)? else {
        return Ok(refuse(not_found("phone"), "phone_not_found"));
    };
    let mut changes = vec![(phone_key(msisdn, case), None)];
    let mut version = 0;
    if let Some(account) = case.account(&id_number)? {
        version = account.version;
        changes.push(account_write(Account { phone: None, ..account.clone() }, case));
    }
    Ok(done(version, changes, "phone_freed"))
}
