//! Accounts that were made elsewhere, and phones that got a new owner.

use axum::Json;
use axum::extract::State;
use model::account::CreatedVia;
use model::{Answer, ClerkCommand, Redacted};

use crate::App;
use crate::auth::Actor;
use crate::json::Fields;
use crate::parameter::{self, Place};
use crate::problem::Problem;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 120;
/// Characters of a phone as written: 15 digits with blanks, dots and a `+`.
const PHONE_CHARS_MAX: usize = 30;

/// `POST /accounts/{service}/import`: an ID number and a phone that are taken.
pub(crate) async fn import(
    State(app): State<App>,
    actor: Actor,
    Place(service): Place<String>,
    mut fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let command = ClerkCommand::ImportAccount {
        service: app.service(&service)?.id,
        id_number: read_id_number(&mut fields)?,
        full_name: fields.required_text("full_name", NAME_CHARS_MAX)?.into(),
        birth_date: fields.required_day("birth_date")?.into(),
        phone: fields.text("phone", PHONE_CHARS_MAX)?.map(Redacted),
        created_via: read_created_via(&mut fields)?,
    };
    fields.finish()?;
    Ok(Json(app.answer(&actor.0, command).await?))
}

/// `DELETE /accounts/{service}/phones/{msisdn}`: the phone may register anew; its account stays.
pub(crate) async fn free_phone(
    State(app): State<App>,
    actor: Actor,
    Place((service, msisdn)): Place<(String, String)>,
) -> Result<Json<Answer>, Problem> {
    let service = app.service(&service)?.id;
    let command = ClerkCommand::FreePhone { service, msisdn: parameter::msisdn(&msisdn)? };
    Ok(Json(app.answer(&actor.0, command).await?))
}

fn read_id_number(fields: &mut Fields) -> Result<Redacted<String>, Problem> {
    let id_number: String = fields.required("id_number")?;
    if is_id_number(&id_number) {
        Ok(Redacted(id_number))
    } else {
        Err(fields.wrong("id_number", "has nine or twelve digits"))
    }
}

fn read_created_via(fields: &mut Fields) -> Result<CreatedVia, Problem> {
    match fields.optional::<String>("created_via")?.as_deref() {
        None | Some("import") => Ok(CreatedVia::Import),
        Some("email") => Ok(CreatedVia::Email),
        Some(_) => Err(fields.wrong("created_via", "must be email or import")),
    }
}

/// Whether `text` has the form of a Vietnamese ID number.
pub(crate) fn is_id_number(text: &str) -> bool {
    matches!(text.len(), 9 | 12) && text.bytes().all(|octet| octet.is_ascii_digit())
}
