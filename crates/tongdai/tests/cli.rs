//! The command line as people and service managers use it: exit codes, readiness, explain in bulk.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Home, PATIENCE, tongdai};

const CORPUS: &str = include_str!("../../routing/tests/corpus/citizen-messages.jsonl");
const SMSC: &str = "name=a,host=127.0.0.1,port=1,system-id=x";

fn code(command: &mut Command) -> Option<i32> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code()
}

#[test]
fn each_kind_of_trouble_has_its_exit_code() {
    let home = Home::new();
    let run = |arguments: &[&str]| {
        let mut command = tongdai();
        command.arg("run").args(["--smsc", SMSC, "--data"]).arg(home.data()).args(arguments);
        code(&mut command)
    };
    assert_eq!(code(tongdai().arg("run")), Some(2), "flags are missing");
    assert_eq!(code(tongdai().args(["run", "--smsc", "name=a,hots=b", "--data", "d"])), Some(2));
    assert_eq!(run(&[]), Some(78), "no key");
    assert_eq!(run(&["--key-file", "/nowhere"]), Some(66));
    assert_eq!(run(&["--key-file", home.key().to_str().unwrap(), "--services", "/nowhere"]), Some(66));
    let broken = home.path().join("services");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("a.toml"), "[x").unwrap();
    let broken = broken.to_str().unwrap();
    assert_eq!(run(&["--key-file", home.key().to_str().unwrap(), "--services", broken]), Some(78));
    assert_eq!(code(tongdai().args(["check", broken])), Some(78));
    assert_eq!(code(tongdai().args(["check", "/nowhere"])), Some(66));
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert_eq!(code(tongdai().arg("check").arg(&empty)), Some(78), "no services file, as `run` says");
    std::fs::write(empty.join("latin1.toml"), b"schema = 1 # caf\xe9\n").unwrap();
    assert_eq!(code(tongdai().arg("check").arg(&empty)), Some(78), "not UTF-8");
    assert_eq!(run(&["--smsc", SMSC]), Some(2), "two binds of one name");
    assert_eq!(run(&["--log-level", "a=b=c"]), Some(2));
    assert_eq!(code(tongdai().args(["sim", "--faults", "{\"no\":1}"])), Some(2));
    let mut verify = tongdai();
    verify.args(["store", "verify", "--data", "/nowhere", "--key-file"]).arg(home.key());
    assert_eq!(code(&mut verify), Some(66));
    assert_eq!(code(tongdai().args(["explain", "--to", "9999", "XNC"])), Some(1));
    assert_eq!(code(tongdai().args(["explain", "--to", "8383", "XNC 1"])), Some(1), "no rule takes it");
    assert_eq!(code(tongdai().args(["explain", "--to", "8383", "XNC 13557009"])), Some(0));
    assert_eq!(code(tongdai().args(["key", "new"]).arg(home.key())), Some(1), "never overwritten");
}

#[test]
fn ready_means_store_and_rules_and_the_second_daemon_on_a_store_is_told_to_come_again() {
    let home = Home::new();
    let socket = UnixDatagram::bind(home.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = tongdai();
    command.args(["run", "--smsc", SMSC, "--http", "127.0.0.1:0", "--key-file"]).arg(home.key());
    command.arg("--data").arg(home.data()).env("NOTIFY_SOCKET", home.path().join("notify"));
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Nothing listens on the SMSC's port: readiness does not wait for a bind.
    assert!(told(&socket, "READY=1"));
    assert!(told(&socket, "STATUS=0/1 SMSC bound"));

    let mut second = tongdai();
    second.args(["run", "--smsc", SMSC, "--http", "127.0.0.1:0", "--key-file"]).arg(home.key());
    assert_eq!(code(second.arg("--data").arg(home.data())), Some(75));

    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(told(&socket, "STOPPING=1"));
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let mut verify = tongdai();
    verify.args(["store", "verify", "--key-file"]).arg(home.key()).arg("--data").arg(home.data());
    assert_eq!(code(&mut verify), Some(0));
}

#[test]
fn a_service_manager_that_does_not_read_holds_nothing_up() {
    let home = Home::new();
    let path = home.path().join("notify");
    let _never_read = UnixDatagram::bind(&path).unwrap();
    let stuffed = UnixDatagram::unbound().unwrap();
    stuffed.set_nonblocking(true).unwrap();
    while stuffed.send_to(b"WATCHDOG=1", &path).is_ok() {}
    let mut command = tongdai();
    command.args(["run", "--smsc", SMSC, "--http", "127.0.0.1:0", "--key-file"]).arg(home.key());
    command.arg("--data").arg(home.data()).env("NOTIFY_SOCKET", &path);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(log.any(|line| line.unwrap().contains("ready")));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(log.any(|line| line.unwrap().contains("stopped")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Whether the service manager's socket is told `word` before patience ends.
fn told(socket: &UnixDatagram, word: &str) -> bool {
    let mut octets = [0; 4_096];
    while let Ok(length) = socket.recv(&mut octets) {
        if String::from_utf8_lossy(&octets[..length]).contains(word) {
            return true;
        }
    }
    false
}

#[test]
fn explain_reads_the_corpus_in_one_batch() {
    let mut command = tongdai();
    command.args(["explain", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(CORPUS.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let meanings: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let lines: Vec<Value> = CORPUS.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!((meanings.len(), lines.len()), (120, 120));
    for (meaning, line) in meanings.iter().zip(&lines) {
        assert_eq!(*meaning, line["expect"], "{}", line["id"]);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_mistake() {
    for arguments in
        [&["explain", "--to", "8383", "XNC 13557009"][..], &["explain", "--help"], &["demo", "--once"]]
    {
        let mut child = tongdai().args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn the_simulator_says_where_it_listens() {
    let mut command = tongdai();
    command.args(["sim", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    let http: SocketAddr = listening["http"].as_str().unwrap().parse().unwrap();
    let binds =
        ureq::get(format!("http://{http}/binds")).call().unwrap().body_mut().read_to_string().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&binds).unwrap(), serde_json::json!([]));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_demo_answers_what_is_typed_and_leaves_nothing_behind_when_told_to_stop() {
    let home = Home::new();
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = tongdai();
    command.arg("demo").env("TMPDIR", &temporary).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line == "All 18 replies were what their scripts expect."));
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"9999 x\n\n8383 \xff\xe9\n+420 739 547 765 HELP ZKR\n").unwrap();
    assert!(lines.by_ref().any(|line| line.starts_with("nobody serves `9999`")));
    assert!(lines.by_ref().any(|line| line.starts_with("8383 -> +84912345678: Sai cu phap.")));
    assert!(lines.by_ref().any(|line| line.starts_with("+420739547765 -> +420605111222: ZOP ")));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1, "its store");

    // Its input stays open, as a terminal's does.
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    drop(input);
}
