//! The JSON API of offices, counter systems, operators' feeds and portals: it reads records through a view
//! and sends commands to the engine, whose answer leaves after the turn is durable.
//!
//! This crate never writes to the store, never decides what a citizen is told, and never logs personal data:
//! its log line names method, route template, status, duration and the token's name, nothing else. It has no
//! TLS; it listens on loopback and stands behind a reverse proxy where it must be seen from outside.

mod accounts;
mod auth;
mod bulk;
mod calendar;
mod commands;
mod dossiers;
mod export;
mod health;
mod import;
mod json;
mod listen;
mod log_in;
pub mod metrics;
mod observe;
mod parameter;
mod passwords;
mod problem;
mod queues;
mod subscribers;
mod tokens;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};
use metrics_exporter_prometheus::PrometheusHandle;
use model::{Dossier, Key, Record, Service, ServiceId};

pub use crate::bulk::OneAtATime;
pub use crate::commands::{COMMANDS_WAITING_MAX, CommandRequest, CommandSender, command_channel};
pub use crate::health::Readiness;
pub use crate::listen::serve;
pub use crate::passwords::Passwords;
pub use crate::tokens::{Tokens, TokensError};

use crate::problem::{Kind, Problem};

/// Octets of a request body. The largest body, a week's hours, has under 4 KiB; the rest is room.
pub const BODY_OCTETS_MAX: usize = 64 * 1024;

/// Why the store could not be read.
///
/// It is logged, and answered with 500 where nothing was answered yet; the engine decides whether the process goes on.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Reads one record from the read view; may block on a disk and is called off the async threads.
pub type ReadRecord = Arc<dyn Fn(&Key) -> Result<Option<Record>, Failure> + Send + Sync>;

/// Dossiers as they are read, one after the other; ends after a failure.
pub type Dossiers = Box<dyn Iterator<Item = Result<Dossier, Failure>> + Send>;

/// Reads all dossiers of a service from the read view; where [`Dossiers`] are asked for, they may block on a disk, and
/// are asked for off the async threads.
pub type ReadDossiers = Arc<dyn Fn(ServiceId) -> Dossiers + Send + Sync>;

/// Finds a service of the rules in force.
pub type FindService = Arc<dyn Fn(&str) -> Option<Arc<Service>> + Send + Sync>;

/// What the API is wired to. The binary fills it in.
#[derive(Clone)]
pub struct App {
    /// Takes commands to the engine's turn.
    pub commands: CommandSender,
    /// The read view.
    pub read: ReadRecord,
    /// All dossiers of a service, from the same view.
    pub dossiers: ReadDossiers,
    /// The services in force.
    pub services: FindService,
    /// Who may call; without tokens only `/livez`, `/readyz` and `/metrics` answer.
    pub tokens: Arc<Tokens>,
    /// Set by the binary once store and rules are up.
    pub readiness: Readiness,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
    /// Compares and hashes passwords, a bounded number at a time.
    pub passwords: Passwords,
    /// Lets one file be taken at a time.
    pub imports: OneAtATime,
    /// Lets one file be handed out at a time.
    pub exports: OneAtATime,
}

impl App {
    /// Reads `key` on a thread that may block.
    async fn record(&self, key: Key) -> Result<Option<Record>, Problem> {
        let read = Arc::clone(&self.read);
        match tokio::task::spawn_blocking(move || read(&key)).await {
            Ok(Ok(record)) => Ok(record),
            Ok(Err(error)) => {
                tracing::error!(target: "http", %error, "the read view failed");
                Err(Problem::new(Kind::Internal, "the store cannot be read"))
            }
            Err(_) => Err(Problem::new(Kind::Internal, "a read was broken off")),
        }
    }

    /// The service of that name, or the problem that there is none.
    fn service(&self, name: &str) -> Result<Arc<Service>, Problem> {
        (self.services)(name).ok_or_else(|| Problem::not_found("service"))
    }
}

/// The API over `app`: every route of docs/API.md.
pub fn router(app: App) -> Router {
    Router::new()
        .route(
            "/dossiers/{service}",
            get(export::export).post(import::import).layer(DefaultBodyLimit::max(import::FILE_OCTETS_MAX)),
        )
        .route("/dossiers/{service}/{code}", get(dossiers::get).put(dossiers::put))
        .route("/dossiers/{service}/{code}/events", post(dossiers::post_event))
        .route("/queues/{service}/{queue}/samples", post(queues::post_sample))
        .route(
            "/subscribers/{msisdn}",
            get(subscribers::get).put(subscribers::put).delete(subscribers::delete),
        )
        .route("/accounts/{service}/import", post(accounts::import))
        .route("/accounts/{service}/phones/{msisdn}", delete(accounts::free_phone))
        .route("/login", post(log_in::log_in))
        .route("/password", post(log_in::change_password))
        .route("/calendar/{service}", get(calendar::get).put(calendar::put_weekly))
        .route("/calendar/{service}/days/{date}", put(calendar::put_day).delete(calendar::delete_day))
        .route("/calendar/{service}/activities/{act}", put(calendar::put_capacity))
        .route_layer(from_fn_with_state(app.clone(), auth::authenticate))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem::not_found("page"))
        .method_not_allowed_fallback(async || {
            Problem::new(Kind::MethodNotAllowed, "this page does not take that method")
        })
        .layer(DefaultBodyLimit::max(BODY_OCTETS_MAX))
        .layer(from_fn(observe::observe))
        .with_state(app)
}
