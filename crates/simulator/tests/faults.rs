//! What the SMSC does wrong: refusals, silences, receipts in every form; and the switches over HTTP.

#![allow(clippy::unwrap_used, reason = "clippy sees tests in test functions only, and this is nothing else")]

mod support;

use std::{net::SocketAddr, time::Duration};

use codec::{
    Body, CommandStatus, MessageState, Pdu, Receipt, Sm, SmKind, command_id,
    receipt::{ReceiptIds, plain},
};
use model::Redacted;
use serde_json::json;
use session::{Event, Mode};
use simulator::{
    Config, Credentials, Faults, IdBase, IdForm, Message, ReceiptForm, ReceiptState, Simulator, StrayForm,
};
use support::{Esme, SOON, http, notice, reply};

const PHONE: &str = "84905123456";

async fn start(faults: Faults) -> Simulator {
    let http = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    Simulator::start(Config { faults, http, ..Config::default() }).await.unwrap()
}

fn asking_for_a_receipt() -> Sm {
    Sm { registered_delivery: 1, ..notice(PHONE, "Ma cua ban: 123456") }
}

/// The next event that is a receipt, acknowledged.
async fn receipt(esme: &mut Esme) -> Receipt {
    let sm = esme.take().await;
    assert_eq!(sm.kind(), SmKind::Receipt);
    assert_eq!((sm.source.digits.as_str(), sm.destination.digits.as_str()), (PHONE, "8383"));
    Receipt::parse(&sm).unwrap()
}

#[tokio::test]
async fn only_who_knows_the_password_binds() {
    let credentials =
        Credentials { system_id: "tongdai".to_owned(), password: Redacted("secret".to_owned()) };
    let mut config = Config::default();
    config.exchange.credentials = Some(credentials);
    let simulator = Simulator::start(config).await.unwrap();
    for (system_id, password, status) in [
        ("tongdai", "secret", None),
        ("tongdai", "guess", Some(CommandStatus::ESME_RINVPASWD)),
        ("other", "secret", Some(CommandStatus::ESME_RINVSYSID)),
    ] {
        let mut esme = Esme::connect(simulator.smpp_address()).await;
        assert_eq!(esme.bind(Mode::Transceiver, system_id, password).await.err(), status);
    }
    simulator.set_faults(Faults { refuse_bind_status: 5, ..Faults::default() });
    let mut esme = Esme::connect(simulator.smpp_address()).await;
    let refused = esme.bind(Mode::Transceiver, "tongdai", "secret").await;
    assert_eq!(refused, Err(CommandStatus::ESME_RALYBND));
    assert_eq!((simulator.stats().binds, simulator.stats().binds_refused), (1, 3));
}

#[tokio::test]
async fn submits_are_throttled_refused_dropped_or_answered_twice() {
    let simulator = start(Faults { refuse_percent: 100, refuse_status: 0x0B, ..Faults::default() }).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    assert_eq!(esme.submitted(notice(PHONE, "2")).await.0, CommandStatus::ESME_RINVDSTADR);

    simulator.set_faults(Faults { drop_response_percent: 100, ..Faults::default() });
    esme.submit(notice(PHONE, "3")).await;
    assert_eq!(simulator.wait_reply(PHONE, 0, SOON).await.unwrap().text.0, "3");

    let odd = Faults { duplicate_response_percent: 100, stray_response_percent: 100, ..Faults::default() };
    simulator.set_faults(odd);
    esme.submit(notice(PHONE, "4")).await;
    assert!(matches!(esme.event().await, Some(Event::Unmatched(_))));
    assert!(matches!(esme.event().await, Some(Event::Answered { .. })));
    assert!(matches!(esme.event().await, Some(Event::Late { .. })));

    simulator.set_faults(Faults { throttle_percent: 100, ..Faults::default() });
    let (status, message_id) = esme.submitted(notice(PHONE, "5")).await;
    assert_eq!((status, message_id.as_str()), (CommandStatus::ESME_RTHROTTLED, ""));
    let stats = simulator.stats();
    assert_eq!((stats.submits, stats.accepted, stats.responses_dropped), (4, 2, 1));
}

#[tokio::test]
async fn stray_responses_come_in_every_form() {
    let simulator = start(Faults::default()).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    for form in [StrayForm::Unknown, StrayForm::Zero, StrayForm::Ahead, StrayForm::OtherCommand] {
        let faults = Faults { stray_response_percent: 100, stray_response_form: form, ..Faults::default() };
        simulator.set_faults(faults);
        esme.submit(notice(PHONE, "1")).await;
        let Some(Event::Unmatched(stray)) = esme.event().await else { panic!("{form:?}") };
        let Some(Event::Answered { response, .. }) = esme.event().await else { panic!("{form:?}") };
        let right = response.sequence_number;
        match form {
            StrayForm::Unknown => assert_eq!(stray.sequence_number, right ^ 0x2000_0000),
            StrayForm::Zero => assert_eq!(stray.sequence_number, 0),
            StrayForm::Ahead => assert_eq!(stray.sequence_number, right + 1),
            StrayForm::OtherCommand => {
                assert_eq!(stray.sequence_number, right);
                assert!(matches!(stray.body, Body::DataSmResp(_)));
            }
        }
    }
}

#[tokio::test]
async fn a_second_response_with_another_id_is_the_one_that_receipts_name() {
    let faults = Faults {
        duplicate_response_percent: 100,
        duplicate_response_other_id: true,
        stray_receipts: 3,
        ..Faults::default()
    };
    let simulator = start(faults).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let (_, first) = esme.submitted(asking_for_a_receipt()).await;
    let Some(Event::Late { response, .. }) = esme.event().await else { panic!("no second response") };
    let Body::SubmitSmResp(second) = response.body else { panic!("{response:?}") };
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(receipt(&mut esme).await.message_id.unwrap());
    }
    assert_eq!(ids.iter().filter(|id| second.message_id == id.as_str()).count(), 1);
    assert_eq!(ids.pop(), Some(second.message_id.to_string()));
    ids.dedup();
    assert!(ids.len() == 3 && !ids.contains(&first), "{ids:?}");
}

#[tokio::test]
async fn a_link_is_dropped_as_soon_as_it_is_bound() {
    let simulator = start(Faults { drop_after_bind: true, ..Faults::default() }).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    simulator.send(&Message::new(PHONE, "8383", "1")).unwrap();
    assert!(esme.event().await.is_none());
    assert_eq!((simulator.stats().binds, simulator.stats().delivered), (1, 0));
    simulator.set_faults(Faults::default());
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    esme.take().await;
}

#[tokio::test]
async fn the_same_seed_refuses_the_same_messages() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let simulator = start(Faults { refuse_percent: 30, ..Faults::default() }).await;
        let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transmitter).await;
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(esme.submitted(notice(PHONE, "1")).await.0);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].iter().any(|status| status.is_ok()) && runs[0].iter().any(|status| !status.is_ok()));
}

#[tokio::test]
async fn a_link_ends_upon_its_nth_submit_which_is_not_taken() {
    let simulator = start(Faults { disconnect_after_submits: 2, ..Faults::default() }).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    esme.submitted(notice(PHONE, "1")).await;
    esme.submit(notice(PHONE, "2")).await;
    assert!(esme.event().await.is_none());
    assert_eq!(simulator.received(PHONE, 0).len(), 1);
}

#[tokio::test]
async fn receipts_report_every_state_with_ids_in_every_form() {
    let simulator = start(Faults::default()).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let hex = IdForm { base: IdBase::Hex, uppercase: true, width: 10 };
    for (receipt_state, state) in [
        (ReceiptState::Delivrd, MessageState::Delivered),
        (ReceiptState::Expired, MessageState::Expired),
        (ReceiptState::Undeliv, MessageState::Undeliverable),
        (ReceiptState::Rejectd, MessageState::Rejected),
    ] {
        for receipt_form in [ReceiptForm::Text, ReceiptForm::Tlv, ReceiptForm::Both] {
            let faults = Faults { receipt_state, receipt_form, response_id: hex, ..Faults::default() };
            simulator.set_faults(faults);
            let (_, message_id) = esme.submitted(asking_for_a_receipt()).await;
            assert!(message_id.len() == 10 && message_id.starts_with("0000"), "{message_id}");
            let receipt = receipt(&mut esme).await;
            assert_eq!(receipt.state, Some(state), "{receipt_form:?}");
            let receipted = receipt.message_id.unwrap();
            let spellings = ReceiptIds::Any.of_receipt(&receipted);
            let known = plain(&message_id);
            assert!(spellings.iter().any(|id| known.contains(id)), "{message_id} {receipted}");
        }
    }
    simulator.set_faults(Faults { receipt_state: ReceiptState::None, ..Faults::default() });
    esme.submitted(asking_for_a_receipt()).await;
    esme.submitted(notice(PHONE, "no receipt asked for")).await;
    assert_eq!(simulator.stats().receipts, 12);
}

#[tokio::test]
async fn receipts_come_before_the_response_twice_and_out_of_order() {
    let faults = Faults {
        receipt_before_response: true,
        receipt_twice: true,
        receipt_enroute_after_final: true,
        ..Faults::default()
    };
    let simulator = start(faults).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    esme.submit(asking_for_a_receipt()).await;
    let mut states = Vec::new();
    for _ in 0..4 {
        states.push(receipt(&mut esme).await.state.unwrap());
    }
    use MessageState::{Delivered, Enroute};
    assert_eq!(states, [Delivered, Delivered, Enroute, Enroute]);
    assert!(matches!(esme.event().await, Some(Event::Answered { .. })));
    assert!(simulator.wait_until(SOON, |stats| stats.receipts_acknowledged == 4).await);
}

#[tokio::test]
async fn receipts_come_late_on_the_sister_bind_or_as_data_sm() {
    let faults = Faults { receipt_on_sister_bind: true, delay_receipt_ms: 5, ..Faults::default() };
    let simulator = start(faults).await;
    let mut one = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let mut two = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    for _ in 0..3 {
        let (_, message_id) = one.submitted(asking_for_a_receipt()).await;
        assert_eq!(receipt(&mut two).await.message_id, Some(message_id));
    }
    simulator.set_faults(Faults { receipt_as_data_sm: true, ..Faults::default() });
    one.submitted(asking_for_a_receipt()).await;
    let (pdu, sm) = one.delivered().await.unwrap();
    one.answer(&pdu, CommandStatus::ESME_ROK).await;
    assert!(matches!(pdu.body, Body::DataSm(_)));
    assert_eq!(Receipt::parse(&sm).unwrap().state, Some(MessageState::Delivered));
}

#[tokio::test]
async fn nothing_is_read_while_reading_is_stopped() {
    let simulator = start(Faults { stop_reading: true, ..Faults::default() }).await;
    let mut esme = Esme::connect(simulator.smpp_address()).await;
    let (bound, read) = tokio::join!(esme.bind(Mode::Transceiver, "esme", ""), async {
        let read = simulator.wait_until(Duration::from_millis(100), |stats| stats.binds > 0).await;
        simulator.set_faults(Faults::default());
        read
    });
    assert_eq!((bound, read), (Ok(()), false));
}

#[tokio::test]
async fn enquire_link_and_unbind_are_left_unanswered() {
    let mute = Faults { no_enquire_link_answer: true, no_unbind_answer: true, ..Faults::default() };
    let simulator = start(Faults::default()).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    for faults in [Faults::default(), mute] {
        simulator.set_faults(faults);
        esme.write(&Pdu::request(1_000_000, Body::EnquireLink)).await;
        esme.submitted(notice(PHONE, "still here")).await;
    }
    let enquiries = esme.heard.iter().filter(|heard| **heard == command_id::ENQUIRE_LINK_RESP);
    assert_eq!(enquiries.count(), 1);

    esme.unbind().await;
    let unknown = vec![0, 0, 0, 16, 0, 0, 0, 0x99, 0, 0, 0, 0, 0, 0, 0, 9];
    assert!(simulator.write_octets(simulator.binds()[0].id, unknown));
    assert!(matches!(esme.event().await, Some(Event::Refused(_))), "the link is still there");

    simulator.set_faults(Faults::default());
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    esme.unbind().await;
    esme.until_closed().await;
    assert_eq!(esme.heard.last(), Some(&command_id::UNBIND_RESP));
}

#[tokio::test]
async fn a_response_comes_as_late_as_asked_for() {
    let simulator = start(Faults { delay_response_ms: 20, ..Faults::default() }).await;
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let before = tokio::time::Instant::now();
    assert!(esme.submitted(notice(PHONE, "late")).await.0.is_ok());
    assert!(before.elapsed() >= Duration::from_millis(20));
}

#[tokio::test]
async fn a_script_sends_a_text_and_waits_for_the_answer() {
    let simulator = start(Faults::default()).await;
    let web = simulator.http_address().unwrap();
    let mut esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let answering = async {
        let sm = esme.take().await;
        esme.submitted(reply(&sm, "Ho so dang xu ly.")).await;
    };
    let body = r#"{"to":"8383","text":"XNC 13557009","wait_s":10}"#;
    let ((status, answer), ()) =
        tokio::join!(http(web, "POST", "/phones/+84905123456/send", body), answering);
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["outcome"], &answer["message"]), (&json!("acknowledged"), &json!(1)));
    assert_eq!(answer["replies"][0]["text"], "Ho so dang xu ly.");

    let (_, latest) = http(web, "GET", "/phones/84905123456/messages/latest?wait=5s", "").await;
    assert_eq!((&latest["text"], &latest["from"]), (&json!("Ho so dang xu ly."), &json!("8383")));
    let (_, none) = http(web, "GET", "/phones/84905123456/messages?after=1", "").await;
    assert_eq!(none, json!([]));
    let (_, stats) = http(web, "GET", "/stats", "").await;
    assert_eq!((&stats["acknowledged"], &stats["replies"]), (&json!(1), &json!(1)));
    assert_eq!(stats["latencies"]["reply"]["count"], 1);
    let (_, ledger) = http(web, "GET", "/ledger", "").await;
    assert_eq!((&ledger[0]["replies"], &ledger[1]), (&json!(1), &json!(null)));
    for after in ["1", "2", "18446744073709551615"] {
        let path = format!("/ledger?after={after}");
        assert_eq!(http(web, "GET", &path, "").await, (200, json!([])));
    }
}

#[tokio::test]
async fn switches_are_thrown_over_http_and_mistakes_are_named() {
    let simulator = start(Faults::default()).await;
    let web = simulator.http_address().unwrap();
    let (status, faults) = http(web, "PATCH", "/faults", r#"{"throttle_percent":5}"#).await;
    assert_eq!((status, &faults["throttle_percent"]), (200, &json!(5)));
    http(web, "PATCH", "/faults", r#"{"receipt_state":"EXPIRED"}"#).await;
    assert_eq!(simulator.faults().throttle_percent, 5);
    assert_eq!(simulator.faults().receipt_state, ReceiptState::Expired);
    let (_, faults) = http(web, "PUT", "/faults", "{}").await;
    assert_eq!(faults["throttle_percent"], 0);

    let esme = Esme::bound(simulator.smpp_address(), Mode::Transceiver).await;
    let (_, binds) = http(web, "GET", "/binds", "").await;
    assert_eq!((&binds[0]["mode"], &binds[0]["system_id"]), (&json!("transceiver"), &json!("esme")));
    assert_eq!(http(web, "POST", "/binds/1/drop", "").await.0, 204);
    drop(esme);

    for (method, path, body, status, word) in [
        ("PUT", "/faults", r#"{"throttle":5}"#, 422, "unknown field `throttle`"),
        ("PATCH", "/faults", r#"{"throttle":5}"#, 400, "unknown field `throttle`"),
        ("POST", "/phones/84905123456/send", r#"{"to":"8383"}"#, 422, "missing field `text`"),
        ("POST", "/phones/nobody/send", r#"{"to":"8383","text":"x"}"#, 400, "`from` is no number"),
        ("POST", "/phones/84905123456/send", r#"{"to":"8383","text":"x","wait_s":-1}"#, 400, "wait_s"),
        ("GET", "/phones/84905123456/messages?wait=soon", "", 400, "wait"),
        ("GET", "/phones/84905123456/messages/latest", "", 404, "received nothing"),
        ("POST", "/binds/99/drop", "", 404, "no such bind"),
        ("POST", "/binds/1/octets", r#"{"hex":"0"}"#, 400, "hex"),
        ("GET", "/nothing", "", 404, "no such path"),
    ] {
        let (actual, problem) = http(web, method, path, body).await;
        assert_eq!(actual, status, "{method} {path} {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{detail}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_said() {
    let simulator = start(Faults::default()).await;
    let config = Config { listen: simulator.smpp_address(), ..Config::default() };
    let error = Simulator::start(config).await.unwrap_err().to_string();
    assert!(error.contains("cannot listen for SMPP on 127.0.0.1:"), "{error}");
}
