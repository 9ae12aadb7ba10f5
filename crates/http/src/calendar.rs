//! Opening hours, single days and counters, as a town's clerks change them over the services file.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::civil::{Date, Time};
use model::booking::SlotDay;
use model::calendar::{CalendarEdits, Span};
use model::{Answer, ClerkCommand, Key, Record, Service};
use serde_json::{Value, json};

use crate::App;
use crate::auth::Actor;
use crate::json::Fields;
use crate::parameter::{self, Place};
use crate::problem::Problem;

/// Spans of one day: morning, afternoon and a few breaks.
const SPANS_MAX: usize = 8;

/// `GET /calendar/{service}`: the hours and counters in force, edits laid over the services file.
pub(crate) async fn get(
    State(app): State<App>,
    Place(service): Place<String>,
) -> Result<Json<Value>, Problem> {
    let service = app.service(&service)?;
    let edits = match app.record(Key::CalendarEdits(service.id)).await? {
        Some(Record::CalendarEdits(edits)) => *edits,
        _ => CalendarEdits::default(),
    };
    Ok(Json(shape(&service, &edits)))
}

/// `PUT /calendar/{service}`: replaces the weekly hours.
pub(crate) async fn put_weekly(
    State(app): State<App>,
    actor: Actor,
    Place(service): Place<String>,
    mut fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let service = app.service(&service)?.id;
    let days: Vec<Value> = fields.required("weekly")?;
    let days = days.into_iter().enumerate().map(|(day, spans)| read_spans(&format!("/weekly/{day}"), spans));
    let days = days.collect::<Result<Vec<_>, _>>()?;
    let weekly = days.try_into().map_err(|_| fields.wrong("weekly", "has seven days, Monday first"))?;
    fields.finish()?;
    Ok(Json(app.answer(&actor.0, ClerkCommand::PutWeeklyHours { service, weekly }).await?))
}

/// `PUT /calendar/{service}/days/{date}`: hours of one day; no spans close it.
pub(crate) async fn put_day(
    State(app): State<App>,
    actor: Actor,
    Place((service, date)): Place<(String, String)>,
    mut fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let (service, date) = (app.service(&service)?.id, parameter::date(&date)?);
    let spans = Some(read_spans("/spans", fields.required("spans")?)?);
    fields.finish()?;
    Ok(Json(app.answer(&actor.0, ClerkCommand::PutDay { service, date, spans }).await?))
}

/// `DELETE /calendar/{service}/days/{date}`: the day has its usual hours again.
pub(crate) async fn delete_day(
    State(app): State<App>,
    actor: Actor,
    Place((service, date)): Place<(String, String)>,
) -> Result<Json<Answer>, Problem> {
    let (service, date) = (app.service(&service)?.id, parameter::date(&date)?);
    Ok(Json(app.answer(&actor.0, ClerkCommand::PutDay { service, date, spans: None }).await?))
}

/// `PUT /calendar/{service}/activities/{act}`: how many counters serve an activity.
pub(crate) async fn put_capacity(
    State(app): State<App>,
    actor: Actor,
    Place((service, activity)): Place<(String, String)>,
    mut fields: Fields,
) -> Result<Json<Answer>, Problem> {
    let service = app.service(&service)?;
    let known = service.bookings.as_ref().is_some_and(|settings| settings.activities.contains_key(&activity));
    if !known {
        return Err(Problem::not_found("activity"));
    }
    let counters: u8 = fields.required("counters")?;
    if counters > SlotDay::SEATS_MAX {
        return Err(fields.wrong("counters", format!("is at most {}", SlotDay::SEATS_MAX)));
    }
    fields.finish()?;
    let command = ClerkCommand::PutCapacity { service: service.id, activity, counters };
    Ok(Json(app.answer(&actor.0, command).await?))
}

/// Spans in order and without overlap.
fn read_spans(pointer: &str, spans: Value) -> Result<Vec<Span>, Problem> {
    let Value::Array(spans) = spans else {
        return Err(Problem::field(pointer, "must be a list of spans"));
    };
    if spans.len() > SPANS_MAX {
        return Err(Problem::field(pointer, format!("has more than {SPANS_MAX} spans")));
    }
    let mut read: Vec<Span> = Vec::with_capacity(spans.len());
    for (index, span) in spans.into_iter().enumerate() {
        let mut fields = Fields::of(format!("{pointer}/{index}"), span)?;
        let span = Span { from: fields.required_time("from")?, to: fields.required_time("to")? };
        if span.to <= span.from {
            return Err(fields.wrong("to", "is not after `from`"));
        }
        if read.last().is_some_and(|before| span.from < before.to) {
            return Err(fields.wrong("from", "is before the end of the span before"));
        }
        fields.finish()?;
        read.push(span);
    }
    Ok(read)
}

fn shape(service: &Service, edits: &CalendarEdits) -> Value {
    let calendar = service.calendar.edited(edits);
    let days: BTreeMap<Date, Value> =
        calendar.exceptions.iter().map(|(date, spans)| (*date, shape_spans(spans))).collect();
    json!({
        "weekly": calendar.weekly.iter().map(|spans| shape_spans(spans)).collect::<Vec<_>>(),
        "closed": calendar.closed,
        "days": days,
        "activities": shape_activities(service, edits),
        "version": edits.version,
    })
}

fn shape_spans(spans: &[Span]) -> Value {
    let clock = |time: Time| time.strftime("%H:%M").to_string();
    spans.iter().map(|span| json!({ "from": clock(span.from), "to": clock(span.to) })).collect()
}

fn shape_activities(service: &Service, edits: &CalendarEdits) -> Value {
    let activities = service.bookings.iter().flat_map(|settings| &settings.activities);
    let shaped = activities.map(|(name, activity)| {
        let counters = edits.capacity.get(name).copied().unwrap_or(activity.counters);
        let shape = json!({
            "title": activity.title,
            "minutes": activity.minutes,
            "counters": counters,
            "active": activity.active,
        });
        (name.clone(), shape)
    });
    Value::Object(shaped.collect())
}
