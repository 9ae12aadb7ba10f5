//! What handsets send: carried, acknowledged, sent again, dropped, written into the books.

#![allow(clippy::unwrap_used, reason = "clippy sees tests in test functions only, and this is nothing else")]

mod support;

use std::time::Duration;

use codec::{Body, CommandStatus};
use session::{Event, Mode};
use simulator::{
    Config, Exchanging, Faults, Message, Outcome, Pace, PartOrder, Redelivery, Simulator, SourceStyle, Split,
};
use support::{Esme, SOON, reply, text_of};

const PHONE: &str = "84905123456";

fn config() -> Config {
    let redelivery = Redelivery {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(40),
        ..Redelivery::default()
    };
    Config { exchange: Exchanging { redelivery, ..Exchanging::default() }, ..Config::default() }
}

async fn start() -> Simulator {
    Simulator::start(config()).await.unwrap()
}

fn message(text: &str) -> Message {
    Message::new(PHONE, "8383", text)
}

#[tokio::test]
async fn a_text_waits_for_a_bind_and_its_answer_reaches_the_handset() {
    let simulator = start().await;
    let sent = simulator.send(&message("XNC 13557009")).unwrap();
    assert_eq!(simulator.entry(sent).unwrap().outcome, Outcome::Waiting);

    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let sm = esme.take().await;
    assert_eq!((text_of(&sm).as_str(), sm.source.ton, sm.source.npi), ("XNC 13557009", 1, 1));
    assert_eq!((sm.source.digits.as_str(), sm.destination.digits.as_str()), (PHONE, "8383"));
    let (status, message_id) = esme.submitted(reply(&sm, "Ho so dang xu ly.")).await;
    assert!(status.is_ok() && !message_id.is_empty());

    let answer = simulator.wait_answer(sent, SOON).await.unwrap();
    assert_eq!((answer.text.0.as_str(), answer.from.as_str()), ("Ho so dang xu ly.", "8383"));
    let entry = simulator.wait_settled(sent, SOON).await.unwrap();
    assert_eq!((entry.outcome, entry.deliveries, entry.replies), (Outcome::Acknowledged, 1, 1));
    assert_eq!(simulator.wait_reply(PHONE, answer.cursor, Duration::ZERO).await, None);
    assert_eq!(simulator.latencies().reply.count, 1);
}

#[tokio::test]
async fn long_texts_go_in_parts_on_one_bind_and_long_answers_are_joined() {
    let simulator = start().await;
    let first = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let second = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let text = "TK 2019 ".repeat(50);
    let ways = [
        (first, Split::Udh8, PartOrder::Forward, [1, 2, 3]),
        (second, Split::Sar, PartOrder::Reverse, [3, 2, 1]),
    ];
    // The binds take turns, message by message.
    for (mut esme, split, part_order, expected) in ways {
        let sent = simulator.send(&Message { split, part_order, ..message(&text) }).unwrap();
        let mut numbers = Vec::new();
        let mut last = None;
        for _ in expected {
            let sm = esme.take().await;
            numbers.push(sm.user_data().unwrap().concat.unwrap().number);
            last = Some(sm);
        }
        assert_eq!(numbers, expected);
        for part in codec::segment::segment(&text, 7, codec::segment::Profile::default()) {
            let mut sm = reply(last.as_ref().unwrap(), "");
            part.fill(&mut sm);
            assert!(esme.submitted(sm).await.0.is_ok());
        }
        let answer = simulator.wait_answer(sent, SOON).await.unwrap();
        assert_eq!((answer.text.0.as_str(), answer.parts), (text.as_str(), 3));
    }
}

#[tokio::test]
async fn numbers_in_national_form_still_find_their_handset() {
    let mut config = config();
    config.faults.source_style = SourceStyle::Trunk;
    let simulator = Simulator::start(config).await.unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let sent = simulator.send(&message("LAN XNC")).unwrap();
    let sm = esme.take().await;
    assert_eq!(sm.source.digits, "0905123456");
    esme.submitted(reply(&sm, "as written")).await;
    assert_eq!(simulator.wait_answer(sent, SOON).await.unwrap().text.0, "as written");
    esme.submitted(support::notice("84905123456", "in full")).await;
    assert_eq!(simulator.received(PHONE, 0).len(), 2);
}

#[tokio::test]
async fn parts_are_scattered_and_come_as_data_sm_where_that_is_asked_for() {
    let simulator = start().await;
    let mut one = Esme::bound(simulator.smpp_address(), Mode::Receiver).await;
    let mut two = Esme::bound(simulator.smpp_address(), Mode::Receiver).await;
    simulator.set_faults(Faults { scatter_parts: true, deliver_as_data_sm: true, ..Faults::default() });
    simulator.send(&message(&"TK 2019 ".repeat(30))).unwrap();
    for (esme, number) in [(&mut one, 1), (&mut two, 2)] {
        let (pdu, sm) = esme.delivered().await.unwrap();
        esme.answer(&pdu, CommandStatus::ESME_ROK).await;
        assert!(matches!(pdu.body, Body::DataSm(_)) && sm.short_message.is_empty());
        assert_eq!(sm.user_data().unwrap().concat.unwrap().number, number);
    }
    assert!(simulator.wait_until(SOON, |stats| stats.acknowledged == 1).await);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let mut config = config();
    config.response_timeout = Duration::from_millis(50);
    let simulator = Simulator::start(config).await.unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let sent = simulator.send(&message("XNC 1")).unwrap();

    let (pdu, _) = esme.delivered().await.unwrap();
    esme.answer(&pdu, CommandStatus::ESME_RX_T_APPN).await;
    let _unanswered = esme.delivered().await.unwrap();
    esme.delivered().await.unwrap();
    drop(esme);
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Receiver).await;
    esme.take().await;

    assert!(simulator.wait_until(SOON, |stats| stats.acknowledged == 1).await);
    let entry = simulator.entry(sent).unwrap();
    assert_eq!((entry.outcome, entry.deliveries), (Outcome::Acknowledged, 4));
    let stats = simulator.stats();
    let again = (stats.retry_later, stats.unanswered, stats.lost_with_link, stats.redelivered);
    assert_eq!(again, (1, 1, 1, 3));
}

#[tokio::test]
async fn what_is_acknowledged_after_it_was_given_up_does_not_come_again() {
    let mut config = config();
    config.response_timeout = Duration::from_millis(50);
    config.exchange.redelivery.first = Duration::from_secs(3_600);
    let simulator = Simulator::start(config).await.unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let sent = simulator.send(&message("XNC 1")).unwrap();
    let (pdu, _) = esme.delivered().await.unwrap();
    let given_up = tokio::select! {
        given_up = simulator.wait_until(SOON, |stats| stats.unanswered == 1) => given_up,
        // It answers the enquire_link, without which the SMSC would not give the message up but the link.
        event = esme.event() => panic!("{event:?}"),
    };
    assert!(given_up);
    esme.answer(&pdu, CommandStatus::ESME_ROK).await;
    assert!(simulator.wait_until(SOON, |stats| stats.acknowledged == 1).await);
    let entry = simulator.entry(sent).unwrap();
    assert_eq!((entry.outcome, entry.deliveries), (Outcome::Acknowledged, 1));
}

#[tokio::test]
async fn refusals_for_good_drop_one_message_or_the_whole_queue() {
    let mut config = config();
    config.exchange.window = 1;
    let simulator = Simulator::start(config).await.unwrap();
    let sent: Vec<_> = (0..4).map(|number| simulator.send(&message(&number.to_string())).unwrap()).collect();
    let elsewhere = simulator.send(&Message::new(PHONE, "1414", "5")).unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    for status in [CommandStatus::ESME_RX_R_APPN, CommandStatus::ESME_RX_P_APPN] {
        let (pdu, _) = esme.delivered().await.unwrap();
        esme.answer(&pdu, status).await;
    }
    assert_eq!(esme.take().await.destination.digits, "1414");
    assert!(simulator.wait_until(SOON, |stats| stats.acknowledged == 1).await);
    let outcome = |message| simulator.entry(message).unwrap().outcome;
    assert_eq!(outcome(sent[0]), Outcome::Refused(CommandStatus::ESME_RX_R_APPN));
    for dropped in &sent[1..] {
        assert_eq!(outcome(*dropped), Outcome::Refused(CommandStatus::ESME_RX_P_APPN));
    }
    assert_eq!(outcome(elsewhere), Outcome::Acknowledged);
}

#[tokio::test]
async fn attempts_run_out() {
    let mut config = config();
    config.exchange.redelivery.attempts_max = 2;
    let simulator = Simulator::start(config).await.unwrap();
    let sent = simulator.send(&message("XNC 1")).unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    for _ in 0..2 {
        let (pdu, _) = esme.delivered().await.unwrap();
        esme.answer(&pdu, CommandStatus::ESME_RX_T_APPN).await;
    }
    assert!(simulator.wait_until(SOON, |stats| stats.given_up == 1).await);
    assert_eq!(simulator.entry(sent).unwrap().outcome, Outcome::GivenUp);
}

#[tokio::test]
async fn binds_take_turns_and_a_transmitter_gets_nothing() {
    let simulator = start().await;
    let _transmitter = Esme::bound(simulator.smpp_address(), Mode::Transmitter).await;
    let mut one = Esme::bound(simulator.smpp_address(), Mode::Receiver).await;
    let mut two = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    for number in 0..6 {
        simulator.send(&message(&number.to_string())).unwrap();
    }
    for _ in 0..3 {
        one.take().await;
        two.take().await;
    }
    assert!(simulator.wait_until(SOON, |stats| stats.acknowledged == 6).await);
}

#[tokio::test]
async fn a_link_cut_inside_a_message_or_before_its_answer_delivers_it_again() {
    let simulator = start().await;
    simulator.set_faults(Faults { cut_inside_deliver_once: 17, ..Faults::default() });
    let sent = simulator.send(&message("TK 1")).unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    assert!(esme.delivered().await.is_none());
    assert_eq!(esme.left_over, 17);

    simulator.set_faults(Faults { cut_after_deliver_once: true, ..Faults::default() });
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let (pdu, _) = esme.delivered().await.unwrap();
    esme.answer(&pdu, CommandStatus::ESME_ROK).await;
    assert!(esme.event().await.is_none());
    assert_eq!(simulator.entry(sent).unwrap().outcome, Outcome::Waiting);

    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    esme.take().await;
    assert!(simulator.wait_until(SOON, |stats| stats.acknowledged == 1).await);
    assert_eq!(simulator.entry(sent).unwrap().deliveries, 3);
}

#[tokio::test]
async fn an_acknowledged_message_can_be_made_to_come_twice() {
    let simulator = start().await;
    simulator.set_faults(Faults { duplicate_deliver_percent: 100, ..Faults::default() });
    simulator.send(&message("TK 1")).unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    assert_eq!(esme.take().await, esme.take().await);
    simulator.set_faults(Faults::default());
    simulator.send(&message("TK 2")).unwrap();
    assert_eq!(text_of(&esme.take().await), "TK 2");
    assert_eq!(simulator.stats().duplicated, 1);
}

#[tokio::test]
async fn a_bind_is_written_to_unbound_or_dropped() {
    let simulator = start().await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let bind = simulator.binds()[0].id;
    assert!(simulator.write_octets(bind, vec![0, 0, 0, 16, 0, 0, 0, 0x99, 0, 0, 0, 0, 0, 0, 0, 9]));
    assert!(matches!(esme.event().await, Some(Event::Refused(_))));
    assert!(simulator.unbind(bind));
    esme.until_closed().await;
    while !simulator.binds().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!simulator.drop_bind(bind));

    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    assert!(simulator.drop_bind(simulator.binds()[0].id));
    esme.until_closed().await;
    simulator.stop();
}

#[tokio::test]
async fn what_nobody_may_send_is_refused_and_counted() {
    let simulator = start().await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Receiver).await;
    simulator.send(&message("XNC 1")).unwrap();
    let (pdu, _) = esme.delivered().await.unwrap();
    esme.answer(&pdu, CommandStatus::ESME_ROK).await;
    esme.answer(&pdu, CommandStatus::ESME_ROK).await;
    let stray = codec::Pdu { sequence_number: 77, ..pdu };
    esme.answer(&stray, CommandStatus::ESME_ROK).await;
    assert!(simulator.wait_until(SOON, |stats| stats.odd == 1 && stats.acknowledged == 1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_carried_whole_and_measured() {
    let simulator = start().await;
    for _ in 0..2 {
        let esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
        tokio::spawn(esme.echo());
    }
    let phones =
        |count: u32| (0..count).map(|number| Message::new(format!("8490{number:07}"), "8383", "XNC 1"));
    let flat = simulator.send_many(phones(5_000), Pace::Flat, true, SOON).await.unwrap();
    assert_eq!((flat.messages, flat.acknowledged, flat.replies), (5_000, 5_000, 5_000));
    let steady = simulator.send_many(phones(200), Pace::PerSecond(1_000), true, SOON).await.unwrap();
    assert_eq!((steady.messages, steady.latencies.reply.count), (200, 200));
    assert!(steady.elapsed >= Duration::from_millis(199), "{:?}", steady.elapsed);
    assert!(simulator.ledger().iter().all(|entry| entry.replies == 1 && entry.deliveries == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_hold_whatever_happens_to_the_links() {
    let mut config = config();
    config.exchange.window = 50;
    let simulator = Simulator::start(config).await.unwrap();
    let messages = (0..3_000).map(|number| Message::new(format!("8490{number:07}"), "8383", "XNC 1"));
    let load = tokio::spawn({
        let simulator = simulator.clone();
        async move { simulator.send_many(messages, Pace::Flat, false, SOON).await }
    });
    for round in 1..=20_u64 {
        let esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
        let link = tokio::spawn(esme.echo());
        if round < 20 {
            simulator.wait_until(SOON, |stats| stats.acknowledged >= round * 100).await;
            let bind = simulator.binds().last().unwrap().id;
            // Politely and not, in turn.
            let known = if round % 2 == 0 { simulator.unbind(bind) } else { simulator.drop_bind(bind) };
            assert!(known);
            link.await.unwrap();
        }
    }
    let report = load.await.unwrap().unwrap();
    assert_eq!(report.acknowledged, 3_000);
    let (ledger, stats) = (simulator.ledger(), simulator.stats());
    assert!(ledger.iter().all(|entry| entry.outcome == Outcome::Acknowledged));
    let deliveries: u64 = ledger.iter().map(|entry| u64::from(entry.deliveries)).sum();
    assert_eq!((stats.delivered, stats.redelivered), (deliveries, deliveries - 3_000));
    assert_eq!(stats.lost_with_link, stats.redelivered);
}

#[tokio::test]
async fn no_number_and_no_text_prints() {
    let simulator = start().await;
    let message = message("TK,Nguyen Van A");
    simulator.send(&message).unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let sm = esme.take().await;
    esme.submitted(reply(&sm, "Nguyen Van A")).await;
    let received = simulator.received(PHONE, 0);
    assert_eq!(received.len(), 1);
    let printed = format!("{simulator:?} {message:?} {received:?} {:?}", simulator.ledger());
    assert!(!printed.contains("905123456") && !printed.contains("Nguyen"), "{printed}");
}

#[tokio::test]
async fn an_auditor_gets_every_piece_and_every_submit_octet_by_octet() {
    let mut config = config();
    config.exchange.witness = true;
    let simulator = Simulator::start(config).await.unwrap();
    let sent = simulator.send(&message(&"XNC 13557009 ".repeat(20))).unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let first = esme.take().await;
    let second = esme.take().await;
    assert!(simulator.wait_settled(sent, SOON).await.is_some());
    esme.submitted(reply(&first, "Ho so dang xu ly.")).await;

    let testimony = simulator.testimony();
    let pieces: Vec<_> = testimony.pieces.iter().map(|piece| (piece.message, piece.acknowledged)).collect();
    assert_eq!(pieces, [(sent, 1), (sent, 1)]);
    assert_eq!(testimony.pieces[1].sm.short_message, second.short_message);
    let [submit] = testimony.submits.as_slice() else { panic!("one submit_sm") };
    assert_eq!((text_of(&submit.sm).as_str(), submit.status), ("Ho so dang xu ly.", CommandStatus::ESME_ROK));
    assert!(!testimony.overflowed && simulator.is_witnessed_whole());
}
