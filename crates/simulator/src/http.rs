//! The HTTP API, for scripts and for people with curl. It has no authentication: listen on loopback only.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Query, State, rejection::JsonRejection, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use model::Redacted;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{
    exchange::{BindId, SendError},
    faults::Faults,
    handset::Received,
    ledger::MessageRef,
    message::{Message, PartOrder, Split},
    simulator::Simulator,
};

/// The longest wait of one request; a client that wants more asks again.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// How long the acknowledgement of an answered message is waited for.
const SETTLE: Duration = Duration::from_secs(1);

/// Lines of the books in one answer; ask for those after the last.
const LINES_MAX: usize = 10_000;

pub(crate) async fn serve(listener: TcpListener, simulator: Simulator) {
    let mut stop = simulator.shared.stopping();
    let stopped = async move {
        let _ = stop.changed().await;
    };
    let served = tokio::select! {
        served = axum::serve(listener, router(simulator)).into_future() => served,
        () = stopped => Ok(()),
    };
    if let Err(error) = served {
        tracing::error!(%error, "the simulator's HTTP API has ended");
    }
}

fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/phones/{number}/send", post(send))
        .route("/phones/{number}/messages", get(messages))
        .route("/phones/{number}/messages/latest", get(latest))
        .route("/faults", get(faults).put(set_faults).patch(change_faults))
        .route("/binds", get(binds))
        .route("/binds/{id}/drop", post(drop_bind))
        .route("/binds/{id}/unbind", post(unbind))
        .route("/binds/{id}/octets", post(octets))
        .route("/stats", get(stats))
        .route("/ledger", get(ledger))
        .fallback(async || Problem::not_found("there is no such path; see docs/SIMULATOR.md"))
        .with_state(simulator)
}

/// An error as `application/problem+json`.
struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: detail.into() }
    }

    fn not_found(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, detail: detail.into() }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self { status: rejection.status(), detail: rejection.body_text() }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self { status: rejection.status(), detail: rejection.body_text() }
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        let status = match error {
            SendError::NotANumber(_) | SendError::NoSuchPart => StatusCode::BAD_REQUEST,
            SendError::QueueFull | SendError::BooksFull => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { status, detail: error.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "title": self.status.canonical_reason().unwrap_or("error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendBody {
    to: String,
    text: Redacted<String>,
    /// Seconds to wait for the answer; 0 for not.
    #[serde(default)]
    wait_s: f64,
    #[serde(default)]
    split: Split,
    #[serde(default)]
    part_order: PartOrder,
    #[serde(default)]
    ucs2: bool,
    reference: Option<u16>,
}

#[derive(Serialize)]
struct SendAnswer {
    message: u64,
    outcome: Option<crate::Outcome>,
    replies: Vec<Received>,
}

async fn send(
    State(simulator): State<Simulator>,
    Path(number): Path<String>,
    body: Result<Json<SendBody>, JsonRejection>,
) -> Result<Json<SendAnswer>, Problem> {
    let Json(body) = body?;
    let wait = Duration::try_from_secs_f64(body.wait_s)
        .map_err(|_| Problem::bad_request("wait_s: seconds are a number that is not negative"))?
        .min(WAIT_MAX);
    let after = simulator.cursor();
    let message = Message {
        from: number,
        to: body.to,
        text: body.text,
        split: body.split,
        part_order: body.part_order,
        ucs2: body.ucs2,
        reference: body.reference,
    };
    let sent = simulator.send(&message)?;
    let mut replies = Vec::new();
    if !wait.is_zero() {
        simulator.wait_answer(sent, wait).await;
        // An answer may come before the acknowledgement of what it answers.
        simulator.wait_settled(sent, wait.min(SETTLE)).await;
        replies = simulator.received(&message.from, after);
    }
    let outcome = simulator.entry(sent).map(|entry| entry.outcome);
    Ok(Json(SendAnswer { message: sent.0, outcome, replies }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    #[serde(default)]
    after: u64,
    wait: Option<String>,
}

impl Reading {
    fn wait(&self) -> Result<Duration, Problem> {
        self.wait.as_deref().map_or(Ok(Duration::ZERO), parse_wait)
    }
}

/// `5s`, `500ms`, or a bare number of seconds.
fn parse_wait(wait: &str) -> Result<Duration, Problem> {
    let (number, unit) = match wait.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (wait.strip_suffix('s').unwrap_or(wait), 1.0),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * unit);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(|wait| wait.min(WAIT_MAX))
        .ok_or_else(|| Problem::bad_request("wait: give a time such as 5s or 500ms"))
}

async fn messages(
    State(simulator): State<Simulator>,
    Path(number): Path<String>,
    query: Result<Query<Reading>, QueryRejection>,
) -> Result<Json<Vec<Received>>, Problem> {
    let Query(query) = query?;
    simulator.wait_reply(&number, query.after, query.wait()?).await;
    Ok(Json(simulator.received(&number, query.after)))
}

async fn latest(
    State(simulator): State<Simulator>,
    Path(number): Path<String>,
    query: Result<Query<Reading>, QueryRejection>,
) -> Result<Json<Received>, Problem> {
    let Query(query) = query?;
    simulator.wait_reply(&number, query.after, query.wait()?).await;
    let last = simulator.received(&number, query.after).pop();
    last.map(Json).ok_or_else(|| Problem::not_found("this handset has received nothing"))
}

async fn faults(State(simulator): State<Simulator>) -> Json<Faults> {
    Json(simulator.faults())
}

/// All switches: what is not named is off.
async fn set_faults(
    State(simulator): State<Simulator>,
    body: Result<Json<Faults>, JsonRejection>,
) -> Result<Json<Faults>, Problem> {
    let Json(faults) = body?;
    simulator.set_faults(faults.clone());
    Ok(Json(faults))
}

/// Some switches: what is not named stays.
async fn change_faults(
    State(simulator): State<Simulator>,
    body: Result<Json<serde_json::Map<String, serde_json::Value>>, JsonRejection>,
) -> Result<Json<Faults>, Problem> {
    let Json(changes) = body?;
    let invalid = |error: serde_json::Error| Problem::bad_request(error.to_string());
    let mut all = serde_json::to_value(simulator.faults()).map_err(invalid)?;
    if let Some(all) = all.as_object_mut() {
        all.extend(changes);
    }
    let faults: Faults = serde_json::from_value(all).map_err(invalid)?;
    simulator.set_faults(faults.clone());
    Ok(Json(faults))
}

async fn binds(State(simulator): State<Simulator>) -> Json<Vec<crate::BindInfo>> {
    Json(simulator.binds())
}

fn done(known: bool) -> Result<StatusCode, Problem> {
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("there is no such bind; see /binds"))
    }
}

async fn drop_bind(State(simulator): State<Simulator>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    done(simulator.drop_bind(BindId(id)))
}

async fn unbind(State(simulator): State<Simulator>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    done(simulator.unbind(BindId(id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Octets {
    hex: String,
}

async fn octets(
    State(simulator): State<Simulator>,
    Path(id): Path<u64>,
    body: Result<Json<Octets>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(body) = body?;
    let octets = parse_hex(&body.hex)
        .ok_or_else(|| Problem::bad_request("hex: pairs of hexadecimal digits, blanks allowed"))?;
    done(simulator.write_octets(BindId(id), octets))
}

fn parse_hex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[derive(Serialize)]
struct Statistics {
    #[serde(flatten)]
    stats: crate::Stats,
    latencies: crate::Latencies,
}

async fn stats(State(simulator): State<Simulator>) -> Json<Statistics> {
    Json(Statistics { stats: simulator.stats(), latencies: simulator.latencies() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: u64,
}

async fn ledger(
    State(simulator): State<Simulator>,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Vec<crate::Entry>>, Problem> {
    let Query(page) = query?;
    Ok(Json(simulator.shared.exchange().entries(MessageRef(page.after), LINES_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_and_octets_are_read_as_people_write_them() {
        let wait = |text| parse_wait(text).ok().map(|wait| wait.as_millis());
        assert_eq!(wait("5s"), Some(5_000));
        assert_eq!(wait("500ms"), Some(500));
        assert_eq!(wait("0.5"), Some(500));
        assert_eq!(wait("99999s"), Some(WAIT_MAX.as_millis()));
        assert_eq!([wait("-1s"), wait("soon"), wait("NaN")], [None; 3]);
        assert_eq!(parse_hex("00 0a Ff"), Some(vec![0, 10, 255]));
        assert_eq!([parse_hex("0"), parse_hex("zz")], [None, None]);
    }
}
