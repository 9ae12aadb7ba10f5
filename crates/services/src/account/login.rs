//! Log-in and change of password. The password itself was compared and hashed outside the engine; what counts
//! here is whether that verdict still holds and whether the account may be used.

use jiff::SignedDuration;
use model::account::PasswordOrigin;
use model::service::AccountSettings;
use model::{Account, Answer, CommandError, Outcome, Redacted};

use super::{account_write, stop_clock};
use crate::case::{Case, Decision, done, refuse, writes};

/// What was compared outside: whether the password fitted, and the account's version.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) matched: bool,
    pub(crate) version: u64,
}

/// Lets a citizen in, or refuses without saying why.
pub(crate) fn log_in(id_number: &Redacted<String>, compared: Compared, case: &Case<'_>) -> Decision {
    let account = match admit(id_number, compared, case)? {
        Ok(account) => account,
        Err(refusal) => return Ok(refusal),
    };
    let must_change = account.password_origin == PasswordOrigin::Issued;
    let account = Account { last_login_at: Some(case.now), ..forgiven(account) };
    Ok(Outcome {
        answer: Some(Ok(Answer::LoggedIn { must_change })),
        ..writes(vec![account_write(account, case)], "logged_in")
    })
}

/// Puts the citizen's own password in force and stops the clock of the issued one.
pub(crate) fn change_password(
    id_number: &Redacted<String>,
    compared: Compared,
    hash: &Redacted<String>,
    case: &Case<'_>,
) -> Decision {
    let account = match admit(id_number, compared, case)? {
        Ok(account) => account,
        Err(refusal) => return Ok(refusal),
    };
    let version = account.version + 1;
    let changed = Account {
        password_hash: Redacted(Some(hash.0.clone())),
        password_origin: PasswordOrigin::Own,
        password_set_at: Some(case.now),
        password_expires_at: None,
        version,
        ..forgiven(account)
    };
    let mut changes = vec![account_write(changed, case)];
    changes.extend(stop_clock(account, case));
    Ok(done(version, changes, "password_changed"))
}

/// The account, where the password fits and is in force; else the refusal.
fn admit<'a>(
    id_number: &str,
    compared: Compared,
    case: &Case<'a>,
) -> Result<Result<&'a Account, Outcome>, crate::case::Need> {
    let refused = || refuse(CommandError::Refused, "login_refused");
    let Some(settings) = &case.service.accounts else {
        return Ok(Err(refused()));
    };
    let Some(account) = case.account(id_number)?.filter(|account| account.password_hash.is_some()) else {
        return Ok(Err(refused()));
    };
    if account.locked_until.is_some_and(|until| case.now < until) {
        // A lock that said so would tell a stranger that there is an account.
        return Ok(Err(refuse(CommandError::Refused, "login_locked")));
    }
    if compared.version != account.version {
        // Another password is in force than the one that was looked at: the caller compares again.
        let reason = "the password was changed meanwhile".to_owned();
        return Ok(Err(refuse(CommandError::Conflict { reason }, "login_conflict")));
    }
    if !compared.matched {
        return Ok(Err(Outcome {
            writes: vec![account_write(failed(account, settings, case), case)],
            ..refused()
        }));
    }
    let expired = account.password_expires_at.is_some_and(|expires_at| case.now >= expires_at);
    Ok(if expired { Err(refused()) } else { Ok(account) })
}

/// One wrong password more; the last one allowed locks.
fn failed(account: &Account, settings: &AccountSettings, case: &Case<'_>) -> Account {
    let failed_logins = account.failed_logins + 1;
    if failed_logins < settings.failed_logins_max {
        return Account { failed_logins, ..account.clone() };
    }
    let lock = SignedDuration::from_mins(i64::from(settings.lock_minutes));
    Account { failed_logins: 0, locked_until: case.now.checked_add(lock).ok(), ..account.clone() }
}

fn forgiven(account: &Account) -> Account {
    Account { failed_logins: 0, locked_until: None, ..account.clone() }
}
