//! The load tester against ESMEs of a few lines, good ones and bad ones.

#![allow(clippy::unwrap_used, reason = "tests")]

mod tester_esme;

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use codec::{Bind, Body, CommandStatus, Sm, segment::Segment};
use simulator::Pace;
use simulator::tester::{Extent, Mix, Options, Report, Tester, TesterError};

use crate::tester_esme::{Esme, answer};

const MIX: &str = r#"
[values]
citizen = { below = 50 }
[[message]]
weight = 1
from = "84905{citizen:06}"
to = "8383"
text = "XNC {citizen+10000000}"
reply = ["Ho so {citizen+10000000}"]
"#;

fn options() -> Options {
    Options {
        listen: ([127, 0, 0, 1], 0).into(),
        binds: 1,
        window: 10,
        pace: Pace::Flat,
        extent: Extent::Messages(200),
        skip: 0,
        warm_up: 0,
        any_reply: false,
        // Only what never comes is waited for so long.
        patience: Duration::from_millis(300),
        bind_patience: Duration::from_secs(60),
    }
}

/// Runs a load against an ESME that is given its address.
fn run(options: Options, mix: &str, esme: impl FnOnce(Esme) + Send + 'static) -> Report {
    let tester = Tester::listen(options, Mix::parse(mix).unwrap()).unwrap();
    let connected = Esme::connect(tester.address().unwrap());
    let esme = thread::spawn(move || esme(connected));
    let report = tester.run(&AtomicBool::new(false), || (), |_| {}).unwrap();
    esme.join().unwrap();
    report
}

/// Serves until the load goes away; `serve` says what is sent for the deliver_sm with this number, from 0.
fn script(mut serve: impl FnMut(u32, u32, &Sm) -> Vec<(CommandStatus, u32, Body)>) -> impl FnOnce(Esme) {
    move |mut esme| {
        esme.bind(Body::BindTransceiver(Bind::default()));
        let mut count = 0;
        while let Some(pdu) = esme.read() {
            if let Body::DeliverSm(sm) = pdu.body {
                for (status, sequence_number, body) in serve(count, pdu.sequence_number, &sm) {
                    esme.send_as(status, sequence_number, body);
                }
                count += 1;
            }
        }
    }
}

fn acknowledge(sequence_number: u32) -> (CommandStatus, u32, Body) {
    (CommandStatus::ESME_ROK, sequence_number, Body::DeliverSmResp(Default::default()))
}

fn reply(sm: &Sm, text: &str) -> (CommandStatus, u32, Body) {
    (CommandStatus::ESME_ROK, 1, Body::SubmitSm(answer(sm, text)))
}

fn right(sm: &Sm) -> String {
    format!("Ho so {}: xong", String::from_utf8_lossy(&sm.short_message).replace("XNC ", ""))
}

/// acknowledged, answered, refused, missing, double, wrong.
fn tally(report: &Report) -> [u64; 6] {
    let Report { acknowledged, answered, refused, missing, double, wrong, .. } = report;
    [*acknowledged, *answered, *refused, *missing, *double, *wrong]
}

#[test]
fn a_good_esme_has_nothing_against_it() {
    for pace in [Pace::Flat, Pace::PerSecond(2_000)] {
        let options = Options { pace, warm_up: 60, ..options() };
        let esme = script(|_, number, sm| vec![acknowledge(number), reply(sm, &right(sm))]);
        let report = run(options, MIX, esme);
        assert_eq!(tally(&report), [200, 200, 0, 0, 0, 0]);
        assert_eq!((report.messages, report.odd, report.warm_up_missing), (200, 0, 0));
        assert!(report.is_sound() && report.answered_per_s > 0.0);
        assert!(report.reply.p50_us > 0 && report.reply.p50_us <= report.reply.max_us);
        assert_eq!(report.series.iter().map(|second| second.answered).sum::<u64>(), 200);
        let page = report.to_html();
        assert!(page.contains("Nothing missing") && page.contains("<svg") && !page.contains("http"));
        assert_eq!(serde_json::to_value(&report).unwrap()["messages"], 200);
    }
}

#[test]
fn missing_double_wrong_and_refused_are_each_told() {
    let report = run(
        options(),
        MIX,
        script(|at, number, sm| {
            let (response, right) = (acknowledge(number), reply(sm, &right(sm)));
            match at {
                10 => vec![response],
                20 => vec![response, right.clone(), right],
                30 => vec![response, reply(sm, "Ho so 99999999: xong")],
                40 => vec![(CommandStatus::ESME_RMSGQFUL, number, Body::DeliverSmResp(Default::default()))],
                50 => vec![(CommandStatus::ESME_ROK, number, Body::GenericNack)],
                60 => vec![right],
                _ => vec![right, response],
            }
        }),
    );
    assert_eq!(tally(&report), [197, 197, 2, 2, 1, 1]);
    assert_eq!(report.refused_by_status["ESME_RMSGQFUL (0x00000014)"], 1);
    assert!(!report.is_sound() && report.to_html().contains("ESME_RMSGQFUL"));
}

#[test]
fn any_reply_will_do_where_that_is_asked_for() {
    let options = Options { any_reply: true, ..options() };
    let report = run(options, MIX, script(|_, number, sm| vec![acknowledge(number), reply(sm, "echo")]));
    assert_eq!(tally(&report), [200, 200, 0, 0, 0, 0]);
}

#[test]
fn a_reply_in_parts_counts_once() {
    let report = run(
        options(),
        MIX,
        script(|at, number, sm| {
            let mut sent = vec![acknowledge(number)];
            for part in ["Ho so 1", &right(sm)[7..]].iter().enumerate() {
                let mut submit = answer(sm, "");
                let header = [5, 0, 3, at.to_be_bytes()[3], 2, u8::try_from(part.0).unwrap() + 1];
                let short_message = [&header[..], part.1.as_bytes()].concat().into();
                Segment { esm_class: 0x40, short_message, ..Segment::default() }.fill(&mut submit);
                sent.push((CommandStatus::ESME_ROK, 1, Body::SubmitSm(submit)));
            }
            sent
        }),
    );
    assert_eq!(tally(&report), [200, 200, 0, 0, 0, 0]);
}

#[test]
fn follow_ups_take_from_the_reply() {
    let mix = format!(
        "{MIX}[message.then]\ntext = \"{{word}}\"\ntake.word = {{ after = \"soan: \" }}\nreply = [\"da huy\"]"
    );
    let report = run(
        options(),
        &mix,
        script(|_, number, sm| {
            let text = match sm.short_message.starts_with(b"XNC") {
                true => format!("{}, soan: HUY 7", right(sm)),
                false => {
                    assert_eq!(&sm.short_message[..], b"HUY 7");
                    "da huy".to_owned()
                }
            };
            vec![acknowledge(number), reply(sm, &text)]
        }),
    );
    assert_eq!(tally(&report), [200, 200, 0, 0, 0, 0]);
}

#[test]
fn a_pair_of_binds_serves_as_a_transceiver_does() {
    let tester = Tester::listen(options(), Mix::parse(MIX).unwrap()).unwrap();
    let address = tester.address().unwrap();
    let esme = thread::spawn(move || {
        let mut transmitter = Esme::connect(address);
        transmitter.bind(Body::BindTransmitter(Bind::default()));
        let mut receiver = Esme::connect(address);
        receiver.bind(Body::BindReceiver(Bind::default()));
        while let Some(pdu) = receiver.read() {
            let Body::DeliverSm(sm) = pdu.body else { continue };
            receiver.send_as(
                CommandStatus::ESME_ROK,
                pdu.sequence_number,
                Body::DeliverSmResp(Default::default()),
            );
            transmitter.send_as(CommandStatus::ESME_ROK, 1, Body::SubmitSm(answer(&sm, &right(&sm))));
        }
        // A receiver may not submit, which was never tried on the transmitter.
        assert!(matches!(transmitter.read().unwrap().body, Body::SubmitSmResp(_)));
    });
    let report = tester.run(&AtomicBool::new(false), || (), |_| {}).unwrap();
    esme.join().unwrap();
    assert_eq!(tally(&report), [200, 200, 0, 0, 0, 0]);
}

#[test]
fn what_is_out_of_place_is_answered_and_counted() {
    let report = run(options(), MIX, |mut esme| {
        esme.send(Body::SubmitSm(Sm::default()));
        assert_eq!(esme.read().unwrap().command_status, CommandStatus::ESME_RINVBNDSTS);
        esme.bind(Body::BindTransceiver(Bind::default()));
        let mut expect = |body: Body, status, response: &dyn Fn(&Body) -> bool| {
            esme.send(body);
            let pdu = std::iter::from_fn(|| esme.read())
                .find(|pdu| !matches!(pdu.body, Body::DeliverSm(_)))
                .unwrap();
            assert!(pdu.command_status == status && response(&pdu.body), "{pdu:?}");
        };
        let ok = CommandStatus::ESME_ROK;
        expect(Body::EnquireLink, ok, &|it| *it == Body::EnquireLinkResp);
        let again = Body::BindReceiver(Bind::default());
        expect(again, CommandStatus::ESME_RALYBND, &|it| matches!(it, Body::BindReceiverResp(_)));
        let unknown = Body::Other { command_id: 0x0F00, body: Default::default() };
        expect(unknown, CommandStatus::ESME_RINVCMDID, &|it| *it == Body::GenericNack);
        let short = Body::Other { command_id: codec::command_id::SUBMIT_SM, body: vec![0; 3].into() };
        expect(short, CommandStatus::ESME_RINVMSGLEN, &|it| matches!(it, Body::SubmitSmResp(_)));
        let data_sm = Body::DataSm(Sm::default());
        expect(data_sm, CommandStatus::ESME_RINVCMDID, &|it| matches!(it, Body::DataSmResp(_)));
        expect(Body::Unbind, ok, &|it| *it == Body::UnbindResp);
        assert!(esme.read().is_none(), "it closes after an unbind");
    });
    assert_eq!((report.links_lost, report.messages, report.missing), (1, 10, 10));
}

#[test]
fn a_lost_frame_ends_the_link() {
    let report = run(options(), MIX, |mut esme| {
        esme.bind(Body::BindTransceiver(Bind::default()));
        esme.write(&[0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let pdus: Vec<_> = std::iter::from_fn(|| esme.read()).collect();
        assert_eq!(pdus.last().unwrap().command_status, CommandStatus::ESME_RINVCMDLEN);
    });
    assert_eq!((report.links_lost, report.odd), (1, 1));
}

#[test]
fn binds_that_do_not_come_are_an_error() {
    let options = Options { binds: 2, bind_patience: Duration::from_millis(50), ..options() };
    let tester = Tester::listen(options, Mix::parse(MIX).unwrap()).unwrap();
    let error = tester.run(&AtomicBool::new(false), || (), |_| {}).unwrap_err();
    assert!(matches!(error, TesterError::NoBinds { bound: 0, wanted: 2 }), "{error}");
}

#[test]
fn an_esme_that_stands_still_breaks_the_load_off_and_what_was_due_is_told() {
    let pace = Pace::PerSecond(1_000);
    let options = Options { window: 1, pace, extent: Extent::Messages(1_000), ..options() };
    let report = run(options, MIX, script(|_, _, _| Vec::new()));
    assert_eq!((report.messages, report.missing, report.broke_off), (1, 1, true));
    // The patience is 300 ms, of which a turn may lack.
    assert!((100..1_000).contains(&report.unsent), "{}", report.unsent);
    assert!(!report.is_sound() && report.to_string().contains("broke off"));
    let unsent = format!("{} due and not sent", report.unsent);
    assert!(report.flaws().contains(&unsent) && report.to_html().contains(&unsent));
}

#[test]
fn an_esme_that_leaves_with_nothing_under_way_breaks_the_load_off() {
    let options = Options { window: 1, ..options() };
    let report = run(options, MIX, |mut esme| {
        esme.bind(Body::BindTransceiver(Bind::default()));
        let pdu = esme.read().unwrap();
        let Body::DeliverSm(sm) = pdu.body else { panic!("{pdu:?}") };
        // In one piece, so that nothing is sent between the reply and the unbind.
        let unbind = (CommandStatus::ESME_ROK, 2, Body::Unbind);
        esme.send_all([acknowledge(pdu.sequence_number), reply(&sm, &right(&sm)), unbind]);
        while esme.read().is_some() {}
    });
    assert_eq!(tally(&report), [1, 1, 0, 0, 0, 0]);
    assert_eq!((report.links_lost, report.unsent, report.broke_off), (1, 0, true));
    assert!(!report.is_sound());
}
