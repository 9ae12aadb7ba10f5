//! Pains of the field that need a whole process: memory, an API for everybody, odd octets, lost settings, blindness.
//! Those that live in the engine stand in the harness's tests.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bytes::{Bytes, BytesMut};
use codec::{BindResp, Body, CommandStatus, Framed, Pdu, Sm, SmResp, encode};
use model::Address;
use serde_json::{Value, json};

use crate::support::{Api, Daemon, Home, PATIENCE, tongdai};

/// One connection, seen from the SMSC.
struct Link {
    stream: TcpStream,
    inbound: BytesMut,
    outbound: BytesMut,
}

impl Link {
    /// Accepts a connection and its bind.
    fn bind(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut link = Self { stream, inbound: BytesMut::new(), outbound: BytesMut::new() };
        let Pdu { sequence_number, .. } = link.next().expect("a bind");
        link.send(&Pdu {
            command_status: CommandStatus::ESME_ROK,
            sequence_number,
            body: Body::BindTransceiverResp(BindResp::default()),
        });
        link.flush();
        link
    }

    fn send(&mut self, pdu: &Pdu) {
        encode(pdu, &mut self.outbound).unwrap();
    }

    fn deliver(&mut self, sequence_number: u32, sm: Sm) {
        self.send(&Pdu::request(sequence_number, Body::DeliverSm(sm)));
    }

    fn flush(&mut self) {
        self.stream.write_all(&self.outbound).unwrap();
        self.outbound.clear();
    }

    /// The next PDU; none once the daemon has closed. Each submit is taken.
    fn next(&mut self) -> Option<Pdu> {
        loop {
            match codec::decode(&mut self.inbound).unwrap() {
                Some(Framed::Pdu(pdu)) => {
                    if let Body::SubmitSm(_) = pdu.body {
                        let (command_status, sequence_number) =
                            (CommandStatus::ESME_ROK, pdu.sequence_number);
                        let body = Body::SubmitSmResp(SmResp::default());
                        self.send(&Pdu { command_status, sequence_number, body });
                        self.flush();
                    }
                    return Some(pdu);
                }
                Some(Framed::Answerable(error)) => panic!("{error}"),
                None => {}
            }
            let mut octets = [0; 16_384];
            match self.stream.read(&mut octets).unwrap() {
                0 => return None,
                read => self.inbound.extend_from_slice(&octets[..read]),
            }
        }
    }

    /// Waits for a submit whose text begins so.
    fn wait_for(&mut self, begin: &str) {
        loop {
            if let Body::SubmitSm(sm) = self.next().expect("the link stands").body
                && sm.short_message.starts_with(begin.as_bytes())
            {
                return;
            }
        }
    }
}

fn text(from: &str, to: &str, text: &str) -> Sm {
    Sm {
        source: Address::new(1, 1, from),
        destination: Address::new(0, 1, to),
        short_message: Bytes::copy_from_slice(text.as_bytes()),
        ..Sm::default()
    }
}

fn receipt(id: &str) -> Sm {
    Sm { esm_class: 0x04, ..text("84905100000", "8383", &format!("id:{id} stat:DELIVRD err:000")) }
}

/// A small generator (splitmix64): the same run does the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}

fn smsc() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).unwrap()
}

/// Memory of a process that is in use, in KiB.
#[cfg(target_os = "linux")]
fn resident_kib(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Jasmin, Vumi, go-smpp and smpp34 grow with receipts until somebody restarts them. Here the first receipts without a
/// message fill what is kept of them, and many times as many add nothing that lasts.
#[cfg(target_os = "linux")]
#[test]
fn pain_16_memory_stays_flat_under_receipts() {
    /// More than the 10,000 that are held, so that the first round fills them.
    const A_ROUND: u32 = 12_000;
    /// Fewer than a link lets wait.
    const AT_ONCE: u32 = 1_000;
    const GROWTH_MAX_KIB: u64 = 8 * 1_024;
    let listener = smsc();
    let home = Home::new();
    let smscs = [("a", "vn", listener.local_addr().unwrap())];
    let (daemon, _api) = Daemon::start_ready("info", &home, &smscs);
    let mut link = Link::bind(&listener);
    let mut sent = 0;
    let mut round = || {
        for _ in 0..A_ROUND / AT_ONCE {
            for _ in 0..AT_ONCE {
                sent += 1;
                link.deliver(sent, receipt(&format!("0c1e5f9a-9f4b-4c5e-8f5e-{sent:012}")));
            }
            link.flush();
            // Those that a slow disk makes late are put off, and not counted.
            for _ in 0..AT_ONCE {
                let answer = link.next().expect("an answer");
                assert!(matches!(answer.body, Body::DeliverSmResp(_)), "{answer:?}");
            }
        }
        resident_kib(&daemon)
    };
    let _filled = round();
    let before = round();
    let after = (0..3).map(|_| round()).last().unwrap();
    assert!(after <= before + GROWTH_MAX_KIB, "{before} KiB, then {after} KiB");
}

/// Telnet consoles with a default password, deny lists that match nothing. Here the API listens on loopback unless
/// told otherwise, and whoever has no token, or another one, reads and changes nothing.
#[test]
fn pain_21_the_api_is_closed_to_whoever_has_no_token() {
    let listener = smsc();
    let home = Home::new();
    let (_daemon, api) = Daemon::start_ready("info", &home, &[("a", "vn", listener.local_addr().unwrap())]);
    let calls = [
        ("GET", "/dossiers/hue-xnc/13557009"),
        ("PUT", "/dossiers/hue-xnc/13557009"),
        ("POST", "/dossiers/hue-xnc/13557009/events"),
        ("POST", "/queues/hue-xnc/STTXC/samples"),
        ("GET", "/subscribers/84905123456"),
        ("PUT", "/subscribers/84905123456"),
        ("DELETE", "/subscribers/84905123456"),
        ("POST", "/accounts/danang/import"),
        ("DELETE", "/accounts/danang/phones/84905123456"),
        ("POST", "/login"),
        ("POST", "/password"),
        ("GET", "/calendar/trutnov"),
        ("PUT", "/calendar/trutnov"),
        ("PUT", "/calendar/trutnov/days/2030-01-07"),
        ("PUT", "/calendar/trutnov/activities/ZOP"),
        ("GET", "/"),
        ("GET", "/no/such/page"),
    ];
    let strangers: [&[(&str, &str)]; 5] = [
        &[],
        &[("Authorization", "Bearer ")],
        &[("Authorization", "Bearer admin")],
        &[("Authorization", "Basic YWRtaW46YWRtaW4=")],
        // What the file of tokens holds is no token.
        &[("Authorization", "Bearer 67e95073ea7d2f92f361b2b3a590935f82b670e8c5d7d96ac622282e2f7accc3")],
    ];
    for (method, path) in calls {
        for headers in strangers {
            let body = (method == "PUT" || method == "POST").then(|| "{\"counters\":7}".to_owned());
            let answer = api.call_with(method, path, body, headers);
            assert!(
                answer.status == 401 || (answer.status == 404 && !path.contains("a/")),
                "{method} {path}"
            );
        }
    }
    let calendar = api.get("/calendar/trutnov").body;
    assert_eq!(calendar["version"], 0, "nothing was changed: {calendar}");
    let help = tongdai().args(["run", "--help"]).output().unwrap().stdout;
    assert!(String::from_utf8(help).unwrap().contains("[default: 127.0.0.1:8480]"));
}

/// node-smpp and smpp34 died of one odd PDU. Here thousands of them, each in a frame of its true length, cost neither
/// the process nor the link, and a length that no PDU can have costs one connection.
#[test]
fn pain_22_odd_pdus_end_neither_the_process_nor_the_link() {
    const PDUS: u32 = 4_000;
    const UNBIND: u32 = 6;
    let listener = smsc();
    let home = Home::new();
    let (_daemon, _api) = Daemon::start_ready("info", &home, &[("a", "vn", listener.local_addr().unwrap())]);
    let mut link = Link::bind(&listener);
    let mut dice = Dice(22);
    for n in 0..PDUS {
        let mut octets = BytesMut::new();
        let sm =
            Sm { tlvs: codec::Tlvs::new().with(0x0424, vec![7; 9]), ..text("84905100000", "8383", "XNC HD") };
        encode(&Pdu::request(n, Body::DeliverSm(sm)), &mut octets).unwrap();
        octets.truncate(16 + dice.below(octets.len() - 15));
        for _ in 0..dice.below(6) {
            let place = 4 + dice.below(octets.len() - 4);
            octets[place] = dice.below(256).try_into().unwrap();
        }
        if dice.below(4) == 0 {
            octets[4..8].copy_from_slice(&[
                0x80 * u8::from(n % 2 == 0),
                0,
                0,
                dice.below(0x16).try_into().unwrap(),
            ]);
        }
        let length = u32::try_from(octets.len()).unwrap();
        octets[..4].copy_from_slice(&length.to_be_bytes());
        // It would be obeyed, and rightly.
        if octets[4..8] == UNBIND.to_be_bytes() {
            continue;
        }
        link.outbound.extend_from_slice(&octets);
        if n % 50 == 0 {
            link.send(&Pdu::request(0x0100_0000 + n, Body::EnquireLink));
            link.flush();
            while link.next().expect("the link stands").sequence_number != 0x0100_0000 + n {}
        }
    }
    link.deliver(1, text("84905177777", "8383", "XNC 13557009"));
    link.flush();
    link.wait_for("Khong tim thay ho so 13557009");
    link.outbound.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    link.flush();
    while link.next().is_some() {}
    let mut link = Link::bind(&listener);
    link.deliver(1, text("84905177778", "8383", "XNC 13557009"));
    link.flush();
    link.wait_for("Khong tim thay ho so 13557009");
}

/// A copy of the services files in the home's folder.
fn services(home: &Home) -> PathBuf {
    let folder = home.path().join("services");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in routing::Rules::builtin_files() {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Jasmin forgets what nobody persisted by hand, and playSMS edits take no effect. Here what a clerk was told is done
/// outlives kill -9, and the services file is the truth: an edit holds from the next start, and a file with a mistake
/// is refused before anything is touched.
#[test]
fn pain_23_settings_outlive_a_kill_and_edits_are_applied() {
    let listener = smsc();
    let home = Home::new();
    let folder = services(&home);
    let flags = ["--services", folder.to_str().unwrap()];
    let smscs = [("a", "vn", listener.local_addr().unwrap())];
    let (daemon, api) = Daemon::start_ready_flagged("info", &home, &smscs, &flags);
    api.put("/calendar/trutnov/days/2030-01-07", json!({"spans": []})).assert_done();
    api.put("/calendar/trutnov/activities/ZOP", json!({"counters": 5})).assert_done();
    let before = shown(&api);
    let _killed = Link::bind(&listener);
    daemon.kill();

    let hue = folder.join("hue-xnc.toml");
    edit(&hue, "text = \"Tra cuu ho so: XNC <Ma so truy cap>. So", "text = \"Moi: XNC <Ma so truy cap>. So");
    let (daemon, api) = Daemon::start_ready_flagged("info", &home, &smscs, &flags);
    assert_eq!(shown(&api), before);
    let mut link = Link::bind(&listener);
    link.deliver(1, text("84905177777", "8383", "XNC HD"));
    link.flush();
    link.wait_for("Moi: XNC <Ma so truy cap>");
    assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());

    edit(&hue, "command = \"help\"", "command = \"halp\"");
    let mut run = tongdai();
    run.args(["run", "--smsc", "name=a,host=127.0.0.1,port=1,system-id=x", "--http", "127.0.0.1:0"]);
    run.args(flags).arg("--data").arg(home.data()).arg("--key-file").arg(home.key());
    let refused = run.stdin(Stdio::null()).output().unwrap();
    assert_eq!(refused.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("halp"));

    edit(&hue, "command = \"halp\"", "command = \"help\"");
    let (_daemon, api) = Daemon::start_ready_flagged("info", &home, &smscs, &flags);
    assert_eq!(shown(&api), before, "the start that was refused touched nothing");
}

fn shown(api: &Api) -> Value {
    let calendar = api.get("/calendar/trutnov").body;
    assert_eq!((&calendar["activities"]["ZOP"]["counters"], &calendar["version"]), (&json!(5), &json!(2)));
    calendar
}

/// Access logs show dots for other scripts, and nobody can say which rule took a text. Here `explain` reads a text in
/// any script as the daemon would, names the rule that took it, and says of each other one why it did not.
#[test]
fn pain_24_explain_says_which_rule_and_why_not_the_others() {
    let explain = |text: &str| -> Value {
        let output = tongdai().args(["explain", "--json", "--to", "8383", text]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let read = explain("XNC mã số truy cập ١٣٥٥٧٠٠٩");
    assert_eq!(
        read["request"],
        json!({"service": "hue-xnc", "command": "dossier_status", "code": "13557009"})
    );
    let candidates = read["candidates"].as_array().unwrap();
    assert_eq!((&candidates[0]["rule"], &candidates[0]["matched"]), (&json!("status"), &json!(true)));
    let refused = explain("Помощь 1");
    assert_eq!(refused["request"]["error"], "unknown_keyword");
    for candidate in refused["candidates"].as_array().unwrap() {
        assert_eq!(candidate["matched"], false);
        assert!(!candidate["because"].as_str().unwrap().is_empty(), "{candidate}");
    }
}

/// Logs that no program can read, a receipt that was not found without a word, a gateway that starts without its
/// admin port. Here each log line is one object with its time, whatever citizens write, each thing that was not
/// answered is counted by its reason, and a port that is taken ends the start.
#[test]
fn pain_24_what_happened_can_be_seen() {
    let listener = smsc();
    let home = Home::new();
    let smscs = [("a", "vn", listener.local_addr().unwrap())];
    let (_daemon, api) = Daemon::start_ready("debug", &home, &smscs);
    let mut link = Link::bind(&listener);
    let odd = ["XNC\r\nHD\u{1}", "{\"a\":\"\n\"}", "\u{85}\u{1b}[31m", "XNC 13557009"];
    for (n, words) in (1..).zip(odd) {
        link.deliver(n, text("84905177777", "8383", words));
    }
    link.deliver(5, receipt("nobody"));
    link.deliver(6, text("VIETTEL", "8383", "XNC HD"));
    link.flush();
    let mut answers = 0;
    while answers < 6 {
        answers += u32::from(matches!(link.next().unwrap().body, Body::DeliverSmResp(_)));
    }
    let metrics = api.get("/metrics").text;
    for line in [
        "tongdai_receipts_total{result=\"unmatched\"} 1",
        "tongdai_ignored_total{reason=\"alphanumeric\"} 1",
        "tongdai_messages_total{service=\"hue-xnc\",label=\"H-ST-NOTFOUND\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let log = home.log_text();
    assert!(log.lines().count() > 3);
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    let other = Home::new();
    let mut run = tongdai();
    run.args(["run", "--smsc", "name=a,host=127.0.0.1,port=1,system-id=x", "--http"]);
    run.arg(listener.local_addr().unwrap().to_string());
    run.arg("--data").arg(other.data()).arg("--key-file").arg(other.key());
    let refused = run.stdin(Stdio::null()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("can't listen"));
}
