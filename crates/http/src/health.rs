//! Probes and metrics: the only pages that answer without a token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::App;

/// Whether store and rules are up. A bind that is down is status, not readiness.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says whether the daemon is ready: true after store and rules, false when it drains.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The process runs and its HTTP threads answer.
pub(crate) async fn livez() -> &'static str {
    "live\n"
}

/// Store and rules are up and the engine takes commands.
pub(crate) async fn readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.readiness.get() && !app.commands.is_closed() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

/// The Prometheus text format, version 0.0.4.
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
}
