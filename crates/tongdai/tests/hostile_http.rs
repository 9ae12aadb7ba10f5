//! `tongdai run` and people who hold, flood and twist its API while citizens write. H-07, H-17, H-27, F-23, F-30 and
//! A-12 of the lists of hostile inputs, faults and abuses.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;
use simulator::{Config, Message, Simulator};

use crate::support::{Api, Daemon, Home, PATIENCE, TOKEN};

/// All that comes for octets written to a connection of their own, until the daemon closes it.
fn exchange(address: SocketAddr, octets: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(octets);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "not closed in time"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn authorized(head: &str) -> String {
    format!("{head}\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n")
}

/// A daemon without an SMSC: where it would bind nobody listens.
fn alone() -> (Home, Daemon, Api) {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = Home::new();
    let (daemon, api) = Daemon::start_ready("info", &home, &[("vn", "vn", mute)]);
    (home, daemon, api)
}

#[test]
fn h_07_a_body_that_drips_is_given_up_after_half_a_minute() {
    let (_home, _daemon, api) = alone();
    let mut stream = TcpStream::connect(api.address()).unwrap();
    let head =
        format!("{}Content-Length: 60000\r\n\r\n", authorized("PUT /dossiers/hue-xnc/13557009 HTTP/1.1"));
    stream.write_all(head.as_bytes()).unwrap();
    // An octet as often as nothing comes back, as steadily as a slow line.
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let (mut answer, mut dripped) = ([0; 12], 0);
    while stream.read_exact(&mut answer).is_err() {
        dripped += 1;
        assert!(dripped < 300, "it is waited for longer than a minute");
        let _ = stream.write_all(b" ");
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(api.get("/livez").status, 200);
}

#[test]
fn h_27_lengths_that_contradict_each_other_smuggle_nothing() {
    let (home, daemon, api) = alone();
    let smuggled = "PUT /dossiers/hue-xnc/66666666 HTTP/1.1";
    let inner = format!("{}Content-Length: 2\r\n\r\n{{}}", authorized(smuggled));
    for (name, headers, body) in [
        ("CL.TE", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", format!("0\r\n\r\n{inner}")),
        (
            "TE.CL",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            format!("5c\r\n{inner}\r\n0\r\n\r\n"),
        ),
        ("two lengths", "Content-Length: 0\r\nContent-Length: 6\r\n", inner.clone()),
        ("a list of lengths", "Content-Length: 0, 6\r\n", inner.clone()),
        ("a signed length", "Content-Length: +0\r\n", inner.clone()),
        ("TE hidden by a tab", "Transfer-Encoding:\tchunked\r\nContent-Length: 6\r\n", inner.clone()),
        ("TE of its own", "Transfer-Encoding: xchunked\r\nContent-Length: 6\r\n", inner.clone()),
        ("TE twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", inner.clone()),
        ("a folded header", "X-Fold: a\r\n Content-Length: 6\r\nContent-Length: 0\r\n", inner.clone()),
        ("a blank before the colon", "Content-Length : 6\r\nContent-Length: 0\r\n", inner.clone()),
        ("a bare line feed", "X: y\nContent-Length: 6\r\nContent-Length: 0\r\n", inner.clone()),
    ] {
        let octets = format!("{}{headers}\r\n{body}", authorized("POST /login HTTP/1.1"));
        let answers = exchange(api.address(), octets.as_bytes());
        assert!(!answers.contains("HTTP/1.1 200"), "{name}: {answers}");
        assert_eq!(
            api.get("/dossiers/hue-xnc/66666666").status,
            404,
            "{name} smuggled a dossier in: {answers}"
        );
    }
    // What they would have smuggled is a request that does its work when it comes openly.
    let open = inner.replace("Host: x", "Host: x\r\nConnection: close");
    assert!(exchange(api.address(), open.as_bytes()).starts_with("HTTP/1.1 200"));
    assert_eq!(api.get("/dossiers/hue-xnc/66666666").status, 200);
    drop(daemon);
    assert!(!home.log_text().contains("panicked"), "{}", home.log_text());
}

#[test]
fn h_27_bodies_that_mean_two_things_or_none_are_refused_by_name() {
    let (_home, _daemon, api) = alone();
    let put = |body: String| {
        let authorization = format!("Bearer {TOKEN}");
        api.call_with("PUT", "/dossiers/hue-xnc/13557009", Some(body), &[("Authorization", &authorization)])
    };
    let deep = |depth: usize| format!(r#"{{"note":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    for body in [
        r#"{"note":"a","note":"b"}"#.to_owned(),
        r#"{"fee_amount":1e400}"#.to_owned(),
        r#"{"note":"a"}{"note":"b"}"#.to_owned(),
        r#"{"note":"\ud800"}"#.to_owned(),
        r#"{"note":"a",}"#.to_owned(),
        r#"{"fee_amount":NaN}"#.to_owned(),
        "\u{feff}{}".to_owned(),
        "{\"note\":\"a\u{0}\"}".to_owned(),
        String::new(),
        deep(10_000),
        deep(129),
    ] {
        put(body).assert_problem(400, "malformed-json", None);
    }
    for (body, pointer) in [
        (r#"{"colour":"red"}"#, "/colour"),
        (r#"{"fee_amount":1e3}"#, "/fee_amount"),
        (r#"{"fee_amount":-1}"#, "/fee_amount"),
        (r#"{"fee_amount":18446744073709551616}"#, "/fee_amount"),
        (r#"{"fee_amount":"1"}"#, "/fee_amount"),
        (r#"{"note":["a"]}"#, "/note"),
        (r#"{"__proto__":{}}"#, "/__proto__"),
    ] {
        put(body.to_owned()).assert_problem(422, "invalid-field", Some(pointer));
    }
    put(format!(r#"{{"note":"{}"}}"#, "a".repeat(70_000))).assert_problem(413, "body-too-large", None);
    assert_eq!(api.get("/dossiers/hue-xnc/13557009").status, 404, "none of them did anything");
}

#[test]
fn a_12_a_token_that_is_none_opens_nothing_and_is_told_nothing() {
    let (home, daemon, api) = alone();
    let hash = std::fs::read_to_string(home.tokens()).unwrap();
    let hash = hash.split_whitespace().nth(1).unwrap().to_owned();
    let almost = format!("{}0", &TOKEN[..TOKEN.len() - 1]);
    let mut answers = Vec::new();
    // The stored form of the token is no token; neither are its pieces, its case, or another scheme.
    for authorization in [
        "Bearer ".to_owned(),
        format!("Bearer {hash}"),
        format!("Bearer {almost}"),
        format!("Bearer {}", &TOKEN[..10]),
        format!("Bearer {}", TOKEN.to_uppercase()),
        format!("Bearer {TOKEN} {TOKEN}"),
        format!("Basic {TOKEN}"),
        TOKEN.to_owned(),
        "Bearer portal".to_owned(),
    ] {
        for path in ["/dossiers/hue-xnc/13557009", "/subscribers/84905123456", "/calendar/trutnov"] {
            let answer = api.call_with("GET", path, None, &[("Authorization", &authorization)]);
            answer.assert_problem(401, "unauthorized", None);
            answers.push(answer.text);
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer, whatever was wrong: {answers:?}");
    assert_eq!(api.get("/calendar/trutnov").status, 200);
    drop(daemon);
    for secret in [TOKEN, almost.as_str(), &TOKEN.to_uppercase(), &hash] {
        assert!(!home.log_text().contains(secret), "a token stands in the log");
        assert!(!answers.concat().contains(secret), "a token is told back");
    }
    assert!(home.log_text().contains("\"status\":401"), "the refusals are logged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h_17_places_of_templates_that_clerks_send_are_told_to_citizens_as_they_are() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let home = Home::new();
    let (_daemon, api) = Daemon::start_ready("info", &home, &[("vn", "vn", simulator.smpp_address())]);
    assert!(simulator.wait_receivers(1, PATIENCE).await, "{}", home.log_text());
    for text in ["{{7*7}}", "${name}", "%s%n", "{code}", "{rc}{mk}", "<script>", "=HYPERLINK(1)"] {
        let dossier = json!({ "status": "supplement", "unit": "UBND", "note": text });
        api.put("/dossiers/danang/1234567890", dossier).assert_done();
        let sent = simulator.send(&Message::new("84905123456", "8188", "DVC 1234567890")).unwrap();
        let reply = simulator.wait_answer(sent, PATIENCE).await.expect("a reply").text.to_string();
        assert_eq!(reply, format!("Ho so 1234567890: yeu cau bo sung: {text}. Lien he UBND."));
    }
}
