//! `tongdai load` as people and scripts use it, against `tongdai run`.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Daemon, Home, tongdai};

/// Dossiers that are not there, free times, and bookings that are cancelled again.
const MIX: &str = r#"
[values]
citizen = { below = 10_000 }
activity = { words = ["ZOP", "POP", "ZCD"] }
[[message]]
weight = 2
from = "84905{citizen:06}"
to = "8383"
text = "XNC {citizen+10000000}"
reply = ["Khong tim thay ho so {citizen+10000000}"]
[[message]]
weight = 1
from = "420602{citizen:06}"
to = "420739547765"
text = "OBJ TERMIN ZOP"
reply = ["ZOP"]
[[message]]
weight = 1
from = "420602{citizen:06}"
to = "420739547765"
text = "OBJ {activity} NOVAK"
reply = ["objednano {activity}", "Pro {activity} neni"]
[message.then]
take.cancel = { after = "Zruseni: " }
text = "{cancel}"
reply = ["0 byla zrusena", "5 byla zrusena"]
"#;

/// What a load says on standard error.
type Lines = std::io::Lines<BufReader<ChildStderr>>;

/// Starts a load on a free port; where it listens, once it does.
fn start(home: &Home, mix: &str, arguments: &[&str]) -> (Child, Lines, SocketAddr) {
    let file = home.path().join("mix.toml");
    std::fs::write(&file, mix).unwrap();
    let mut command = tongdai();
    command.args(["load", "--listen", "127.0.0.1:0", "--binds", "1", "--mix"]).arg(file).args(arguments);
    let mut load = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(load.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let address = line.split([' ', ',']).find_map(|word| word.parse().ok());
    (load, lines, address.unwrap_or_else(|| panic!("it says where it listens: {line}")))
}

/// Its output and exit code; its lines are read to their end, so that it never waits for us.
fn finish(load: Child, lines: Lines) -> Output {
    lines.for_each(drop);
    load.wait_with_output().unwrap()
}

/// Runs a load against a daemon of its own.
fn run(mix: &str, arguments: &[&str]) -> Output {
    let home = Home::new();
    let (load, lines, address) = start(&home, mix, arguments);
    let daemon = Daemon::start(&home, &[("a", "vn", address)]);
    let output = finish(load, lines);
    assert_eq!(daemon.terminate(), Some(0));
    output
}

#[test]
fn the_daemon_answers_each_message_of_a_mix_once_and_rightly() {
    let output = run(MIX, &["--messages", "300", "--warm-up", "50", "--rate", "500", "--json", "-"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    for (figure, expected) in [
        ("messages", 300),
        ("acknowledged", 300),
        ("answered", 300),
        ("missing", 0),
        ("double", 0),
        ("wrong", 0),
    ] {
        assert_eq!(report[figure], expected, "{figure}: {report:#}");
    }
    for time in ["response", "reply"] {
        let at = |name: &str| report[time][name].as_u64().unwrap();
        assert!(
            0 < at("p50_us") && at("p50_us") <= at("p99_us") && at("p99_us") <= at("max_us"),
            "{report:#}"
        );
    }
}

#[test]
fn a_load_says_when_its_warm_up_is_over() {
    let home = Home::new();
    let (mut load, lines, address) = start(&home, MIX, &["--messages", "20", "--warm-up", "30"]);
    let daemon = Daemon::start(&home, &[("a", "vn", address)]);
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(load.wait().unwrap().success());
    assert_eq!(daemon.terminate(), Some(0));
    assert_eq!(said.first().unwrap(), "warmed up with 30 messages", "{said:?}");
}

#[test]
fn a_wrong_reply_is_a_failure_and_so_is_what_the_operator_says() {
    let wrong = MIX.replace("Khong tim thay", "Tim thay");
    let home = Home::new();
    let page = home.path().join("report.html");
    let output = run(&wrong, &["--messages", "40", "--html", page.to_str().unwrap()]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{table}");
    let count = |name: &str| -> u64 {
        let line = table.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().parse().unwrap()
    };
    assert!(count("wrong") > 0 && count("missing") == 0, "{table}");
    assert!(std::fs::read_to_string(page).unwrap().contains("</html>"));
    // Who says what a failure is, is believed.
    let output = run(&wrong, &["--messages", "40", "--fail-if", "missing > 0"]);
    assert_eq!(output.status.code(), Some(0));
    let output = run(MIX, &["--messages", "40", "--fail-if", "missing > 0", "--fail-if", "rate > 0"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_is_told_at_once() {
    let home = Home::new();
    let file = home.path().join("mix.toml");
    std::fs::write(&file, MIX.replace("{citizen:06}", "{nobody:06}")).unwrap();
    let ended = |arguments: &[&str]| {
        let output = tongdai().arg("load").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (arguments, code, expected) in [
        (&["--listen", "0.0.0.0:0"][..], 2, "--beyond-loopback"),
        (&["--fail-if", "p99 > soon"], 2, "METRIC OP VALUE"),
        (&["--messages", "5", "--duration", "5s"], 2, "cannot be used with"),
        (&["--duration", "0s"], 2, "a time as"),
        (&["--mix", "/nowhere.toml"], 66, "/nowhere.toml"),
        (&["--mix", file.to_str().unwrap()], 78, "nobody"),
        (&["--listen", "127.0.0.1:0", "--bind-patience", "10ms"], 1, "0 of 4"),
        (&["--listen", "0.0.0.0:0", "--beyond-loopback", "--bind-patience", "10ms"], 1, "0 of 4"),
    ] {
        let (ended, errors) = ended(arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}

#[test]
fn a_load_that_is_asked_to_stop_reports_what_it_sent() {
    let home = Home::new();
    let (load, mut lines, address) = start(&home, MIX, &["--rate", "100", "--duration", "1h", "--json", "-"]);
    let daemon = Daemon::start(&home, &[("a", "vn", address)]);
    let second = lines.next().unwrap().unwrap();
    assert!(second.contains("answered/s") && second.contains("p99"), "{second}");
    assert!(Command::new("kill").args(["-TERM", &load.id().to_string()]).status().unwrap().success());
    let output = finish(load, lines);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["missing"]), (Some(0), &0.into()), "{report:#}");
    assert!(report["messages"].as_u64().unwrap() > 0);
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn a_load_that_is_told_twice_ends_at_once() {
    let signal = |name: &str, pid: u32| {
        assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
    };
    let home = Home::new();
    let (load, mut lines, address) =
        start(&home, MIX, &["--rate", "100", "--duration", "1h", "--patience", "1h"]);
    let daemon = Daemon::start(&home, &[("a", "vn", address)]);
    lines.next().unwrap().unwrap();
    // From now on nothing is answered, and the load would wait for it.
    signal("-STOP", daemon.pid());
    signal("-TERM", load.id());
    signal("-INT", load.id());
    assert_eq!(finish(load, lines).status.code(), Some(130));
    signal("-CONT", daemon.pid());
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn a_file_that_cannot_be_written_costs_no_figures() {
    let output = run(MIX, &["--messages", "20", "--html", "/nowhere/report.html"]);
    let (table, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(table.contains("answered"), "{table}");
}
