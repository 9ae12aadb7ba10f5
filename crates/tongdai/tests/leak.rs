//! No phone number, text, ID number, name or password in a log or in clear in the data directory.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::Path;

use serde_json::json;
use simulator::{Config, Message, Simulator};

use crate::support::{Api, Daemon, Home, PATIENCE, TOKEN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_reaches_a_log_or_stands_in_clear_on_the_disk() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let home = Home::new();
    let (daemon, api) = Daemon::start_ready("trace", &home, &[("vn", "vn", simulator.smpp_address())]);
    assert!(simulator.wait_receivers(1, PATIENCE).await, "{}", home.log_text());

    let texts = ["TK,Canary Thi Vang,048301987654,09/09/2001", "XNC CANARYTEXT", "XNC 75319864"];
    let mut password = String::new();
    for (text, to) in texts.iter().zip(["8188", "8383", "8383"]) {
        let sent = simulator.send(&Message::new("84905777123", to, *text)).unwrap();
        let reply = simulator.wait_answer(sent, PATIENCE).await.expect("a reply").text.to_string();
        if let Some((_, rest)) = reply.split_once("MK: ") {
            password = rest.split(' ').next().unwrap().to_owned();
        }
    }
    assert_eq!(password.len(), 10, "the reply with the password");
    feed(&api, &password);
    daemon.kill();
    assert!(home.log_text().contains("\"route\":\"/subscribers/{msisdn}\""), "the calls are logged");

    let canaries = [
        "905777123",
        "CANARY THI VANG",
        "Canary Thi Vang",
        "048301987654",
        "CANARYTEXT",
        &password,
        "09/09/2001",
        // Of the calls.
        TOKEN,
        "CANARY VIA API",
        "Canary Via API",
        "048301123789",
        "905777456",
        "Canary@Own1",
        "Canary@Wrong1",
        "canary note",
        "canary-query",
        "1971-07-17",
    ];
    // The file with the key and the folder's other files are looked through as well.
    let clear = files_with(home.path(), &canaries);
    assert!(clear.is_empty(), "in clear: {clear:?}");
}

/// Calls that carry everything personal that the API takes, in paths, bodies and headers, right and wrong.
fn feed(api: &Api, password: &str) {
    let person = json!({
        "full_name": "Canary Via API", "birth_date": "1971-07-17", "doc_number": "048301123789", "doc_type": "CCCD",
    });
    for path in ["84905777456", "+84905777456", "0905777456", "84905777456?x=canary-query"] {
        api.put(&format!("/subscribers/{path}"), person.clone());
        api.get(&format!("/subscribers/{path}"));
    }
    api.put("/subscribers/84905777456", json!({"full_name": 5, "Canary Via API": "Canary Via API"}));
    api.get("/no/such/page/84905777456");
    api.delete("/accounts/danang/phones/84905777456");
    let dossier = json!({
        "applicant": "Canary Via API", "note": "canary note", "status": "supplement", "unit": "UBND quan Hai Chau",
    });
    api.put("/dossiers/danang/1234567890", dossier).assert_done();
    api.post("/dossiers/danang/1234567890/events", json!({"event": "refused", "note": "canary note"}))
        .assert_done();
    let account = json!({
        "id_number": "048301123789", "full_name": "Canary Via API", "birth_date": "1971-07-17", "phone": "0905777456",
    });
    api.post("/accounts/danang/import", account.clone()).assert_done();
    assert_eq!(api.post("/accounts/danang/import", account).status, 409);
    let log_in = |username: &str, password: &str| {
        api.post("/login", json!({"service": "danang", "username": username, "password": password})).status
    };
    assert_eq!(log_in("048301987654", password), 200);
    assert_eq!(log_in("048301987654", "Canary@Wrong1"), 403);
    assert_eq!(log_in("048301123789", "Canary@Wrong1"), 403);
    let change = json!({
        "service": "danang", "username": "048301987654", "old": password, "new": "Canary@Own1",
    });
    api.post("/password", change).assert_done();
    let bearer = [("Authorization", "Bearer canary-query")];
    assert_eq!(api.call_with("GET", "/subscribers/84905777456", None, &bearer).status, 401);
}

#[test]
fn the_search_itself_finds_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), b"\x00\x01905777123\xff").unwrap();
    std::fs::write(folder.path().join("b"), b"C\0A\0N\0").unwrap();
    assert_eq!(files_with(folder.path(), &["905777123"]).len(), 1);
    assert_eq!(files_with(folder.path(), &["CAN"]).len(), 1);
}

/// The files below `folder` that hold a canary, as octets or as UTF-16.
fn files_with(folder: &Path, canaries: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, canaries));
            continue;
        }
        let octets = std::fs::read(&path).unwrap();
        for canary in canaries {
            let wide: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = canary.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for needle in [canary.as_bytes(), &wide, &big[..]] {
                if memchr::memmem::find(&octets, needle).is_some() {
                    found.push((path.display().to_string(), (*canary).to_owned()));
                    break;
                }
            }
        }
    }
    found
}
