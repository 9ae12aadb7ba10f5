//! `tongdai run` and peers who send what no SMSC sends. H-01, H-05, H-16 and H-25 of the list of hostile inputs.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use codec::{BindResp, Body, CommandStatus, Framed, Pdu, Sm, SmResp, encode};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::Address;
use simulator::{Config, Message, Simulator};

use crate::support::{Daemon, Home, PATIENCE, tongdai};

/// One connection, seen from the SMSC. Reading and writing may go on at once.
struct Wire {
    read: TcpStream,
    write: Arc<Mutex<TcpStream>>,
    inbound: BytesMut,
}

impl Wire {
    /// Accepts a connection and its bind.
    fn bind(listener: &TcpListener) -> Self {
        let (read, _) = listener.accept().unwrap();
        read.set_nodelay(true).unwrap();
        read.set_read_timeout(Some(PATIENCE)).unwrap();
        let write = Arc::new(Mutex::new(read.try_clone().unwrap()));
        let mut wire = Self { read, write, inbound: BytesMut::new() };
        let bind = wire.next().unwrap();
        let body = Body::BindTransceiverResp(BindResp::default());
        wire.send(Pdu { body, ..bind });
        wire
    }

    /// The next PDU; none once the daemon has closed.
    fn next(&mut self) -> Option<Pdu> {
        loop {
            match codec::decode(&mut self.inbound).unwrap() {
                Some(Framed::Pdu(pdu)) => return Some(pdu),
                Some(Framed::Answerable(error)) => panic!("{error}"),
                None => {}
            }
            let mut octets = [0; 65_536];
            match self.read.read(&mut octets).unwrap_or_else(|error| panic!("silence: {error}")) {
                0 => return None,
                read => self.inbound.extend_from_slice(&octets[..read]),
            }
        }
    }

    fn write(&self, octets: &[u8]) {
        self.write.lock().unwrap().write_all(octets).unwrap();
    }

    fn send(&self, pdu: Pdu) {
        let mut octets = BytesMut::new();
        encode(&pdu, &mut octets).unwrap();
        self.write(&octets);
    }

    fn accept(&self, sequence_number: u32, message_id: &str) {
        let resp = SmResp { message_id: message_id.into(), ..SmResp::default() };
        let body = Body::SubmitSmResp(resp);
        self.send(Pdu { command_status: CommandStatus::ESME_ROK, sequence_number, body });
    }

    /// Sends a message and gives the answer to it, past all that is not.
    fn ask(&mut self, from: &str, text: &str) -> String {
        self.send(deliver(1, from, text.as_bytes()));
        loop {
            let pdu = self.next().unwrap();
            if let Body::SubmitSm(sm) = pdu.body {
                self.accept(pdu.sequence_number, "1");
                return String::from_utf8_lossy(&sm.short_message).into_owned();
            }
        }
    }
}

fn deliver(sequence_number: u32, from: &str, octets: &[u8]) -> Pdu {
    let sm = Sm {
        source: Address::new(1, 1, from),
        destination: Address::new(0, 1, "8383"),
        short_message: Bytes::copy_from_slice(octets),
        ..Sm::default()
    };
    Pdu::request(sequence_number, Body::DeliverSm(sm))
}

fn smsc() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, format!("name=odd,host=127.0.0.1,port={port},system-id=test,window=50"))
}

#[test]
fn h_01_an_impossible_length_is_nacked_and_ends_the_link_and_the_next_bind_serves() {
    let (listener, spec) = smsc();
    let home = Home::new();
    let _daemon = Daemon::start_with(&home, &[spec]);
    for (n, length) in [0_u32, 15, 0x7FFF_FFFF].into_iter().enumerate() {
        let mut wire = Wire::bind(&listener);
        // Each time another: the same text of the same citizen over a link that has just died is a redelivery.
        assert!(wire.ask(&format!("8490512345{n}"), "XNC HD").starts_with("Tra cuu ho so"));
        // With garbage behind it, which must not be read as anything.
        wire.write(&[&length.to_be_bytes()[..], &[0, 0, 0, 5], &[0xFF; 500]].concat());
        let mut last = None;
        while let Some(pdu) = wire.next() {
            last = Some(pdu);
        }
        let nack = last.unwrap();
        assert_eq!((nack.body, nack.sequence_number), (Body::GenericNack, 0), "{length:#x}");
        assert_eq!(nack.command_status, CommandStatus::ESME_RINVCMDLEN, "{length:#x}");
    }
}

/// Numbers of keep-alives, apart from those of messages.
const KEEPALIVE: u32 = 0x4000_0000;

/// What came of messages that were written as fast as the socket takes them, a keep-alive behind each hundred.
#[derive(Default)]
struct Flood {
    /// Messages that came back with "later".
    put_off: Vec<u32>,
    /// Texts to each citizen, by his message's number.
    answers: HashMap<u32, u32>,
}

impl Flood {
    /// Writes these messages, each of a citizen of its own, and waits until all are acknowledged or put off and all
    /// keep-alives answered.
    fn pour(&mut self, wire: &mut Wire, numbers: &[u32]) {
        let mut octets = Vec::new();
        for (n, number) in numbers.iter().enumerate() {
            let mut pdu = BytesMut::new();
            encode(&deliver(*number, &format!("849051{number:05}"), b"XNC HD"), &mut pdu).unwrap();
            if n % 100 == 0 {
                encode(&Pdu::request(KEEPALIVE + number, Body::EnquireLink), &mut pdu).unwrap();
            }
            octets.push(pdu);
        }
        let write = Arc::clone(&wire.write);
        let pouring = std::thread::spawn(move || {
            octets.chunks(100).for_each(|chunk| write.lock().unwrap().write_all(&chunk.concat()).unwrap());
        });
        let (mut waiting, mut alive) = (numbers.len(), numbers.len().div_ceil(100));
        while waiting > 0 || alive > 0 {
            let pdu = wire.next().unwrap();
            match pdu.body {
                Body::DeliverSmResp(_) => {
                    waiting -= 1;
                    match pdu.command_status {
                        CommandStatus::ESME_ROK => {}
                        CommandStatus::ESME_RX_T_APPN => self.put_off.push(pdu.sequence_number),
                        other => panic!("{other}"),
                    }
                }
                Body::EnquireLinkResp => alive -= 1,
                _ => self.take(wire, pdu),
            }
        }
        pouring.join().unwrap();
    }

    /// Takes an answer of the daemon's, or its keep-alive.
    fn take(&mut self, wire: &Wire, pdu: Pdu) {
        match pdu.body {
            Body::SubmitSm(sm) => {
                assert!(sm.short_message.starts_with(b"Tra cuu ho so"));
                wire.accept(pdu.sequence_number, "1");
                let citizen = sm.destination.digits.trim_start_matches("849051").parse().unwrap();
                *self.answers.entry(citizen).or_default() += 1;
            }
            Body::EnquireLink => wire.send(pdu.respond(CommandStatus::ESME_ROK).unwrap()),
            body => panic!("{body:?}"),
        }
    }
}

#[test]
fn h_05_a_flood_faster_than_the_disk_is_put_off_and_in_the_end_each_message_is_answered_once() {
    const MESSAGES: u32 = 6_000;
    /// Each time at least what the engine had in hand is done, however slow the machine.
    const ROUNDS_MAX: u32 = 100;
    const RESIDENT_KIB_MAX: u64 = 400 * 1_024;
    let (listener, spec) = smsc();
    let home = Home::new();
    let daemon = Daemon::start_with(&home, &[spec]);
    let mut wire = Wire::bind(&listener);
    let mut flood = Flood::default();
    flood.pour(&mut wire, &(1..=MESSAGES).collect::<Vec<_>>());
    let resident = daemon.resident_kib();
    assert!(resident < RESIDENT_KIB_MAX, "{resident} KiB are resident");
    let mut rounds = 0;
    while !flood.put_off.is_empty() {
        rounds += 1;
        assert!(rounds < ROUNDS_MAX, "{} are still put off", flood.put_off.len());
        let again = std::mem::take(&mut flood.put_off);
        flood.pour(&mut wire, &again);
    }
    while flood.answers.len() < MESSAGES as usize {
        let pdu = wire.next().unwrap();
        flood.take(&wire, pdu);
    }
    let twice = flood.answers.iter().filter(|(_, count)| **count > 1).count();
    assert_eq!(twice, 0, "citizens who were answered twice, after {rounds} rounds");
}

#[test]
fn h_16_line_feeds_and_escapes_of_strangers_make_no_line_of_the_log() {
    for format in ["text", "json"] {
        let (listener, spec) = smsc();
        let home = Home::new();
        let daemon = Daemon::start_logging(format, &home, std::slice::from_ref(&spec));
        let mut wire = Wire::bind(&listener);
        const FORGED: &str = "\r\n2026-08-03T00:00:00Z ERROR engine: FORGED\u{1b}[2J\u{7}\u{0}";
        for (n, from) in ["84905123456", "FORGED\r\nX", "\u{1b}[2J", "849\n05"].into_iter().enumerate() {
            wire.send(deliver(u32::try_from(n).unwrap() + 1, from, FORGED.as_bytes()));
        }
        wire.send(Pdu::request(
            77,
            Body::Other { command_id: 0x0A0D_1B5B, body: Bytes::from_static(FORGED.as_bytes()) },
        ));
        wire.send(deliver(9, "84905123457", b"XNC HD"));
        let mut answered = 0;
        while answered < 2 {
            let pdu = wire.next().unwrap();
            if matches!(pdu.body, Body::SubmitSm(_)) {
                wire.accept(pdu.sequence_number, FORGED.trim_end_matches('\u{0}'));
                answered += 1;
            }
        }
        let receipt = Sm { esm_class: 0x04, ..Sm::default() };
        let short_message =
            Bytes::copy_from_slice(format!("id:{FORGED} stat:{FORGED} err:{FORGED}").as_bytes());
        wire.send(Pdu::request(11, Body::DeliverSm(Sm { short_message, ..receipt })));
        while wire.next().unwrap().sequence_number != 11 {}
        drop(wire);
        assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());
        let log = home.log_text();
        assert!(log.contains("stopped"), "there is a log: {log}");
        assert!(!log.contains("FORGED"), "{log}");
        assert!(log.chars().all(|c| c == '\n' || !c.is_control()), "{log:?}");
    }
}

/// Zones far from each other, one that there is not, and one that is no name.
const ZONES: [&str; 5] =
    ["Pacific/Kiritimati", "Pacific/Niue", "America/St_Johns", "Nowhere/Land", "XXX+25:61"];

#[test]
fn h_25_a_text_means_the_same_whatever_zone_the_server_is_in() {
    let lines = [
        r#"{"to":"420739547765","text":"OBJ ZOP DNES 16:00 NOVAK","now":"2026-08-03T00:30:00+02:00"}"#,
        r#"{"to":"420739547765","text":"TERMIN ZOP","now":"2026-08-02T23:30:00+02:00"}"#,
        r#"{"to":"420739547765","text":"OBJ ZOP 29.3. 14:00 NOVAK","now":"2026-03-28T23:59:59+01:00"}"#,
        r#"{"to":"8188","text":"TK,Nguyen Van An,201499999,03/08/2026","now":"2026-08-02T23:30:00+07:00"}"#,
        r#"{"to":"8188","text":"TK,Nguyen Van An,201499999,03/08/2026","now":"2026-08-03T00:30:00+07:00"}"#,
    ]
    .join("\n");
    let explain = |zone: Option<&str>| {
        let mut command = tongdai();
        match zone {
            Some(zone) => command.env("TZ", zone),
            None => command.env_remove("TZ"),
        };
        let piped = std::process::Stdio::piped;
        let mut child = command.args(["explain", "--batch"]).stdin(piped()).stdout(piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = explain(None);
    for day in ["\"2026-08-03\"", "\"2026-03-29\"", "bad_dob"] {
        assert!(expected.contains(day), "{expected}");
    }
    for zone in ZONES {
        assert_eq!(explain(Some(zone)), expected, "{zone}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h_25_tomorrow_is_the_offices_tomorrow_whatever_zone_the_server_is_in() {
    let prague = TimeZone::get("Europe/Prague").unwrap();
    // The daemon reads the real clock, so the expected day must come from it as well.
    #[allow(clippy::disallowed_methods, reason = "compared with a process that asks the real clock")]
    let tomorrow = || {
        let day = Timestamp::now().to_zoned(prague.clone()).date().checked_add(1.day()).unwrap();
        format!("{}.{}.{}", day.day(), day.month(), day.year())
    };
    for zone in ZONES {
        let simulator = Simulator::start(Config::default()).await.unwrap();
        let home = Home::new();
        let smscs = [("cz", "cz", simulator.smpp_address())];
        let (_daemon, _api) = Daemon::start_behind(&format!("export TZ='{zone}'"), &home, &smscs);
        assert!(simulator.wait_receivers(1, PATIENCE).await, "{}", home.log_text());
        let before = tomorrow();
        let sent = simulator.send(&Message::new("420602123456", "420739547765", "TERMIN ZOP")).unwrap();
        let reply = simulator.wait_answer(sent, PATIENCE).await.expect("a reply").text.to_string();
        assert!([before, tomorrow()].iter().any(|day| reply.contains(day)), "{zone}: {reply}");
    }
}
