//! A caller of a daemon's API.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::TOKEN;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `null` where the answer is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

/// A caller with the home's token.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    agent: ureq::Agent,
}

impl Api {
    pub(super) fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Self { base: format!("http://{address}"), agent: config.build().into() }
    }

    /// A call; an error where no answer came, as from a process that died meanwhile.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header("Authorization", format!("Bearer {TOKEN}"));
        let mut answer = match body {
            Some(body) => {
                self.agent.run(request.header("Content-Type", "application/json").body(body.to_string())?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        let text = answer.body_mut().read_to_string()?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Answer { status: answer.status().as_u16(), body, text })
    }

    /// GET.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.call("GET", path, None)
    }

    /// PUT.
    pub fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.call("PUT", path, Some(body))
    }

    /// POST.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.call("POST", path, Some(body))
    }
}
