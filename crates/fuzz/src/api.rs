//! Any request to the JSON API, without a socket.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use feeds::{
    App, CommandRequest, CommandSender, OneAtATime, Passwords, Readiness, Tokens, command_channel, router,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use model::{Answer, ClerkCommand, CommandError, Dossier, ImportEffect, Key, Record, ServiceId};
use routing::Rules;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::Receiver;
use tower::ServiceExt;

use crate::input::Input;

/// A token and, in the file's form, its SHA-256.
const TOKEN: &str = "Bearer abc";
const TOKENS: &str = "clerk ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";

/// Method and path; `*` stands for what the input says.
const ROUTES: [(&str, &str); 28] = [
    ("PUT", "/dossiers/hue-xnc/13557009"),
    ("GET", "/dossiers/hue-xnc/13557009"),
    ("PUT", "/dossiers/danang/000.00.18.H17-230101-0001"),
    ("PUT", "/dossiers/*/*"),
    ("GET", "/dossiers/*/*"),
    ("POST", "/dossiers/hue-xnc/13557009/events"),
    ("POST", "/dossiers/*/*/events"),
    ("POST", "/queues/hue-xnc/STTXC/samples"),
    ("POST", "/queues/*/*/samples"),
    ("PUT", "/subscribers/84905123456"),
    ("GET", "/subscribers/*"),
    ("PUT", "/subscribers/*"),
    ("DELETE", "/subscribers/*"),
    ("POST", "/accounts/danang/import"),
    ("DELETE", "/accounts/danang/phones/*"),
    ("POST", "/login"),
    ("POST", "/password"),
    ("GET", "/calendar/*"),
    ("PUT", "/calendar/trutnov"),
    ("PUT", "/calendar/trutnov/days/*"),
    ("DELETE", "/calendar/trutnov/days/*"),
    ("PUT", "/calendar/trutnov/activities/ZOP"),
    ("PUT", "/calendar/trutnov/activities/*"),
    ("GET", "/metrics"),
    ("*", "/*"),
    ("*", "*"),
    ("POST", "/dossiers/hue-xnc"),
    ("GET", "/dossiers/*"),
];

/// Headers that a request may carry besides, `*` as in a path.
const HEADERS: [(&str, &str); 8] = [
    ("if-match", "\"1\""),
    ("if-match", "*"),
    ("if-none-match", "*"),
    ("content-type", "application/json; charset=utf-8"),
    ("content-type", "*"),
    ("authorization", "*"),
    ("content-type", "application/x-ndjson"),
    ("content-type", "text/csv"),
];

/// Statuses that a caller may get; none of them says that the daemon failed.
const STATUSES: [u16; 11] = [200, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422];
/// What `/readyz` says before the start is done, as here.
const NOT_READY: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

/// Sends a request: route, headers, what stands for each `*`, then the body.
///
/// - It is answered, never with 500 or "try again", and what is wrong as problem+json that names its kind.
/// - Only a request with a token reaches the engine, at most once but for a file, and what the engine refuses is told as refused.
pub fn api(octets: &[u8]) {
    let mut input = Input::new(octets);
    let (method, path) = *input.pick(&ROUTES);
    let refuses = input.octet() % 4;
    let mut request = Request::builder();
    let mut authorised = true;
    request = request.header("authorization", TOKEN).header("content-type", "application/json");
    for _ in 0..input.octet() % 3 {
        let (name, value) = *input.pick(&HEADERS);
        let value = filled(value, &mut input);
        authorised &= name != "authorization" || value == TOKEN.as_bytes();
        if let Some(headers) = request.headers_mut() {
            headers.remove(name);
        }
        request = request.header(name, value);
    }
    let method = if method == "*" { input.short() } else { method.as_bytes() };
    let uri = filled(path, &mut input);
    let Ok(request) = request.method(method).uri(uri).body(Body::from(input.rest().to_vec())) else { return };
    let open = matches!(request.uri().path(), "/livez" | "/readyz" | "/metrics");
    STAGE.ask(request, refuses, authorised || open);
}

/// The octets of a path or header, each `*` filled with what the input says.
fn filled(pattern: &str, input: &mut Input<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for octet in pattern.bytes() {
        match octet {
            b'*' => out.extend_from_slice(input.short()),
            _ => out.push(octet),
        }
    }
    out
}

/// The API with an engine that answers at once.
struct Stage {
    runtime: Runtime,
    app: App,
    engine: Arc<Engine>,
}

#[derive(Default)]
struct Engine {
    refuses: Mutex<u8>,
    asked: Mutex<u32>,
}

impl Stage {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (commands, receiver) = command_channel();
        let engine = Arc::new(Engine::default());
        runtime.spawn(Arc::clone(&engine).run(receiver));
        Self { runtime, app: app(commands), engine }
    }

    fn ask(&self, request: Request<Body>, refuses: u8, may_pass: bool) {
        let shown = format!("{} {}", request.method(), request.uri());
        let is_probe = request.uri().path() == "/readyz";
        let is_file = request.headers().get("content-type").is_some_and(|it| it != "application/json");
        *self.engine.refuses.lock().unwrap() = refuses;
        *self.engine.asked.lock().unwrap() = 0;
        let response = self.runtime.block_on(router(self.app.clone()).oneshot(request)).unwrap();
        let asked = *self.engine.asked.lock().unwrap();
        assert!(
            asked <= u32::from(may_pass) || may_pass && is_file,
            "{shown} reached the engine {asked} times"
        );
        if !may_pass {
            assert!(response.status().is_client_error(), "{shown} passed without a token");
        }
        self.check(response, &shown, is_probe, asked, refuses);
    }

    fn check(&self, response: Response, shown: &str, is_probe: bool, asked: u32, refuses: u8) {
        let (parts, body) = response.into_parts();
        let body = self.runtime.block_on(to_bytes(body, 1 << 20)).unwrap();
        let status = parts.status;
        let shown = format!("{shown}: {status} {}", String::from_utf8_lossy(&body));
        assert!(STATUSES.contains(&status.as_u16()) || is_probe && status == NOT_READY, "{shown}");
        if asked > 0 && status.is_success() {
            assert_eq!(refuses, 0, "{shown}");
        }
        if status.is_client_error() {
            check_problem(status, &parts.headers, &body, &shown);
        }
    }
}

fn check_problem(status: StatusCode, headers: &HeaderMap, body: &[u8], shown: &str) {
    assert_eq!(
        headers.get("content-type").map(|it| it.as_bytes()),
        Some(&b"application/problem+json"[..]),
        "{shown}"
    );
    let problem: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(problem["status"], status.as_u16(), "{shown}");
    assert!(problem["type"].as_str().is_some_and(|it| it.starts_with("urn:tongdai:problem:")), "{shown}");
    let names_a_place = problem["pointer"].is_string() || problem["rows"].is_array();
    assert_eq!(names_a_place, status == StatusCode::UNPROCESSABLE_ENTITY, "{shown}");
}

fn app(commands: CommandSender) -> App {
    let rules = Rules::builtin();
    let dossier = Dossier { code: "13557009".to_owned(), version: 1, ..Dossier::default() };
    let key = Key::Dossier(ServiceId::new("hue-xnc"), "13557009".into());
    let records = HashMap::from([(key, Record::Dossier(Box::new(dossier.clone())))]);
    App {
        commands,
        read: Arc::new(move |key| Ok(records.get(key).cloned())),
        dossiers: Arc::new(move |_| Box::new(std::iter::once(Ok(dossier.clone())))),
        services: Arc::new(move |name| rules.service(name).cloned()),
        tokens: Arc::new(Tokens::parse(TOKENS).unwrap()),
        readiness: Readiness::default(),
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        passwords: Passwords::new().unwrap(),
        imports: OneAtATime::default(),
        exports: OneAtATime::default(),
    }
}

impl Engine {
    async fn run(self: Arc<Self>, mut receiver: Receiver<CommandRequest>) {
        while let Some(CommandRequest { actor, command, reply }) = receiver.recv().await {
            assert_eq!(actor, "clerk");
            *self.asked.lock().unwrap() += 1;
            let decided = match *self.refuses.lock().unwrap() {
                0 => Ok(answer(&command)),
                1 => Err(CommandError::NotFound { what: "dossier".to_owned() }),
                2 => Err(CommandError::Conflict { reason: "version 2".to_owned() }),
                _ => Err(CommandError::Invalid {
                    field: "weekly[0]".to_owned(),
                    reason: "is wrong".to_owned(),
                }),
            };
            // The caller may have gone.
            let _ = reply.send(decided);
        }
    }
}

fn answer(command: &ClerkCommand) -> Answer {
    match command {
        ClerkCommand::QueueSample { .. } => Answer::Ignored,
        ClerkCommand::LogIn { .. } => Answer::LoggedIn { must_change: false },
        ClerkCommand::ImportDossier { .. } => Answer::Imported { effect: ImportEffect::Created },
        _ => Answer::Done { version: 2 },
    }
}
