//! All dossiers of a service against a fake store: each once, as an import takes it, or the answer is broken off.

#![allow(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
mod support;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use feeds::router;
use jiff::civil::date;
use model::dossier::Status;
use model::{Answer, ClerkCommand, Dossier, ImportEffect};
use tower::ServiceExt;

use support::{Api, BEARER};

const PATH: &str = "/dossiers/hue";
const NDJSON: &str = "application/x-ndjson";

async fn ask(api: &Api) -> Response<Body> {
    let request = Request::builder().uri(PATH).header(BEARER.0, BEARER.1).body(Body::empty()).unwrap();
    router(api.app.clone()).oneshot(request).await.unwrap()
}

/// The whole of an answer's text; none where it was broken off.
async fn text(response: Response<Body>) -> Option<String> {
    assert_eq!(response.status(), StatusCode::OK);
    let octets = to_bytes(response.into_body(), 1 << 20).await.ok()?;
    Some(String::from_utf8(octets.to_vec()).unwrap())
}

fn dossier(number: usize) -> Dossier {
    Dossier { code: number.to_string(), version: 7, ..Dossier::default() }
}

#[tokio::test]
async fn a_row_has_what_is_known_and_an_import_takes_it_for_the_same() {
    let at = Some("2026-08-03T01:00:00Z".parse().unwrap());
    let full = Dossier {
        code: "000.00.18.H17-230101-0001".to_owned(),
        kind: "passport".to_owned(),
        unit: "UBND quận Hải Châu".to_owned(),
        accepted_at: at,
        fee_paid_at: at,
        fee_amount: Some(200_000),
        due_on: Some(date(2026, 8, 10)),
        new_due_on: Some(date(2026, 8, 17)),
        status: Status::Supplement,
        status_at: at,
        note: "02 ảnh \"4x6\"\u{2028}; =1+1".to_owned(),
        ready_at: at,
        picked_up_at: at,
        withdrawn_at: at,
        applicant: "Nguyễn Văn A".into(),
        version: 3,
    };
    let api = Api::new();
    let rows = [full, dossier(2)];
    rows.iter().for_each(|row| api.list(Ok(row.clone())));
    let response = ask(&api).await;
    assert_eq!(response.headers()["content-type"], NDJSON);
    let text = text(response).await.unwrap();
    assert_eq!(text.lines().last(), Some(r#"{"code":"2","status":"registered"}"#));

    (0..4).for_each(|_| api.answer(Ok(Answer::Imported { effect: ImportEffect::Unchanged })));
    assert_eq!(api.send_as(NDJSON, "POST", PATH, &text).await.status, StatusCode::OK);
    let taken = std::iter::from_fn(|| api.sent()).map(|(_, command)| match command {
        ClerkCommand::ImportDossier { dossier, .. } => *dossier,
        other => panic!("{other:?}"),
    });
    let taken: Vec<_> = taken.take(2).collect();
    assert_eq!(taken, rows.map(|row| Dossier { version: 0, ..row }));
}

#[tokio::test(start_paused = true)]
async fn each_dossier_is_handed_out_once_and_no_more_than_citizens_bear() {
    for count in [0, 1, 255, 256, 257, 4_096] {
        let api = Api::new();
        (0..count).for_each(|number| api.list(Ok(dossier(number))));
        let before = tokio::time::Instant::now();
        let text = text(ask(&api).await).await.unwrap();
        let took = before.elapsed().as_millis();
        let expected: String = (0..count)
            .map(|number| format!("{{\"code\":\"{number}\",\"status\":\"registered\"}}\n"))
            .collect();
        assert_eq!(text, expected);
        let bound = (count as u128 * 1_000).div_ceil(16_384);
        assert!((bound..bound + 40).contains(&took), "{count} rows in {took} ms");
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_never_taken_for_the_end() {
    for before in [256, 300, 1_000] {
        let api = Api::new();
        (0..before).for_each(|number| api.list(Ok(dossier(number))));
        api.list(Err("the disk is gone"));
        let answer = ask(&api).await;
        assert_eq!(text(answer).await, None, "after {before} rows");
        assert_eq!(ask(&api).await.status(), StatusCode::OK, "the next is let in");
    }
    let api = Api::new();
    api.list(Ok(dossier(1)));
    api.list(Err("the disk is gone"));
    let reply = api.send("GET", PATH, "").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (StatusCode::INTERNAL_SERVER_ERROR, "application/problem+json")
    );
    assert_eq!(reply.body["detail"], "the store cannot be read");
}

#[tokio::test]
async fn one_file_is_handed_out_at_a_time_beside_one_that_is_taken() {
    let api = Api::new();
    (0..600).for_each(|number| api.list(Ok(dossier(number))));
    let first = ask(&api).await;
    let second = api.send("GET", PATH, "").await;
    assert_eq!((second.status, second.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    (0..2).for_each(|_| api.answer(Ok(Answer::Imported { effect: ImportEffect::Created })));
    assert_eq!(api.send_as(NDJSON, "POST", PATH, "{\"code\":\"1\"}").await.status, StatusCode::OK);
    assert_eq!(text(first).await.unwrap().lines().count(), 600);
    assert_eq!(ask(&api).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_asks_for_a_part_is_not_given_the_whole() {
    let api = Api::new();
    api.list(Ok(dossier(1)));
    for (authorization, path, status) in [
        ("Bearer abc", "/dossiers/hue?status=ready", StatusCode::UNPROCESSABLE_ENTITY),
        ("Bearer abc", "/dossiers/nowhere", StatusCode::NOT_FOUND),
        ("Bearer abd", PATH, StatusCode::UNAUTHORIZED),
    ] {
        let reply = api.send_with(authorization, "GET", path, "").await;
        assert_eq!(reply.status, status, "{path}");
    }
}
