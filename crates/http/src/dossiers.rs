//! Dossiers: what case systems and clerks say of a citizen's application.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use model::dossier::{DossierEvent, Status, code_key};
use model::{Answer, ClerkCommand, Dossier, Key, Record, SmolStr};
use serde_json::json;

use crate::App;
use crate::auth::Actor;
use crate::json::Fields;
use crate::parameter::Place;
use crate::problem::{Kind, Problem};

/// Characters of a code; printed ones have 8 to 20.
const CODE_CHARS_MAX: usize = 40;
/// Characters of a procedure's or an office's name; both stand in one SMS with other fields.
const NAME_CHARS_MAX: usize = 80;
/// Characters of a note; replies show the first 40 of them.
const NOTE_CHARS_MAX: usize = 300;
/// Characters of an applicant's name.
const APPLICANT_CHARS_MAX: usize = 120;

/// `GET /dossiers/{service}/{code}`: the record, its version as `ETag`.
pub(crate) async fn get(
    State(app): State<App>,
    Place((service, code)): Place<(String, String)>,
) -> Result<Response, Problem> {
    let service = app.service(&service)?;
    let key = Key::Dossier(service.id, checked_key(&code)?);
    let Some(Record::Dossier(dossier)) = app.record(key).await? else {
        return Err(Problem::not_found("dossier"));
    };
    Ok(versioned(dossier.version, shape(&dossier)))
}

/// `PUT /dossiers/{service}/{code}`: creates or replaces; `If-Match` guards against another's edit,
/// `If-None-Match: *` against replacing.
pub(crate) async fn put(
    State(app): State<App>,
    actor: Actor,
    Place((service, code)): Place<(String, String)>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let service = app.service(&service)?.id;
    let dossier = Box::new(read_dossier(&code, fields)?);
    let expected_version = precondition(&headers)?;
    let command = ClerkCommand::PutDossier { service, dossier, expected_version };
    let answer = app
        .answer(&actor.0, command)
        .await
        .map_err(|problem| if expected_version.is_some() { problem.of_precondition() } else { problem })?;
    Ok(answered(&answer))
}

/// `POST /dossiers/{service}/{code}/events`: one thing that happened.
pub(crate) async fn post_event(
    State(app): State<App>,
    actor: Actor,
    Place((service, code)): Place<(String, String)>,
    mut fields: Fields,
) -> Result<Response, Problem> {
    let service = app.service(&service)?.id;
    checked_key(&code)?;
    let at = fields.optional::<Timestamp>("at")?;
    let event = read_event(fields)?;
    let command = ClerkCommand::DossierEvent { service, code, event, at };
    Ok(answered(&app.answer(&actor.0, command).await?))
}

fn checked_key(code: &str) -> Result<SmolStr, Problem> {
    let key = code_key(code);
    if key.is_empty() || code.chars().count() > CODE_CHARS_MAX || code.chars().any(char::is_control) {
        let reason = format!("has letters or digits and at most {CODE_CHARS_MAX} characters");
        return Err(Problem::field("/code", reason));
    }
    Ok(key)
}

/// The version that the caller saw: of `If-Match: "7"`, or 0 of `If-None-Match: *`.
fn precondition(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None, None) => Ok(None),
        (None, Some("*")) => Ok(Some(0)),
        (Some(tag), None) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            version.and_then(|version| version.parse().ok()).map(Some).ok_or_else(|| {
                Problem::new(Kind::VersionMismatch, "If-Match must be the ETag of an earlier answer")
            })
        }
        _ => {
            Err(Problem::new(Kind::VersionMismatch, "give either If-Match with an ETag or If-None-Match: *"))
        }
    }
}

fn read_dossier(code: &str, mut fields: Fields) -> Result<Dossier, Problem> {
    let key = checked_key(code)?;
    let printed = fields.text("code", CODE_CHARS_MAX)?;
    if printed.as_deref().is_some_and(|printed| code_key(printed) != key) {
        return Err(fields.wrong("code", "is another code than the path's"));
    }
    read_rest(printed.unwrap_or_else(|| code.to_owned()), fields)
}

/// A dossier that names its code itself.
pub(crate) fn read_row(mut fields: Fields) -> Result<Dossier, Problem> {
    let code = fields.required_text("code", CODE_CHARS_MAX)?;
    checked_key(&code)?;
    read_rest(code, fields)
}

fn read_rest(code: String, mut fields: Fields) -> Result<Dossier, Problem> {
    let dossier = Dossier {
        code,
        kind: fields.text("kind", NAME_CHARS_MAX)?.unwrap_or_default(),
        unit: fields.text("unit", NAME_CHARS_MAX)?.unwrap_or_default(),
        accepted_at: fields.optional("accepted_at")?,
        fee_paid_at: fields.optional("fee_paid_at")?,
        fee_amount: fields.optional("fee_amount")?,
        due_on: fields.day("due_on")?,
        new_due_on: fields.day("new_due_on")?,
        status: fields.optional::<Status>("status")?.unwrap_or_default(),
        status_at: fields.optional("status_at")?,
        note: fields.text("note", NOTE_CHARS_MAX)?.unwrap_or_default(),
        ready_at: fields.optional("ready_at")?,
        picked_up_at: fields.optional("picked_up_at")?,
        withdrawn_at: fields.optional("withdrawn_at")?,
        applicant: fields.text("applicant", APPLICANT_CHARS_MAX)?.unwrap_or_default().into(),
        version: 0,
    };
    fields.finish()?;
    Ok(dossier)
}

fn read_event(mut fields: Fields) -> Result<DossierEvent, Problem> {
    let name: String = fields.required("event")?;
    let event = match name.as_str() {
        "accepted" => DossierEvent::Accepted,
        "fee_paid" => DossierEvent::FeePaid { amount: fields.optional("amount")? },
        "status" => DossierEvent::Status {
            code: read_status_code(&mut fields)?,
            note: fields.text("note", NOTE_CHARS_MAX)?.unwrap_or_default(),
        },
        "due" => DossierEvent::Due { on: fields.required_day("on")? },
        "supplement" => DossierEvent::Supplement { note: fields.required_text("note", NOTE_CHARS_MAX)? },
        "resumed" => DossierEvent::Resumed,
        "ready" => DossierEvent::Ready,
        "refused" => DossierEvent::Refused { note: fields.required_text("note", NOTE_CHARS_MAX)? },
        "picked_up" => DossierEvent::PickedUp,
        "withdrawn" => DossierEvent::Withdrawn,
        _ => {
            let known = "accepted, fee_paid, status, due, supplement, resumed, ready, refused, picked_up \
                         or withdrawn";
            return Err(fields.wrong("event", format!("must be {known}")));
        }
    };
    fields.finish()?;
    Ok(event)
}

fn read_status_code(fields: &mut Fields) -> Result<u8, Problem> {
    let code: u8 = fields.required("code")?;
    if Status::from_code(code).is_none() { Err(fields.wrong("code", "must be 1 to 10")) } else { Ok(code) }
}

/// The shape of a dossier in the API; the stored shape may change without it.
pub(crate) fn shape(dossier: &Dossier) -> serde_json::Value {
    json!({
        "code": dossier.code,
        "kind": dossier.kind,
        "unit": dossier.unit,
        "accepted_at": dossier.accepted_at,
        "fee_paid_at": dossier.fee_paid_at,
        "fee_amount": dossier.fee_amount,
        "due_on": dossier.due_on,
        "new_due_on": dossier.new_due_on,
        "status": dossier.status,
        "status_at": dossier.status_at,
        "note": dossier.note,
        "ready_at": dossier.ready_at,
        "picked_up_at": dossier.picked_up_at,
        "withdrawn_at": dossier.withdrawn_at,
        "applicant": dossier.applicant.0,
        "version": dossier.version,
    })
}

fn versioned(version: u64, body: serde_json::Value) -> Response {
    let mut response = Json(body).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn answered(answer: &Answer) -> Response {
    match answer {
        Answer::Done { version } => versioned(*version, json!(answer)),
        _ => (StatusCode::OK, Json(answer)).into_response(),
    }
}
