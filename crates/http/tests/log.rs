//! The request line of the log holds nothing personal.

#[cfg(test)]
mod support;

use std::io;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use model::{Answer, Dossier};
use support::{Api, TOKEN};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_is_logged_by_its_route_and_actor_alone() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let api = Api::new();
    api.answer(Ok(Answer::Done { version: 0 }));
    let body = r#"{"full_name":"NGUYEN VAN CANARY","doc_number":"201777888"}"#;
    assert_eq!(api.send("PUT", "/subscribers/84905123456", body).await.status, StatusCode::OK);
    api.send("PUT", "/subscribers/84905123456", r#"{"full_name":7,"CANARY":"201777888"}"#).await;
    api.send("POST", "/login", r#"{"service":"hue","username":"201777888","password":"CANARY"}"#).await;
    api.send("GET", "/nothing/84905123456?name=CANARY", "").await;

    api.list(Ok(Dossier {
        code: "201777888".to_owned(),
        applicant: "NGUYEN VAN CANARY".into(),
        ..Dossier::default()
    }));
    assert_eq!(api.send("GET", "/dossiers/hue", "").await.status, StatusCode::OK);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for there in ["/subscribers/{msisdn}", "status=200", "status=422", "actor=\"clerk\"", "route=\"none\""] {
        assert!(log.contains(there), "`{there}` is not in\n{log}");
    }
    let handed_out = r#"dossiers were handed out actor="clerk" service="hue" rows=1 complete=true"#;
    assert!(log.contains(handed_out), "{log}");
    for personal in ["84905123456", "CANARY", "201777888", TOKEN, "NGUYEN"] {
        assert!(!log.contains(personal), "`{personal}` is in\n{log}");
    }
}
