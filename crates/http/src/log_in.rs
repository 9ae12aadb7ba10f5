//! Log-in and password change for a portal. Hashing happens here, off the engine; only the verdict and the
//! new hash enter a turn.

use axum::Json;
use axum::extract::State;
use model::{Account, Answer, ClerkCommand, CommandError, Key, Record, Redacted, ServiceId};

use crate::App;
use crate::accounts::is_id_number;
use crate::auth::Actor;
use crate::json::Fields;
use crate::problem::Problem;

/// Characters of a password: more than anybody types; 256 octets of UTF-8 at most, which `vault` hashes.
const PASSWORD_CHARS_MAX: usize = 64;
/// Characters of a new password, at least: what the guides of the national portal ask for.
const PASSWORD_CHARS_MIN: usize = 8;
/// Characters of a log-in name as typed: twelve digits in groups.
const USERNAME_CHARS_MAX: usize = 40;

/// `POST /login`.
pub(crate) async fn log_in(
    State(app): State<App>,
    actor: Actor,
    mut fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let login = LogIn::read(&app, &mut fields, "password")?;
    fields.finish()?;
    let mut decided = login.log_in(&app, &actor).await?;
    if changed_meanwhile(&decided) {
        decided = login.log_in(&app, &actor).await?;
    }
    Ok(Json(decided?))
}

/// `POST /password`: stops the clock of an issued password.
pub(crate) async fn change_password(
    State(app): State<App>,
    actor: Actor,
    mut fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let login = LogIn::read(&app, &mut fields, "old")?;
    let new = Redacted(fields.required::<String>("new")?);
    check_policy(&new, &login.password).map_err(|reason| fields.wrong("new", reason))?;
    fields.finish()?;
    let mut decided = login.change(&app, &actor, &new).await?;
    if changed_meanwhile(&decided) {
        decided = login.change(&app, &actor, &new).await?;
    }
    Ok(Json(decided?))
}

/// Whether the account changed between the comparison and the turn: then it is compared once more.
fn changed_meanwhile(decided: &Result<Answer, CommandError>) -> bool {
    matches!(decided, Err(CommandError::Conflict { .. }))
}

/// What a caller says to be let in.
struct LogIn {
    service: ServiceId,
    id_number: Redacted<String>,
    password: Redacted<String>,
}

/// A password that was compared with the account of that version.
struct Compared {
    matched: bool,
    version: u64,
}

impl LogIn {
    fn read(app: &App, fields: &mut Fields, password: &str) -> Result<Self, Problem> {
        let service = app.service(&fields.required_text("service", USERNAME_CHARS_MAX)?)?.id;
        let username = fields.required_text("username", USERNAME_CHARS_MAX)?;
        let id_number = username.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect::<String>();
        let secret: String = fields.required(password)?;
        if secret.chars().count() > PASSWORD_CHARS_MAX {
            return Err(fields.wrong(password, format!("has more than {PASSWORD_CHARS_MAX} characters")));
        }
        Ok(Self { service, id_number: Redacted(id_number), password: Redacted(secret) })
    }

    async fn log_in(&self, app: &App, actor: &Actor) -> Result<Result<Answer, CommandError>, Problem> {
        let Compared { matched, version } = self.compare(app).await?;
        let (service, id_number) = (self.service, self.id_number.clone());
        app.run(&actor.0, ClerkCommand::LogIn { service, id_number, matched, version }).await
    }

    async fn change(
        &self,
        app: &App,
        actor: &Actor,
        new: &Redacted<String>,
    ) -> Result<Result<Answer, CommandError>, Problem> {
        let Compared { matched, version } = self.compare(app).await?;
        // Hashed in any case: while an account is locked, the time must not tell who knew its password.
        let hash = app.passwords.hash(new.clone()).await?;
        let hash = if matched { hash } else { Redacted::default() };
        let (service, id_number) = (self.service, self.id_number.clone());
        let command = ClerkCommand::ChangePassword { service, id_number, matched, version, hash };
        app.run(&actor.0, command).await
    }

    /// Compares with the account's hash, or with a hash of nobody's where there is none: both take as long.
    async fn compare(&self, app: &App) -> Result<Compared, Problem> {
        let account = self.account(app).await?;
        let version = account.as_ref().map_or(0, |account| account.version);
        let hash = account.and_then(|account| account.password_hash.0).map(Redacted);
        let matched = app.passwords.matches(self.password.clone(), hash).await?;
        Ok(Compared { matched, version })
    }

    async fn account(&self, app: &App) -> Result<Option<Account>, Problem> {
        if !is_id_number(&self.id_number) {
            return Ok(None);
        }
        match app.record(Key::Account(self.service, self.id_number.clone())).await? {
            Some(Record::Account(account)) => Ok(Some(*account)),
            _ => Ok(None),
        }
    }
}

/// The national portal's policy: length and four classes of characters, and not the current password.
fn check_policy(new: &str, old: &str) -> Result<(), String> {
    let length = new.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&length) {
        return Err(format!("has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"));
    }
    if new.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    let special = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    let classes: [(&str, bool); 4] = [
        ("an upper-case letter", new.chars().any(char::is_uppercase)),
        ("a lower-case letter", new.chars().any(char::is_lowercase)),
        ("a digit", new.chars().any(|c| c.is_ascii_digit())),
        ("a special character", new.chars().any(special)),
    ];
    if let Some((missing, _)) = classes.iter().find(|(_, there)| !there) {
        return Err(format!("needs {missing}"));
    }
    if new == old {
        return Err("is the current password".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_takes_the_sources_example_and_names_what_is_missing() {
        assert_eq!(check_policy("Aa@123456", "x"), Ok(()));
        for (new, reason) in [
            ("Aa@1234", "has 8 to 64 characters"),
            ("aa@123456", "needs an upper-case letter"),
            ("AA@123456", "needs a lower-case letter"),
            ("Aa@bcdefg", "needs a digit"),
            ("Aa1234567", "needs a special character"),
            ("Aa 123456", "needs a special character"),
            ("Old@12345", "is the current password"),
            ("Aa@12\u{7}3456", "holds a control character"),
        ] {
            assert_eq!(check_policy(new, "Old@12345"), Err(reason.to_owned()), "{new}");
        }
        assert!(check_policy(&"Aa@1".repeat(17), "x").is_err());
    }
}
