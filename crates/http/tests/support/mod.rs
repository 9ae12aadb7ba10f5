//! The API with a fake engine, a fake store and one service.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use feeds::{App, CommandRequest, OneAtATime, Passwords, Readiness, Tokens, command_channel, router};
use jiff::civil::time;
use jiff::tz::TimeZone;
use metrics_exporter_prometheus::PrometheusBuilder;
use model::service::{Activity, BookingSettings, LimitSettings, QueueSettings};
use model::{
    Answer, Calendar, ClerkCommand, CommandError, Dossier, ImportEffect, Key, Record, Service, ServiceId,
    Span,
};
use serde_json::Value;
use tokio::sync::mpsc::Receiver;
use tower::ServiceExt;

/// A token whose SHA-256 stands in `TOKENS`.
pub(crate) const TOKEN: &str = "abc";
const TOKENS: &str = "clerk ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";

type Decided = Result<Answer, CommandError>;

/// The API and what stands behind it.
pub(crate) struct Api {
    pub(crate) app: App,
    records: Arc<Mutex<HashMap<Key, Record>>>,
    dossiers: Arc<Mutex<Vec<Result<Dossier, &'static str>>>>,
    answers: Arc<Mutex<VecDeque<Option<Decided>>>>,
    sent: Arc<Mutex<VecDeque<(String, ClerkCommand)>>>,
    silent: Arc<AtomicBool>,
}

/// An answer, its body read as JSON where it is JSON.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Api {
    /// With an engine that gives the answers that a test lays down.
    pub(crate) fn new() -> Self {
        let (api, receiver) = Self::unwired();
        tokio::spawn(engine(
            receiver,
            Arc::clone(&api.answers),
            Arc::clone(&api.sent),
            Arc::clone(&api.silent),
        ));
        api
    }

    /// With an engine that is gone.
    pub(crate) fn stopped() -> Self {
        Self::unwired().0
    }

    /// With an engine that takes so many rows of files and is gone then.
    pub(crate) fn stopped_after(rows: usize) -> Self {
        let (api, mut receiver) = Self::unwired();
        tokio::spawn(async move {
            for _ in 0..rows {
                let Some(CommandRequest { reply, .. }) = receiver.recv().await else { return };
                let _ = reply.send(Ok(Answer::Imported { effect: ImportEffect::Created }));
            }
        });
        api
    }

    fn unwired() -> (Self, Receiver<CommandRequest>) {
        let (commands, receiver) = command_channel();
        let records = Arc::new(Mutex::new(HashMap::new()));
        let view: Arc<Mutex<HashMap<Key, Record>>> = Arc::clone(&records);
        let dossiers = Arc::new(Mutex::new(Vec::new()));
        let listed: Arc<Mutex<Vec<Result<Dossier, &'static str>>>> = Arc::clone(&dossiers);
        let hue = Arc::new(service());
        let app = App {
            commands,
            read: Arc::new(move |key| Ok(view.lock().unwrap().get(key).cloned())),
            dossiers: Arc::new(move |_| {
                let listed = listed.lock().unwrap().clone();
                Box::new(listed.into_iter().map(|dossier| dossier.map_err(Into::into)))
            }),
            services: Arc::new(move |name| (name == hue.id.as_str()).then(|| Arc::clone(&hue))),
            tokens: Arc::new(Tokens::parse(TOKENS).unwrap()),
            readiness: Readiness::default(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            passwords: Passwords::new().unwrap(),
            imports: OneAtATime::default(),
            exports: OneAtATime::default(),
        };
        (
            Self {
                app,
                records,
                dossiers,
                answers: Arc::default(),
                sent: Arc::default(),
                silent: Arc::default(),
            },
            receiver,
        )
    }

    pub(crate) fn store(&self, key: Key, record: Record) {
        self.records.lock().unwrap().insert(key, record);
    }

    /// What the store has next of every service: a dossier, or why it can't be read.
    pub(crate) fn list(&self, dossier: Result<Dossier, &'static str>) {
        self.dossiers.lock().unwrap().push(dossier);
    }

    /// The engine's next answer.
    pub(crate) fn answer(&self, decided: Decided) {
        self.answers.lock().unwrap().push_back(Some(decided));
    }

    /// The engine gives up on its next command.
    pub(crate) fn drop_answer(&self) {
        self.answers.lock().unwrap().push_back(None);
    }

    /// The engine says nothing any more to what it is asked.
    pub(crate) fn fall_silent(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    /// The oldest command that reached the engine, with its actor.
    pub(crate) fn sent(&self) -> Option<(&'static str, ClerkCommand)> {
        let (actor, command) = self.sent.lock().unwrap().pop_front()?;
        assert_eq!(actor, "clerk");
        Some(("clerk", command))
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send_with(&format!("Bearer {TOKEN}"), method, path, body).await
    }

    pub(crate) async fn send_with(&self, authorization: &str, method: &str, path: &str, body: &str) -> Reply {
        self.request(method, path, body, &[("authorization", authorization), JSON]).await
    }

    pub(crate) async fn send_as(&self, content_type: &str, method: &str, path: &str, body: &str) -> Reply {
        self.request(method, path, body, &[BEARER, ("content-type", content_type)]).await
    }

    pub(crate) async fn send_if_match(&self, tag: &str, path: &str, body: &str) -> Reply {
        self.request("PUT", path, body, &[BEARER, JSON, ("if-match", tag)]).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A body of any octets.
    pub(crate) async fn send_octets(&self, content_type: &str, path: &str, body: &'static [u8]) -> Reply {
        let request = Request::builder().method("POST").uri(path);
        let request = request.header(BEARER.0, BEARER.1).header("content-type", content_type);
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Reply {
        let response = router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let octets = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&octets).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

pub(crate) const BEARER: (&str, &str) = ("authorization", "Bearer abc");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

async fn engine(
    mut receiver: Receiver<CommandRequest>,
    answers: Arc<Mutex<VecDeque<Option<Decided>>>>,
    sent: Arc<Mutex<VecDeque<(String, ClerkCommand)>>>,
    silent: Arc<AtomicBool>,
) {
    let mut kept = Vec::new();
    while let Some(CommandRequest { actor, command, reply }) = receiver.recv().await {
        sent.lock().unwrap().push_back((actor, command));
        if silent.load(Ordering::Relaxed) {
            kept.push(reply);
        } else if let Some(Some(decided)) = answers.lock().unwrap().pop_front() {
            reply.send(decided).unwrap();
        }
    }
}

fn service() -> Service {
    let open = Span { from: time(8, 0, 0, 0), to: time(17, 0, 0, 0) };
    let mut calendar = Calendar::default();
    calendar.weekly[0] = vec![open];
    Service {
        id: ServiceId::new("hue"),
        numbers: vec!["8383".to_owned()],
        groups: Vec::new(),
        plan: &model::plan::VIET_NAM,
        zone: TimeZone::UTC,
        templates: BTreeMap::new(),
        errors: BTreeMap::new(),
        forms: BTreeMap::new(),
        calendar,
        limits: LimitSettings { messages_per_minute: 10, misses_per_hour: 5 },
        notice_hours: open,
        tariff: None,
        dossiers: None,
        queues: BTreeMap::from([("STTXC".to_owned(), queue())]),
        subscribers: None,
        accounts: None,
        bookings: Some(bookings()),
    }
}

fn queue() -> QueueSettings {
    QueueSettings {
        calendar: None,
        tick_minutes: 3,
        stale_minutes: 6,
        few_below: 20,
        many_from: 60,
        levels: ["it", "trung binh", "nhieu"].map(str::to_owned),
        template: "queue.STTXC".to_owned(),
    }
}

fn bookings() -> BookingSettings {
    let activity = Activity { title: "ID cards".to_owned(), minutes: 15, counters: 2, active: true };
    BookingSettings {
        grid_minutes: 15,
        horizon_days: 60,
        nearest_days: 7,
        nearest_lead_minutes: 15,
        code_digits: 6,
        live_max: 4,
        offers_max: 4,
        reminder_at: None,
        activities: BTreeMap::from([("ZOP".to_owned(), activity)]),
    }
}
