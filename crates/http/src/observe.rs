//! One log line and two metrics for each request; never a path, a header or a body.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use crate::auth::Actor;

/// Routes that are asked every few seconds; their lines are for debugging only.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Logs and counts a request by its route template, and forbids every cache to keep the answer.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_name(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    let actor = response.extensions().get::<Actor>().map_or("-", |actor| &actor.0);
    // To a tenth, so that no run of its digits looks like a number of somebody.
    let duration_ms = (elapsed.as_secs_f64() * 10_000.0).round() / 10.0;
    if PROBES.contains(&route.as_str()) {
        tracing::debug!(target: "http", method, route, status, duration_ms, actor);
    } else {
        tracing::info!(target: "http", method, route, status, duration_ms, actor);
    }
    metrics::histogram!("tongdai_http_request_duration", "route" => route.clone()).record(elapsed);
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics::counter!("tongdai_http_requests", &labels).increment(1);
    response
}

/// The method, where it is one of the API's: a caller's invention must not become a label.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
