//! The API against a fake engine: what each page sends, and what it answers.

#[cfg(test)]
mod support;

use axum::http::StatusCode;
use model::account::CreatedVia;
use model::dossier::{DossierEvent, Status};
use model::{Answer, ClerkCommand, CommandError, Dossier, Key, Record};
use serde_json::json;

use support::{Api, TOKEN};

const DOSSIER: &str = "/dossiers/hue/13557009";

#[tokio::test]
async fn without_a_token_only_probes_and_metrics_answer() {
    let api = Api::new();
    for (method, path) in
        [("GET", DOSSIER), ("PUT", DOSSIER), ("POST", "/login"), ("DELETE", "/subscribers/1")]
    {
        let answer = api.send_with("Bearer wrong", method, path, "{}").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(answer.body["type"], "urn:tongdai:problem:unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    for scheme in ["", "Basic Zm9v", TOKEN, &format!("Bearer {TOKEN}x")] {
        let answer = api.send_with(scheme, "GET", DOSSIER, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{scheme}");
    }
    assert_eq!(api.send_with("", "GET", "/livez", "").await.status, StatusCode::OK);
    assert_eq!(api.send_with("", "GET", "/metrics", "").await.status, StatusCode::OK);
    assert_eq!(api.send_with("", "GET", "/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    api.app.readiness.set(true);
    assert_eq!(api.send_with("", "GET", "/readyz", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_dossier_is_put_with_its_fields_and_the_version_that_was_seen() {
    let api = Api::new();
    api.answer(Ok(Answer::Done { version: 8 }));
    let body = json!({
        "code": "1355-7009", "kind": "passport", "unit": "Phong QLXNC", "accepted_at": "2026-08-03T08:00:00+07:00",
        "due_on": "2026-08-10", "status": "processing", "applicant": "Nguyen Van A",
    });
    let answer = api.send_if_match("\"7\"", DOSSIER, &body.to_string()).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, "\"8\""));
    assert_eq!(answer.body, json!({"result": "done", "version": 8}));
    let Some(("clerk", ClerkCommand::PutDossier { service, dossier, expected_version })) = api.sent() else {
        panic!("no dossier was sent")
    };
    assert_eq!((service.as_str(), expected_version), ("hue", Some(7)));
    assert_eq!((dossier.code.as_str(), dossier.status), ("1355-7009", Status::Processing));
    assert_eq!(dossier.accepted_at.unwrap().to_string(), "2026-08-03T01:00:00Z");
    assert_eq!(dossier.applicant.0, "Nguyen Van A");
}

#[tokio::test]
async fn a_conflict_is_a_version_mismatch_only_where_a_version_was_given() {
    let api = Api::new();
    let conflict = || Err(CommandError::Conflict { reason: "version 9".to_owned() });
    api.answer(conflict());
    assert_eq!(api.send_if_match("\"7\"", DOSSIER, "{}").await.status, StatusCode::PRECONDITION_FAILED);
    api.answer(conflict());
    assert_eq!(api.send("PUT", DOSSIER, "{}").await.status, StatusCode::CONFLICT);
    api.answer(conflict());
    let none_match = [support::BEARER, support::JSON, ("if-none-match", "*")];
    let answer = api.request("PUT", DOSSIER, "{}", &none_match).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
    for tag in ["7", "W/\"7\"", "*", "\"x\""] {
        assert_eq!(
            api.send_if_match(tag, DOSSIER, "{}").await.status,
            StatusCode::PRECONDITION_FAILED,
            "{tag}"
        );
    }
}

#[tokio::test]
async fn a_wrong_field_is_named_and_nothing_is_sent() {
    let api = Api::new();
    for (method, path, body, pointer) in [
        ("PUT", DOSSIER, r#"{"colour":"red"}"#, "/colour"),
        ("PUT", DOSSIER, r#"{"due_on":"2026-02-30"}"#, "/due_on"),
        ("PUT", DOSSIER, r#"{"due_on":"2026-12-20T20:00:00-05:00"}"#, "/due_on"),
        ("PUT", DOSSIER, r#"{"due_on":"20261220"}"#, "/due_on"),
        ("PUT", DOSSIER, r#"{"accepted_at":"2026-08-03T08:00:00"}"#, "/accepted_at"),
        ("POST", "/dossiers/hue/1/events", r#"{"event":"due","on":"2026-12-20T08:00"}"#, "/on"),
        ("PUT", DOSSIER, r#"{"status":"lost"}"#, "/status"),
        ("PUT", DOSSIER, r#"{"code":"99"}"#, "/code"),
        ("PUT", DOSSIER, r#"{"version":3}"#, "/version"),
        ("PUT", "/dossiers/hue/---", "{}", "/code"),
        ("POST", "/dossiers/hue/1/events", "{}", "/event"),
        ("POST", "/dossiers/hue/1/events", r#"{"event":"eaten"}"#, "/event"),
        ("POST", "/dossiers/hue/1/events", r#"{"event":"status","code":11}"#, "/code"),
        ("POST", "/dossiers/hue/1/events", r#"{"event":"supplement","note":" "}"#, "/note"),
        ("POST", "/dossiers/hue/1/events", r#"{"event":"ready","note":"x"}"#, "/note"),
        ("POST", "/queues/hue/STTXC/samples", r#"{"waiting":-1}"#, "/waiting"),
        ("POST", "/queues/hue/STTXC/samples", r#"{"waiting":1,"measured_at":"today"}"#, "/measured_at"),
        ("PUT", "/subscribers/0905123456", "{}", "/msisdn"),
        ("PUT", "/subscribers/8490512345", "{}", "/msisdn"),
        ("DELETE", "/accounts/hue/phones/84120123456", "{}", "/msisdn"),
        ("PUT", "/subscribers/84905123456", r#"{"birth_date":"1980-05-12T23:00"}"#, "/birth_date"),
        ("PUT", "/subscribers/84905123456", r#"{"doc_type":"ID"}"#, "/doc_type"),
        ("POST", "/accounts/hue/import", r#"{"id_number":"12345678"}"#, "/id_number"),
        ("PUT", "/calendar/hue", r#"{"weekly":[]}"#, "/weekly"),
        ("PUT", "/calendar/hue", r#"{"weekly":[[{"from":"08:00","to":"07:00"}]]}"#, "/weekly/0/0/to"),
        ("PUT", "/calendar/hue", r#"{"weekly":[[{"from":"08:00:30","to":"09:00"}]]}"#, "/weekly/0/0/from"),
        (
            "PUT",
            "/calendar/hue",
            r#"{"weekly":[[{"from":"08:00","to":"2026-08-03T09:00"}]]}"#,
            "/weekly/0/0/to",
        ),
        ("PUT", "/calendar/hue/days/2026-13-01", r#"{"spans":[]}"#, "/date"),
        ("PUT", "/calendar/hue/days/2026-12-01T08:00", r#"{"spans":[]}"#, "/date"),
        ("PUT", "/calendar/hue/days/2026-12-01", "{}", "/spans"),
        (
            "PUT",
            "/calendar/hue/days/2026-12-01",
            r#"{"spans":[{"from":"08:00","to":"12:00"},{"from":"11:00","to":"13:00"}]}"#,
            "/spans/1/from",
        ),
        ("PUT", "/calendar/hue/activities/ZOP", r#"{"counters":33}"#, "/counters"),
        ("POST", "/password", r#"{"service":"hue","username":"1","old":"x","new":"short"}"#, "/new"),
    ] {
        let answer = api.send(method, path, body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{method} {path} {body}: {}",
            answer.body
        );
        assert_eq!(answer.body["pointer"], pointer, "{method} {path} {body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert!(api.sent().is_none());
}

#[tokio::test]
async fn what_the_engine_refuses_is_a_problem_of_its_field() {
    let api = Api::new();
    for (field, pointer) in [("at", "/at"), ("weekly[0]", "/weekly/0")] {
        api.answer(Err(CommandError::Invalid { field: field.to_owned(), reason: "is wrong".to_owned() }));
        let answer = api.send("PUT", DOSSIER, "{}").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((&answer.body["pointer"], &answer.body["detail"]), (&json!(pointer), &json!("is wrong")));
    }
    api.answer(Err(CommandError::NotFound { what: "dossier".to_owned() }));
    let answer = api.send("POST", "/dossiers/hue/13557009/events", r#"{"event":"ready"}"#).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let api = Api::new();
    for (method, path, what) in [
        ("GET", "/dossiers/nowhere/1", "service"),
        ("GET", DOSSIER, "dossier"),
        ("POST", "/queues/hue/NONE/samples", "queue"),
        ("GET", "/subscribers/84905123456", "subscriber"),
        ("PUT", "/calendar/hue/activities/NONE", "activity"),
        ("GET", "/nothing", "page"),
    ] {
        let answer = api.send(method, path, "{}").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.body["detail"], format!("there is no such {what}"), "{path}");
    }
    assert_eq!(api.send("PATCH", DOSSIER, "{}").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn events_and_samples_reach_the_engine() {
    let api = Api::new();
    for (body, event) in [
        (json!({"event": "accepted"}), DossierEvent::Accepted),
        (json!({"event": "fee_paid", "amount": 200_000}), DossierEvent::FeePaid { amount: Some(200_000) }),
        (json!({"event": "refused", "note": "x"}), DossierEvent::Refused { note: "x".to_owned() }),
    ] {
        api.answer(Ok(Answer::Done { version: 2 }));
        let answer = api.send("POST", "/dossiers/hue/13557009/events", &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let Some((_, ClerkCommand::DossierEvent { event: sent, code, .. })) = api.sent() else { panic!() };
        assert_eq!((sent, code.as_str()), (event, "13557009"));
    }
    api.answer(Ok(Answer::Ignored));
    let sample = r#"{"waiting":116,"measured_at":"2026-08-03T08:30:00+07:00","sequence":4}"#;
    let answer = api.send("POST", "/queues/hue/STTXC/samples", sample).await;
    assert_eq!(answer.body, json!({"result": "ignored"}));
    let Some((_, ClerkCommand::QueueSample { sample, .. })) = api.sent() else { panic!() };
    assert_eq!((sample.waiting, sample.sequence, sample.source.as_str()), (116, 4, "clerk"));
}

#[tokio::test]
async fn subscribers_accounts_and_phones_reach_the_engine() {
    let api = Api::new();
    let sent = async |method: &str, path: &str, body: &str| {
        api.answer(Ok(Answer::Done { version: 0 }));
        let answer = api.send(method, path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        api.sent().unwrap().1
    };
    let body = r#"{"full_name":"NGUYEN VAN A","birth_date":"1990-01-02","doc_type":"CCCD"}"#;
    let command = sent("PUT", "/subscribers/+84905123456", body).await;
    let ClerkCommand::PutSubscriber(subscriber) = command else { panic!() };
    assert_eq!(subscriber.msisdn.as_str(), "84905123456");
    let command = sent("DELETE", "/subscribers/84905123456", "").await;
    assert!(matches!(command, ClerkCommand::DeleteSubscriber(_)));
    let body = r#"{"id_number":"201234567","full_name":"A B","birth_date":"1990-01-02","phone":"01201234567",
                   "created_via":"email"}"#;
    let command = sent("POST", "/accounts/hue/import", body).await;
    let ClerkCommand::ImportAccount { created_via, phone, .. } = command else { panic!() };
    assert_eq!((created_via, phone.unwrap().0.as_str()), (CreatedVia::Email, "01201234567"));
    let command = sent("DELETE", "/accounts/hue/phones/84905123456", "").await;
    assert!(matches!(command, ClerkCommand::FreePhone { .. }));
}

#[tokio::test]
async fn the_calendar_is_read_and_changed() {
    let api = Api::new();
    let answer = api.send("GET", "/calendar/hue", "").await;
    assert_eq!(answer.body["weekly"][0], json!([{"from": "08:00", "to": "17:00"}]));
    assert_eq!(answer.body["activities"]["ZOP"]["counters"], 2);

    let mut edits = model::calendar::CalendarEdits { version: 3, ..Default::default() };
    edits.capacity.insert("ZOP".to_owned(), 5);
    api.store(Key::CalendarEdits(model::ServiceId::new("hue")), Record::CalendarEdits(Box::new(edits)));
    let answer = api.send("GET", "/calendar/hue", "").await;
    assert_eq!(
        (&answer.body["activities"]["ZOP"]["counters"], &answer.body["version"]),
        (&json!(5), &json!(3))
    );

    api.answer(Ok(Answer::Done { version: 4 }));
    let weekly = json!({"weekly": [[{"from": "07:30", "to": "11:30"}, {"from": "13:00", "to": "17:00"}],
                                   [], [], [], [], [], []]});
    assert_eq!(api.send("PUT", "/calendar/hue", &weekly.to_string()).await.status, StatusCode::OK);
    let Some((_, ClerkCommand::PutWeeklyHours { weekly, .. })) = api.sent() else { panic!() };
    assert_eq!((weekly[0].len(), weekly[1].len()), (2, 0));

    api.answer(Ok(Answer::Done { version: 5 }));
    api.send("PUT", "/calendar/hue/days/2026-12-24", r#"{"spans":[]}"#).await;
    assert!(
        matches!(api.sent(), Some((_, ClerkCommand::PutDay { spans: Some(spans), .. })) if spans.is_empty())
    );
    api.answer(Ok(Answer::Done { version: 6 }));
    api.send("DELETE", "/calendar/hue/days/2026-12-24", "").await;
    assert!(matches!(api.sent(), Some((_, ClerkCommand::PutDay { spans: None, .. }))));
    api.answer(Ok(Answer::Done { version: 7 }));
    api.send("PUT", "/calendar/hue/activities/ZOP", r#"{"counters":0}"#).await;
    assert!(matches!(api.sent(), Some((_, ClerkCommand::PutCapacity { counters: 0, .. }))));
}

#[tokio::test]
async fn a_stored_dossier_is_shown_with_its_version() {
    let api = Api::new();
    let dossier = Dossier { code: "1355-7009".to_owned(), version: 7, ..Dossier::default() };
    let key = Key::Dossier(model::ServiceId::new("hue"), "13557009".into());
    api.store(key, Record::Dossier(Box::new(dossier)));
    let answer = api.send("GET", DOSSIER, "").await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, "\"7\""));
    assert_eq!((&answer.body["code"], &answer.body["status"]), (&json!("1355-7009"), &json!("registered")));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn bodies_are_strict_json_of_a_bounded_size() {
    let api = Api::new();
    let twice = api.send("PUT", DOSSIER, r#"{"note":"a","note":"b"}"#).await;
    assert_eq!(
        (twice.status, &twice.body["type"]),
        (StatusCode::BAD_REQUEST, &json!("urn:tongdai:problem:malformed-json"))
    );
    let large = format!(r#"{{"note":"{}"}}"#, "x".repeat(feeds::BODY_OCTETS_MAX));
    assert_eq!(api.send("PUT", DOSSIER, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = api.send_as("text/plain", "PUT", DOSSIER, "{}").await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn an_engine_that_is_gone_or_silent_is_told_apart() {
    let api = Api::new();
    api.drop_answer();
    let silent = api.send("PUT", DOSSIER, "{}").await;
    assert_eq!(
        (silent.status, &silent.body["type"]),
        (StatusCode::GATEWAY_TIMEOUT, &json!("urn:tongdai:problem:outcome-unknown"))
    );
    let api = Api::stopped();
    let gone = api.send("PUT", DOSSIER, "{}").await;
    assert_eq!((gone.status, gone.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
}
