//! Errors as `application/problem+json` (RFC 9457), each with a stable `type` and the field it is about.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::CommandError;
use serde_json::json;

/// The kinds of problems. Their names are part of the API (docs/API.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedJson,
    Unauthorized,
    LogInRefused,
    NotFound,
    MethodNotAllowed,
    BodyTimeout,
    Conflict,
    VersionMismatch,
    BodyTooLarge,
    NoJson,
    InvalidField,
    InvalidRows,
    Internal,
    Busy,
    OutcomeUnknown,
}

impl Kind {
    /// Status, name in `type`, and title.
    fn describe(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "malformed-json", "The body is no strict JSON"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "A bearer token is needed"),
            Self::LogInRefused => (StatusCode::FORBIDDEN, "log-in-refused", "Wrong name or password"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "body-timeout", "The body came too slowly"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "Something stands against it"),
            Self::VersionMismatch => {
                (StatusCode::PRECONDITION_FAILED, "version-mismatch", "Somebody else changed it first")
            }
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large"),
            Self::NoJson => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json", "The body must be application/json")
            }
            Self::InvalidField => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "A field is wrong"),
            Self::InvalidRows => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-rows", "Rows are wrong"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The daemon failed"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Try again later; nothing was changed"),
            Self::OutcomeUnknown => {
                (StatusCode::GATEWAY_TIMEOUT, "outcome-unknown", "The outcome is not known")
            }
        }
    }
}

/// An error on its way to the caller. Its detail may repeat what the caller sent and is never logged.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    pointer: Option<String>,
    rows: Vec<WrongRow>,
    retry_after_s: Option<u32>,
}

/// A row of a file that can't be taken.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WrongRow {
    /// Its line in the file, from 1.
    pub(crate) line: u64,
    pub(crate) problem: Problem,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), pointer: None, rows: Vec::new(), retry_after_s: None }
    }

    /// `what` does not exist.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// Nothing was done and a second later it may go.
    pub(crate) fn busy(detail: &str) -> Self {
        Self { retry_after_s: Some(1), ..Self::new(Kind::Busy, detail) }
    }

    /// The field at the JSON pointer `pointer` (or the part of the path of that name) is wrong.
    pub(crate) fn field(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..Self::new(Kind::InvalidField, reason) }
    }

    /// These rows of a file are wrong.
    pub(crate) fn rows(rows: Vec<WrongRow>, detail: impl Into<String>) -> Self {
        Self { rows, ..Self::new(Kind::InvalidRows, detail) }
    }

    /// The same problem of a request that came so far: it never says that nothing was changed.
    pub(crate) fn midway(self, so_far: &str) -> Self {
        let detail = format!("{}; {so_far}", self.detail);
        match self.kind {
            Kind::Busy => Self::new(Kind::OutcomeUnknown, detail),
            _ => Self { detail, ..self },
        }
    }

    /// The same problem, but a conflict is a version mismatch: for requests with a precondition.
    pub(crate) fn of_precondition(self) -> Self {
        match self.kind {
            Kind::Conflict => Self { kind: Kind::VersionMismatch, ..self },
            _ => self,
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound { what } => Self::not_found(&what),
            // A decider names a place in a list as `weekly[0]`.
            CommandError::Invalid { field, reason } => {
                Self::field(format!("/{}", field.replace('[', "/").replace(']', "")), reason)
            }
            CommandError::Conflict { reason } => Self::new(Kind::Conflict, reason),
            CommandError::Refused => Self::new(
                Kind::LogInRefused,
                "the name is unknown, the password is wrong, an issued password has run out, or too many wrong ones \
                 came within a short time",
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.kind.describe();
        let mut body = json!({
            "type": format!("urn:tongdai:problem:{name}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.detail,
        });
        if let Some(pointer) = self.pointer {
            body["pointer"] = pointer.into();
        }
        if !self.rows.is_empty() {
            let row = |WrongRow { line, problem }: WrongRow| json!({ "line": line, "pointer": problem.pointer, "detail": problem.detail });
            body["rows"] = self.rows.into_iter().map(row).collect();
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind == Kind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
