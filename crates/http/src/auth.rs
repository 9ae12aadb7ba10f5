//! Who calls: bearer tokens.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::problem::{Kind, Problem};

/// The name of the token that a request came with: stands in the journal and in the log line.
#[derive(Debug, Clone)]
pub(crate) struct Actor(pub(crate) Arc<str>);

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}

fn unauthorized() -> Problem {
    Problem::new(Kind::Unauthorized, "send Authorization: Bearer with a token of the token file")
}

/// Lets a request with a known token through and names its actor; refuses every other.
pub(crate) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(actor) = bearer(&request).and_then(|token| app.tokens.name_of(token)).map(Actor) else {
        return unauthorized().into_response();
    };
    request.extensions_mut().insert(actor.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(actor);
    response
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
