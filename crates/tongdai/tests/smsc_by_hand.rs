//! `tongdai run` against SMSCs made by hand on plain sockets: odd octets, window, throttling, pairs, the end.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use codec::{BindResp, Body, CommandStatus, Framed, Pdu, Sm, SmResp, encode};
use model::Address;

use crate::support::{Daemon, Home, PATIENCE};

/// Long enough for what must not come to have come.
const QUIET: Duration = Duration::from_millis(300);
/// Stands behind each odd PDU: nothing may cost the framing of the next.
const BEHIND: u32 = 0x0102_0304;
/// A floor, so that a walk that finds no files fails.
const CASES_MIN: usize = 100;

/// One connection, seen from the SMSC.
struct Link {
    stream: TcpStream,
    inbound: BytesMut,
}

impl Link {
    /// Accepts a connection and its bind.
    fn bind(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut link = Self { stream, inbound: BytesMut::new() };
        let bind = link.next(PATIENCE).unwrap();
        let resp = BindResp::default();
        let body = match bind.body {
            Body::BindTransceiver(_) => Body::BindTransceiverResp(resp),
            Body::BindTransmitter(_) => Body::BindTransmitterResp(resp),
            Body::BindReceiver(_) => Body::BindReceiverResp(resp),
            other => panic!("{other:?}"),
        };
        link.send(&Pdu {
            command_status: CommandStatus::ESME_ROK,
            sequence_number: bind.sequence_number,
            body,
        });
        link
    }

    fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).unwrap();
    }

    fn send(&mut self, pdu: &Pdu) {
        let mut octets = BytesMut::new();
        encode(pdu, &mut octets).unwrap();
        self.write(&octets);
    }

    fn deliver(&mut self, sequence_number: u32, sm: Sm) {
        self.send(&Pdu::request(sequence_number, Body::DeliverSm(sm)));
    }

    /// Answers a submit_sm.
    fn respond(&mut self, sequence_number: u32, command_status: CommandStatus, message_id: &str) {
        self.send(&submit_resp(sequence_number, command_status, message_id));
    }

    /// The next PDU; none where nothing comes for so long, or once the daemon has closed.
    fn next(&mut self, patience: Duration) -> Option<Pdu> {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        loop {
            match codec::decode(&mut self.inbound).unwrap() {
                Some(Framed::Pdu(pdu)) => return Some(pdu),
                Some(Framed::Answerable(error)) => panic!("{error}"),
                None => {}
            }
            let mut octets = [0; 4_096];
            match self.stream.read(&mut octets) {
                Ok(0) => return None,
                Ok(read) => self.inbound.extend_from_slice(&octets[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return None;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Waits until the daemon has taken all that was sent so far.
    fn settle(&mut self) {
        self.send(&Pdu::request(BEHIND, Body::EnquireLink));
        while self.next(PATIENCE).unwrap().sequence_number != BEHIND {}
    }

    /// The next submit_sm, past everything else.
    fn submit(&mut self, patience: Duration) -> Option<(u32, Sm)> {
        loop {
            if let Pdu { sequence_number, body: Body::SubmitSm(sm), .. } = self.next(patience)? {
                return Some((sequence_number, sm));
            }
        }
    }
}

fn submit_resp(sequence_number: u32, command_status: CommandStatus, message_id: &str) -> Pdu {
    let resp = SmResp { message_id: message_id.into(), ..SmResp::default() };
    Pdu { command_status, sequence_number, body: Body::SubmitSmResp(resp) }
}

fn text(from: &str, to: &str, text: &str) -> Sm {
    Sm {
        source: Address::new(1, 1, from),
        destination: Address::new(0, 1, to),
        short_message: Bytes::copy_from_slice(text.as_bytes()),
        ..Sm::default()
    }
}

fn smsc() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn spec(name: &str, port: u16, more: &str) -> String {
    format!("name={name},host=127.0.0.1,port={port},system-id=test{more}")
}

/// A case of the codec's vectors.
struct Case {
    name: String,
    octets: Vec<u8>,
    expect: String,
    answer: Vec<u8>,
}

/// The codec's vectors, each from a citizen of its own where it has one; the format is told in their README.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codec/tests/vectors");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let file = std::fs::read_to_string(path).unwrap().replace("\n    ", " ");
        for block in file.split("\n== ").skip(1) {
            let line = |key: &str| {
                let found = block.lines().find_map(|line| line.strip_prefix(key));
                found.unwrap_or_else(|| panic!("no {key} in {block}")).trim().to_owned()
            };
            let citizen = format!("849051{:05}", cases.len());
            let answer = Some(line("answer")).filter(|answer| answer != "none");
            cases.push(Case {
                name: block.lines().next().unwrap().to_owned(),
                octets: octets(&line("hex").replace("\"84905123456\"", &format!("\"{citizen}\""))),
                expect: line("expect"),
                answer: answer.map(|answer| octets(&answer)).unwrap_or_default(),
            });
        }
    }
    cases
}

/// Groups of hexadecimal digits and quoted ASCII.
fn octets(line: &str) -> Vec<u8> {
    let pieces = line.split('"').enumerate();
    pieces
        .flat_map(|(place, piece)| {
            if place % 2 == 1 {
                return piece.as_bytes().to_vec();
            }
            piece.split_whitespace().flat_map(|group| hex::decode(group).unwrap()).collect()
        })
        .collect()
}

impl Case {
    /// Whether the link is meant to live on.
    fn is_survived(&self) -> bool {
        !["fatal", "incomplete", "unbind"].iter().any(|end| self.expect.split(' ').next() == Some(end))
    }

    /// Whether the answer is the same for each role: an ESME refuses what only an SMSC serves.
    fn is_answered_alike(&self) -> bool {
        ["deliver_sm", "data_sm", "enquire_link", "unreadable"]
            .iter()
            .any(|name| self.expect.split(' ').next() == Some(name))
            && self.octets[4..8] != [0, 0, 0, 4]
    }

    /// Whether a citizen asks for a dossier and must be told.
    fn asks(&self) -> bool {
        let octets = &self.octets;
        let has = |needle: &[u8]| octets.windows(needle.len()).any(|window| window == needle);
        let messages = self.expect.starts_with("deliver_sm") || self.expect.starts_with("data_sm");
        messages
            && self.expect.contains("text=\"XNC 13557009\"")
            && !self.expect.contains("concat=")
            && !self.expect.contains("kind=")
            && has(b"849051")
            && has(b"8383\0")
    }
}

#[test]
fn odd_pdus_cost_neither_the_link_nor_a_message_that_can_be_read() {
    let (listener, port) = smsc();
    let home = Home::new();
    let _daemon = Daemon::start_with(&home, &[spec("odd", port, "")]);
    let mut link = Link::bind(&listener);
    let cases: Vec<Case> = cases().into_iter().filter(Case::is_survived).collect();
    assert!(cases.len() >= CASES_MIN, "{} cases", cases.len());
    assert!(cases.iter().filter(|case| case.asks()).count() >= CASES_MIN / 4);
    for case in cases {
        let name = &case.name;
        link.write(&case.octets);
        link.send(&Pdu::request(BEHIND, Body::EnquireLink));
        let mut answer =
            case.is_answered_alike().then_some(case.answer.as_slice()).filter(|it| !it.is_empty());
        let (mut reply, mut behind) = (case.asks(), true);
        while answer.is_some() || reply || behind {
            let pdu = link.next(Duration::from_secs(10)).unwrap_or_else(|| panic!("{name}: silence"));
            let mut sent = BytesMut::new();
            encode(&pdu, &mut sent).unwrap();
            answer = answer.filter(|expected| *expected != sent.as_ref());
            behind &= (pdu.sequence_number, &pdu.body) != (BEHIND, &Body::EnquireLinkResp);
            if let Body::SubmitSm(sm) = &pdu.body {
                link.respond(pdu.sequence_number, CommandStatus::ESME_ROK, "1");
                reply &= !sm.short_message.starts_with(b"Khong tim thay ho so 13557009");
            }
        }
    }
}

/// The number of the dossier that a reply is about.
fn dossier(sm: &Sm) -> u32 {
    let text = String::from_utf8_lossy(&sm.short_message).into_owned();
    let digits: String = text.chars().filter(char::is_ascii_digit).take(8).collect();
    digits.parse().unwrap()
}

#[test]
fn the_window_holds_and_what_is_throttled_keeps_its_order() {
    const MESSAGES: u32 = 12;
    let (listener, port) = smsc();
    let home = Home::new();
    let _daemon = Daemon::start_with(&home, &[spec("a", port, ",window=3")]);
    let mut link = Link::bind(&listener);
    for n in 0..MESSAGES {
        let citizen = format!("849051{n:05}");
        link.deliver(n + 1, text(&citizen, "8383", &format!("XNC {}", 13_557_000 + n)));
    }
    let mut outstanding = Vec::new();
    let mut acknowledged = 0;
    while acknowledged < MESSAGES || outstanding.len() < 3 {
        let pdu = link.next(PATIENCE).unwrap();
        match pdu.body {
            Body::SubmitSm(_) => outstanding.push(pdu.sequence_number),
            Body::DeliverSmResp(_) => acknowledged += u32::from(pdu.command_status.is_ok()),
            other => panic!("{other:?}"),
        }
    }
    assert!(link.submit(QUIET).is_none(), "over the window");
    // In one write: what is still in flight when another is refused may overtake it, as any window allows.
    let mut refusals = BytesMut::new();
    for sequence_number in outstanding {
        encode(&submit_resp(sequence_number, CommandStatus::ESME_RTHROTTLED, ""), &mut refusals).unwrap();
    }
    link.write(&refusals);
    let mut taken = Vec::new();
    while taken.len() < MESSAGES as usize {
        let (sequence_number, sm) = link.submit(PATIENCE).unwrap();
        link.respond(sequence_number, CommandStatus::ESME_ROK, "x");
        taken.push(dossier(&sm));
    }
    assert_eq!(taken, (13_557_000..13_557_000 + MESSAGES).collect::<Vec<_>>());
    assert!(link.submit(QUIET).is_none(), "each once");
}

#[test]
fn a_full_queue_counts_no_attempt() {
    let (listener, port) = smsc();
    let home = Home::new();
    let _daemon = Daemon::start_with(&home, &[spec("a", port, ",window=1")]);
    let mut link = Link::bind(&listener);
    link.deliver(1, text("84905100000", "8383", "XNC 13557000"));
    // One more than a status that is tried three times would bear.
    for _ in 0..4 {
        let (sequence_number, _) = link.submit(PATIENCE).unwrap();
        link.respond(sequence_number, CommandStatus::ESME_RMSGQFUL, "");
    }
    let (sequence_number, sm) = link.submit(PATIENCE).unwrap();
    link.respond(sequence_number, CommandStatus::ESME_ROK, "x");
    assert_eq!(dossier(&sm), 13_557_000);
    assert!(link.submit(QUIET).is_none(), "once");
}

#[test]
fn leaving_waits_for_answers_puts_off_the_rest_and_says_good_bye() {
    let (listener, port) = smsc();
    let home = Home::new();
    let daemon = Daemon::start_with(&home, &[spec("a", port, ",window=1")]);
    let mut link = Link::bind(&listener);
    for n in 0..3_u32 {
        link.deliver(n + 1, text(&format!("849051{n:05}"), "8383", &format!("XNC {}", 13_557_000 + n)));
    }
    let (outstanding, sm) = link.submit(PATIENCE).unwrap();
    assert_eq!(dossier(&sm), 13_557_000);
    while link.next(QUIET).is_some() {}
    daemon.ask_to_stop();
    // The word to leave and this message race; one that comes before is taken and answered after the restart.
    let put_off = (10..10_000).any(|n| {
        link.deliver(n, text("84905199999", "1900", "?"));
        let answer = link.next(PATIENCE).unwrap();
        assert_eq!(answer.sequence_number, n);
        answer.command_status == CommandStatus::ESME_RX_T_APPN
    });
    assert!(put_off);
    link.respond(outstanding, CommandStatus::ESME_ROK, "1");
    let unbind = link.next(PATIENCE).unwrap();
    assert_eq!(unbind.body, Body::Unbind, "nothing more is submitted");
    link.send(&unbind.respond(CommandStatus::ESME_ROK).unwrap());
    assert!(link.next(PATIENCE).is_none());
    assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());

    let _again = Daemon::start_with(&home, &[spec("a", port, ",window=1")]);
    let mut link = Link::bind(&listener);
    for expected in [13_557_001, 13_557_002] {
        let (sequence_number, sm) = link.submit(PATIENCE).unwrap();
        assert_eq!(dossier(&sm), expected);
        link.respond(sequence_number, CommandStatus::ESME_ROK, "2");
    }
    assert!(link.submit(QUIET).is_none(), "what was answered does not leave again");
}

#[test]
fn a_transmitter_and_a_receiver_are_one_group() {
    const REQUEST: &str = "TK,Nguyen Van An,201499999,20/12/1990";
    let ((tx_listener, tx_port), (rx_listener, rx_port)) = (smsc(), smsc());
    let home = Home::new();
    let tx = spec("tx", tx_port, ",bind=tx,group=pair");
    let rx = spec("rx", rx_port, ",bind=rx,group=pair");
    let _daemon = Daemon::start_with(&home, &[tx, rx]);
    let mut tx = Link::bind(&tx_listener);
    let mut rx = Link::bind(&rx_listener);
    let mut ask = |rx: &mut Link, id: &str| {
        rx.deliver(1, text("84905123456", "8188", REQUEST));
        let (sequence_number, sm) = tx.submit(PATIENCE).unwrap();
        tx.respond(sequence_number, CommandStatus::ESME_ROK, id);
        tx.settle();
        sm
    };
    let sm = ask(&mut rx, "00AF");
    assert!(sm.short_message.starts_with(b"TK: 201499999, MK: "), "{}", home.log_text());
    assert_eq!(sm.registered_delivery, 1);
    // In decimal, and over the other half.
    let receipt = text("84905123456", "8188", "id:175 sub:001 dlvrd:000 stat:UNDELIV err:004");
    rx.deliver(2, Sm { esm_class: 0x04, ..receipt });
    // The log-in was lost, so the same request gets a new one.
    let again = ask(&mut rx, "00B0");
    assert!(again.short_message.starts_with(b"TK: 201499999, MK: "));
    assert_ne!(again.short_message, sm.short_message, "another password");
    assert!(rx.submit(QUIET).is_none());
}

#[test]
fn texts_that_do_not_fit_their_coding_are_counted_by_bind() {
    let (listener, _) = smsc();
    let home = Home::new();
    let (_daemon, api) = Daemon::start_ready("info", &home, &[("odd", "vn", listener.local_addr().unwrap())]);
    let mut link = Link::bind(&listener);
    for (sequence_number, octets) in [(1, &b"XNC 13557009 \xE9"[..]), (2, b"XNC 13557009")] {
        let short_message = Bytes::from_static(octets);
        link.deliver(sequence_number, Sm { short_message, ..text("84905123456", "8383", "") });
    }
    let mut acknowledged = 0;
    while acknowledged < 2 {
        acknowledged += u32::from(matches!(link.next(PATIENCE).unwrap().body, Body::DeliverSmResp(_)));
    }
    let metrics = api.get("/metrics").text;
    assert!(metrics.contains("tongdai_doubtful_texts_total{smsc=\"odd\"} 1\n"), "{metrics}");
}
