//! No phone number, text, ID number, name or password in a log or in clear in the data directory.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::Path;

use simulator::{Config, Message, Simulator};

use crate::support::{Daemon, Home, PATIENCE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_reaches_a_log_or_stands_in_clear_on_the_disk() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let home = Home::new();
    let daemon = Daemon::start(&home, &[("vn", "vn", simulator.smpp_address())]);
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
    daemon.kill();

    let canaries = [
        "905777123",
        "CANARY THI VANG",
        "Canary Thi Vang",
        "048301987654",
        "CANARYTEXT",
        &password,
        "09/09/2001",
    ];
    // The file with the key and the folder's other files are looked through as well.
    let clear = files_with(home.path(), &canaries);
    assert!(clear.is_empty(), "in clear: {clear:?}");
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
