//! Subscriber records, as a telephone operator feeds them.

use axum::Json;
use axum::extract::State;
use model::{Answer, ClerkCommand, Key, Msisdn, Record, Subscriber};
use serde_json::{Value, json};

use crate::App;
use crate::auth::Actor;
use crate::json::Fields;
use crate::parameter::{self, Place};
use crate::problem::Problem;

/// Characters of a name, a place or an operator; two SMS parts carry what is told of them.
const TEXT_CHARS_MAX: usize = 120;
/// Characters of a document's number.
const DOC_NUMBER_CHARS_MAX: usize = 20;
/// The documents: nine-digit ID, twelve-digit ID, passport.
const DOC_TYPES: [&str; 3] = ["CMND", "CCCD", "HC"];

/// `GET /subscribers/{msisdn}`.
pub(crate) async fn get(
    State(app): State<App>,
    Place(msisdn): Place<String>,
) -> Result<Json<Value>, Problem> {
    let key = Key::Subscriber(parameter::msisdn(&msisdn)?);
    match app.record(key).await? {
        Some(Record::Subscriber(subscriber)) => Ok(Json(shape(&subscriber))),
        _ => Err(Problem::not_found("subscriber")),
    }
}

/// `PUT /subscribers/{msisdn}`: writes the whole record.
pub(crate) async fn put(
    State(app): State<App>,
    actor: Actor,
    Place(msisdn): Place<String>,
    fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let subscriber = read_subscriber(parameter::msisdn(&msisdn)?, fields)?;
    Ok(Json(app.answer(&actor.0, ClerkCommand::PutSubscriber(Box::new(subscriber))).await?))
}

/// `DELETE /subscribers/{msisdn}`.
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    Place(msisdn): Place<String>,
) -> Result<Json<Answer>, Problem> {
    let command = ClerkCommand::DeleteSubscriber(parameter::msisdn(&msisdn)?);
    Ok(Json(app.answer(&actor.0, command).await?))
}

fn read_subscriber(msisdn: Msisdn, mut fields: Fields) -> Result<Subscriber, Problem> {
    let subscriber = Subscriber {
        msisdn,
        operator: fields.text("operator", TEXT_CHARS_MAX)?,
        organisation: fields.optional("organisation")?.unwrap_or_default(),
        full_name: fields.text("full_name", TEXT_CHARS_MAX)?.into(),
        birth_date: fields.day("birth_date")?.into(),
        doc_type: read_doc_type(&mut fields)?,
        doc_number: fields.text("doc_number", DOC_NUMBER_CHARS_MAX)?.into(),
        doc_issued_on: fields.day("doc_issued_on")?,
        doc_issued_by: fields.text("doc_issued_by", TEXT_CHARS_MAX)?,
        updated_at: fields.optional("updated_at")?,
    };
    fields.finish()?;
    Ok(subscriber)
}

fn read_doc_type(fields: &mut Fields) -> Result<Option<String>, Problem> {
    let doc_type: Option<String> = fields.optional("doc_type")?;
    match &doc_type {
        Some(name) if !DOC_TYPES.contains(&name.as_str()) => {
            Err(fields.wrong("doc_type", "must be CMND, CCCD or HC"))
        }
        _ => Ok(doc_type),
    }
}

fn shape(subscriber: &Subscriber) -> Value {
    json!({
        "msisdn": subscriber.msisdn.as_str(),
        "operator": subscriber.operator,
        "organisation": subscriber.organisation,
        "full_name": subscriber.full_name.0,
        "birth_date": subscriber.birth_date.0,
        "doc_type": subscriber.doc_type,
        "doc_number": subscriber.doc_number.0,
        "doc_issued_on": subscriber.doc_issued_on,
        "doc_issued_by": subscriber.doc_issued_by,
        "updated_at": subscriber.updated_at,
    })
}
