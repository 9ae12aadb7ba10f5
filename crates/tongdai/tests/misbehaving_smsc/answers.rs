//! F-15: answers to nothing, twice, to another command, and before the request is whole.

use bytes::Bytes;
use codec::Sm;
use model::Address;
use simulator::{Faults, Message, ReceiptState, StrayForm};

use crate::citizens::{Citizens, OFFICE};
use crate::hand::{Hand, resp};
use crate::stage::{FAST, Stage, eventually, metric, spec};
use crate::support::{Daemon, Home, PATIENCE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_15_an_answer_that_answers_nothing_frees_no_slot_and_ends_no_link() {
    let stage = Stage::new(&[("a", &format!("window=2,{FAST}"))]).await;
    let mut citizens = Citizens::default();
    for (round, form) in
        (1..).zip([StrayForm::Unknown, StrayForm::Zero, StrayForm::Ahead, StrayForm::OtherCommand])
    {
        let faults = Faults { stray_response_percent: 100, stray_response_form: form, ..Faults::default() };
        stage.simulator.set_faults(faults);
        citizens.book(&stage.simulator, 8);
        citizens.look_up(&stage.simulator, 2);
        citizens.answered(&stage).await;
        let accepted: u64 = 10 * round;
        eventually(|| stage.metric("tongdai_submits_total", &["accepted"]) >= accepted).await;
        assert_eq!(stage.simulator.stats().submits, accepted, "{form:?}");
    }
    // With a window of 2 an answer `ahead` may meet a request that has left: then it is an answer to that one, and
    // the right one comes second.
    let unmatched = stage.metric("tongdai_smpp_unmatched_responses_total", &[]);
    assert!((30..=40).contains(&unmatched), "{unmatched}");
    assert_eq!(stage.metric("tongdai_smpp_window_in_use", &[]), 0);
    assert_eq!((stage.resent(), stage.simulator.stats().binds), (0, 1));
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_15_the_first_of_two_answers_counts_and_the_seconds_id_is_known_to_receipts() {
    let stage = Stage::new(&[("a", &format!("window=2,{FAST}"))]).await;
    let mut citizens = Citizens::default();
    let faults = Faults {
        duplicate_response_percent: 100,
        duplicate_response_other_id: true,
        receipt_state: ReceiptState::Undeliv,
        // Behind the response that names the id.
        delay_receipt_ms: 100,
        ..Faults::default()
    };
    stage.simulator.set_faults(faults);
    citizens.book(&stage.simulator, 10);
    citizens.answered(&stage).await;
    let ask = || stage.simulator.send(&Message::new("84905999999", "8188", "TK,An,201499999,20/12/1990"));
    let first = stage.simulator.wait_answer(ask().unwrap(), PATIENCE).await.unwrap();
    eventually(|| stage.metric("tongdai_receipts_total", &[]) == 1).await;
    let again = stage.simulator.wait_answer(ask().unwrap(), PATIENCE).await.unwrap();
    assert!(again.text.starts_with("TK: 201499999, MK: "), "the receipt was not believed: {}", *again.text);
    assert_ne!(first.text, again.text);
    assert_eq!((stage.resent(), stage.simulator.stats().submits), (0, 12));
    citizens.audit(stage).await;
}

#[test]
fn f_15_an_answer_before_the_request_is_whole_is_taken_and_the_rest_is_read() {
    let (listener, port) = Hand::listen();
    let home = Home::new();
    let (_daemon, api) = Daemon::start_ready_with("info", &home, &[spec("a", port, "window=1")]);
    let mut smsc = Hand::accept(&listener);
    let ask = |n: u32| Sm {
        source: Address::new(1, 1, format!("8490510000{n}")),
        destination: Address::new(0, 1, OFFICE),
        short_message: Bytes::from(format!("XNC 7000000{n}")),
        ..Sm::default()
    };
    smsc.deliver(1, ask(1));
    // Read is no more than the header: the SMSC answers what it has not seen yet.
    let header = smsc.next_header(codec::command_id::SUBMIT_SM);
    smsc.send(&resp(header, "1"));
    smsc.deliver(2, ask(2));
    let first = smsc.body(header);
    assert!(first.windows(8).any(|octets| octets == b"70000001"));
    let second = smsc.next_header(codec::command_id::SUBMIT_SM);
    assert_ne!(second.sequence_number, header.sequence_number);
    let body = smsc.body(second);
    assert!(body.windows(8).any(|octets| octets == b"70000002"), "{}", home.log_text());
    smsc.send(&resp(second, "2"));
    smsc.settle(ask(3));
    let metrics = api.get("/metrics").text;
    assert_eq!(metric(&metrics, "tongdai_resent_total", &[]), 0);
    assert_eq!(metric(&metrics, "tongdai_submits_total", &["accepted"]), 2, "{metrics}");
}
