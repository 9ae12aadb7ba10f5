//! Files of dossiers against a fake engine: which rows reach it, and what is told of those that don't.

#![allow(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
mod support;

use axum::http::StatusCode;
use model::{Answer, ClerkCommand, CommandError, ImportEffect};
use serde_json::json;

use support::{Api, Reply};

const PATH: &str = "/dossiers/hue";
const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv; charset=utf-8";

fn imported(effect: ImportEffect) -> Result<Answer, CommandError> {
    Ok(Answer::Imported { effect })
}

/// The engine answers so many rows, each pass alike.
fn answer(api: &Api, passes: usize, effects: &[ImportEffect]) {
    (0..passes).flat_map(|_| effects).for_each(|effect| api.answer(imported(*effect)));
}

/// The rows that reached the engine: code, and whether it was only asked.
fn sent(api: &Api) -> Vec<(String, bool)> {
    std::iter::from_fn(|| api.sent())
        .map(|(_, command)| match command {
            ClerkCommand::ImportDossier { dossier, preview, .. } => (dossier.code.clone(), preview),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Line, pointer and detail of the rows that are told to be wrong.
fn wrong(reply: &Reply) -> Vec<(u64, String, String)> {
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.body);
    assert_eq!(reply.body["type"], "urn:tongdai:problem:invalid-rows");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rows = reply.body["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| (row["line"].as_u64().unwrap(), text(&row["pointer"]), text(&row["detail"])))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_row_is_asked_about_first_and_then_written() {
    use ImportEffect::{Changed, Created, Unchanged};
    let csv =
        "\u{feff}code;status;fee_amount;note\r\n1;ready;200000;\r\n\"2\";processing;;\"a;b\"\r\n3;;;\r\n";
    let json = "{\"code\":\"1\",\"status\":\"ready\",\"fee_amount\":200000}\r\n\n\
                {\"code\":\"2\",\"status\":\"processing\",\"note\":\"a;b\"}\n{\"code\":\"3\"}";
    let mut commands = Vec::new();
    for (kind, file) in [(CSV, csv), (NDJSON, json)] {
        let api = Api::new();
        answer(&api, 2, &[Created, Changed, Unchanged]);
        let reply = api.send_as(kind, "POST", PATH, file).await;
        assert_eq!(
            reply.body,
            json!({"result": "imported", "rows": 3, "created": 1, "changed": 1, "unchanged": 1})
        );
        commands.push(std::iter::from_fn(|| api.sent()).map(|(_, command)| command).collect::<Vec<_>>());
    }
    assert_eq!(commands[0], commands[1], "both forms say the same");
    let previews =
        |command: &ClerkCommand| matches!(command, ClerkCommand::ImportDossier { preview: true, .. });
    assert_eq!(commands[0].iter().map(previews).collect::<Vec<_>>(), [true, true, true, false, false, false]);
}

#[tokio::test]
async fn a_preview_asks_and_writes_nothing() {
    let api = Api::new();
    answer(&api, 1, &[ImportEffect::Created]);
    let reply = api.send_as(CSV, "POST", "/dossiers/hue?preview", "code\n1\n").await;
    assert_eq!(
        reply.body,
        json!({"result": "preview", "rows": 1, "created": 1, "changed": 0, "unchanged": 0})
    );
    assert_eq!(sent(&api), [("1".to_owned(), true)]);
    let reply = api.send_as(CSV, "POST", "/dossiers/hue?previw", "code\n1\n").await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(api.sent().is_none());
}

#[tokio::test]
async fn wrong_rows_are_told_together_and_nothing_is_written() {
    let api = Api::new();
    api.answer(imported(ImportEffect::Created));
    let (field, reason) = ("note".to_owned(), "is empty".to_owned());
    api.answer(Err(CommandError::Invalid { field, reason }));
    let file = "{\"code\":\"1\"}\n{\"code\":\"2\",\"status\":\"stopped\"}\n{\"code\":\"1 \",\"unit\":\"x\"}\n{\"kind\":\"k\"}\n\
                {\"code\":\"5\",\"colour\":1}\nno json\n{\"code\":\"7\",\"due_on\":\"3.8.2026\"}";
    let reply = api.send_as(NDJSON, "POST", PATH, file).await;
    let places: Vec<_> = wrong(&reply).into_iter().map(|(line, pointer, _)| (line, pointer)).collect();
    let places: Vec<_> = places.iter().map(|(line, pointer)| (*line, pointer.as_str())).collect();
    assert_eq!(places, [(2, "/note"), (3, "/code"), (4, "/code"), (5, "/colour"), (6, ""), (7, "/due_on")]);
    assert_eq!(reply.body["detail"], "6 rows are wrong; nothing was written");
    assert!(sent(&api).iter().all(|(_, preview)| *preview));

    let file = b"code,note\n1\n2,\xff\n3,a,b\n".as_slice();
    let reply = api.send_octets(CSV, PATH, file).await;
    let details: Vec<_> = wrong(&reply).into_iter().map(|(line, _, detail)| (line, detail)).collect();
    assert_eq!(
        details,
        [
            (2, "has 1 columns, and the first line has 2".to_owned()),
            (3, "is no UTF-8: save the file as CSV UTF-8".to_owned()),
            (4, "has 3 columns, and the first line has 2".to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_hundred_wrong_rows_are_told_and_all_are_counted() {
    let api = Api::new();
    let reply = api.send_as(CSV, "POST", PATH, &format!("code\n{}", "-\n".repeat(130))).await;
    assert_eq!(wrong(&reply).len(), 100);
    assert_eq!(reply.body["detail"], "130 rows are wrong; nothing was written");
}

#[tokio::test(start_paused = true)]
async fn an_import_that_breaks_off_says_how_far_it_came() {
    let api = Api::new();
    let file: String = (0..200).map(|number| format!("{{\"code\":\"{number}\"}}\n")).collect();
    answer(&api, 328, &[ImportEffect::Created]);
    api.drop_answer();
    let reply = api.send_as(NDJSON, "POST", PATH, &file).await;
    assert_eq!(reply.status, StatusCode::GATEWAY_TIMEOUT, "{}", reply.body);
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("; at least 128 rows are taken: send the file again, they are not written twice"),
        "{detail}"
    );
}

#[tokio::test]
async fn what_concerns_all_rows_is_told_once() {
    let api = Api::new();
    api.answer(Err(CommandError::NotFound { what: "dossier service".to_owned() }));
    assert_eq!(api.send_as(CSV, "POST", PATH, "code\n1\n").await.status, StatusCode::NOT_FOUND);
    let reason = "the store has no room; try again later".to_owned();
    api.answer(Err(CommandError::Conflict { reason }));
    assert_eq!(api.send_as(CSV, "POST", PATH, "code\n1\n").await.status, StatusCode::CONFLICT);
    for (kind, path, file, status) in [
        ("application/json", PATH, "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (CSV, "/dossiers/none", "code\n1\n", StatusCode::NOT_FOUND),
        (CSV, PATH, "code,code\n1,2\n", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(api.send_as(kind, "POST", path, file).await.status, status, "{kind} {path}");
    }
    let reply = api.send_as(CSV, "POST", PATH, &"x".repeat((32 << 20) + 1)).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let many: String =
        std::iter::once("code\n".to_owned()).chain((0..200_001).map(|n| format!("{n}\n"))).collect();
    answer(&api, 200_001, &[ImportEffect::Created]);
    let reply = api.send_as(CSV, "POST", PATH, &many).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(sent(&api).iter().all(|(_, preview)| *preview));
    assert_eq!(api.send_as(CSV, "POST", PATH, "").await.body["rows"], 0, "an empty file is none");
}

#[tokio::test(start_paused = true)]
async fn one_file_is_taken_at_a_time() {
    let api = Api::new();
    api.fall_silent();
    let first = api.send_as(CSV, "POST", PATH, "code\n1\n");
    let second = async {
        while api.sent().is_none() {
            tokio::task::yield_now().await;
        }
        api.send_as(CSV, "POST", PATH, "code\n2\n").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(second.status, StatusCode::SERVICE_UNAVAILABLE, "{}", second.body);
    assert_eq!(first.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn rows_leave_room_for_other_callers_and_time_for_citizens() {
    let file = format!("code\n{}", (0..1_024).map(|number| format!("{number}\n")).collect::<String>());
    let api = Api::new();
    api.fall_silent();
    assert_eq!(api.send_as(CSV, "POST", PATH, &file).await.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(sent(&api).len(), 128, "half of the commands that may wait");

    for (effect, milliseconds) in [(ImportEffect::Created, 125), (ImportEffect::Unchanged, 0)] {
        let api = Api::new();
        answer(&api, 2 * 1_024, &[effect]);
        let before = tokio::time::Instant::now();
        assert_eq!(api.send_as(CSV, "POST", PATH, &file).await.status, StatusCode::OK);
        let took = before.elapsed().as_millis();
        assert!((milliseconds..milliseconds + 20).contains(&took), "{effect:?}: {took} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_stops_midway_is_not_said_to_have_changed_nothing() {
    // All 150 are asked about, and 128 are written.
    let api = Api::stopped_after(150 + 128);
    let file: String = (0..150).map(|number| format!("{{\"code\":\"{number}\"}}\n")).collect();
    let reply = api.send_as(NDJSON, "POST", PATH, &file).await;
    assert_eq!(reply.body["type"], "urn:tongdai:problem:outcome-unknown", "{}", reply.body);
    assert!(reply.body["detail"].as_str().unwrap().starts_with("the engine has stopped; at least 128 rows"));
    let reply = Api::stopped().send_as(NDJSON, "POST", PATH, &file).await;
    assert_eq!(reply.body["type"], "urn:tongdai:problem:busy", "{}", reply.body);
}
