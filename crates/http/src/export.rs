//! All dossiers of a service, as the JSON lines that an import takes.
//!
//! They are read some at a time and handed out as they are read, no faster than citizens' messages beside it bear;
//! nothing but a page is held in memory. An answer that can't be finished is broken off, so that nobody takes a part for
//! the whole.

use axum::body::{Body, Bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Extension, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream;
use model::{Dossier, ServiceId};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::auth::Actor;
use crate::bulk::Pace;
use crate::dossiers::shape;
use crate::listen::Requests;
use crate::parameter::Place;
use crate::problem::{Kind, Problem};
use crate::{App, Dossiers, Failure};

/// Rows that are read and handed out together: some 64 KiB.
const ROWS_AT_ONCE: usize = 256;
/// Rows that are handed out in a second: some 8 MiB of records, beside which citizens wait a few milliseconds
/// (docs/PERFORMANCE.md).
const ROWS_PER_S: u32 = 16_384;

/// `GET /dossiers/{service}`: hands out a file.
pub(crate) async fn export(
    State(app): State<App>,
    actor: Actor,
    Place(service): Place<String>,
    requests: Option<Extension<ConnectInfo<Requests>>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let service = app.service(&service)?.id;
    if uri.query().is_some() {
        return Err(Problem::field(
            "/query",
            "nothing may stand behind the path: all dossiers are handed out",
        ));
    }
    let mut export = Export {
        service,
        rest: None,
        pace: Pace::of(ROWS_PER_S),
        requests: requests.map(|Extension(ConnectInfo(requests))| requests),
        actor,
        rows: 0,
        complete: false,
        _alone: app.exports.enter()?,
    };
    // Where not even the first rows can be read, the answer can still say so.
    let first = export.page((app.dossiers)(service)).await;
    let first = first.map_err(|_| Problem::new(Kind::Internal, "the store cannot be read"))?;
    let rows = stream::iter([Ok(first)]).chain(stream::try_unfold(export, Export::next));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(rows)).into_response())
}

/// One file on its way.
struct Export {
    service: ServiceId,
    /// What is still to be read, if anything is.
    rest: Option<Dossiers>,
    pace: Pace,
    /// Those of the connection, where there is one.
    requests: Option<Requests>,
    actor: Actor,
    rows: u64,
    complete: bool,
    _alone: OwnedSemaphorePermit,
}

impl Export {
    /// The next rows; none after the last.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        match self.rest.take() {
            Some(dossiers) => Ok(Some((self.page(dossiers).await?, self))),
            None => {
                self.complete = true;
                Ok(None)
            }
        }
    }

    /// The first rows of `dossiers`, in their time.
    async fn page(&mut self, dossiers: Dossiers) -> Result<Bytes, Failure> {
        let read = tokio::task::spawn_blocking(|| read_page(dossiers)).await;
        let page = read.unwrap_or_else(|broken_off| Err(broken_off.into())).inspect_err(|failure| {
            tracing::error!(target: "http", %failure, "the read view failed");
        })?;
        self.rest = page.rest;
        self.rows += page.rows as u64;
        self.pace.keep(page.rows).await;
        // A page is asked for once there is room for it: the answer is being taken.
        if let Some(requests) = &self.requests {
            requests.go_on();
        }
        Ok(page.text.into())
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let Self { rows, complete, .. } = *self;
        let (actor, service) = (&*self.actor.0, self.service.as_str());
        tracing::info!(target: "http", actor, service, rows, complete, "dossiers were handed out");
    }
}

/// Some rows, and where the next come from, if any do.
struct Page {
    text: Vec<u8>,
    rows: usize,
    rest: Option<Dossiers>,
}

/// Reads some rows; may block on a disk.
fn read_page(mut dossiers: Dossiers) -> Result<Page, Failure> {
    let mut text = Vec::with_capacity(64 << 10);
    for rows in 0..ROWS_AT_ONCE {
        let Some(dossier) = dossiers.next().transpose()? else {
            return Ok(Page { text, rows, rest: None });
        };
        serde_json::to_writer(&mut text, &row(&dossier))?;
        text.push(b'\n');
    }
    Ok(Page { text, rows: ROWS_AT_ONCE, rest: Some(dossiers) })
}

/// A dossier with the fields that an import takes, as far as it has them.
fn row(dossier: &Dossier) -> Value {
    let mut row = shape(dossier);
    if let Value::Object(fields) = &mut row {
        fields.remove("version");
        fields.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    }
    row
}
