//! F-27: receipts before their response, in a storm, for nobody, twice, and over the sister bind.

use simulator::{Faults, Message, MessageRef, ReceiptState};

use crate::stage::{FAST, Stage, eventually};
use crate::support::PATIENCE;

/// Log-ins, each with a receipt.
const LOG_INS: usize = 4;

/// Asks for a log-in each, and returns the answers. Within two seconds the very same text over a sister bind is taken
/// for a redelivery, so each round has blanks of its own.
async fn log_ins(stage: &Stage, round: usize) -> Vec<String> {
    let ask = |n: usize| {
        let text = format!("TK,{:round$}Nguyen Van An,20149999{n},20/12/1990", "");
        stage.simulator.send(&Message::new(format!("8490599999{n}"), "8188", text)).unwrap()
    };
    let asked: Vec<MessageRef> = (0..LOG_INS).map(ask).collect();
    let mut answers = Vec::new();
    for message in asked {
        answers.push(stage.simulator.wait_answer(message, PATIENCE).await.unwrap().text.to_string());
    }
    answers
}

/// Log-ins whose receipts say that they were lost: another one is given out to each, once the receipts are believed.
async fn receipts_are_believed(faults: Faults, receipts: u64) {
    let stage = Stage::new(&[("a", FAST), ("b", FAST)]).await;
    stage.simulator.set_faults(Faults { receipt_state: ReceiptState::Undeliv, ..faults });
    let first = log_ins(&stage, 1).await;
    eventually(|| stage.simulator.stats().receipts_acknowledged == receipts).await;
    eventually(|| stage.metric("tongdai_submits_total", &["accepted"]) == LOG_INS as u64).await;
    stage.simulator.set_faults(Faults::default());
    let again = log_ins(&stage, 2).await;
    for (n, (first, again)) in first.iter().zip(&again).enumerate() {
        let log_in = format!("TK: 20149999{n}, MK: ");
        assert!(first.starts_with(&log_in) && again.starts_with(&log_in), "{first}; {again}");
        assert_ne!(first, again, "another password");
    }
    // No receipt is answered, and nothing came twice.
    let stats = stage.simulator.stats();
    assert_eq!((stats.unmatched, stats.binds, stage.resent()), (0, 2, 0), "{}", stage.home.log_text());
    assert_eq!(stats.replies, 2 * LOG_INS as u64);
    // The last word of the first log-ins stands: a third one is not given out to who has the second.
    eventually(|| stage.simulator.stats().receipts_acknowledged == receipts + LOG_INS as u64).await;
    let refused = log_ins(&stage, 3).await;
    assert!(refused.iter().all(|text| !text.contains("MK: ")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_27_a_receipt_before_its_response_is_held_and_believed() {
    let faults = Faults { receipt_before_response: true, delay_response_ms: 300, ..Faults::default() };
    receipts_are_believed(faults, LOG_INS as u64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_27_a_receipt_that_comes_twice_and_contradicts_itself_later_counts_once() {
    let faults = Faults { receipt_twice: true, receipt_enroute_after_final: true, ..Faults::default() };
    receipts_are_believed(faults, 4 * LOG_INS as u64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_27_a_receipt_over_the_sister_bind_is_believed() {
    let faults = Faults { receipt_on_sister_bind: true, ..Faults::default() };
    receipts_are_believed(faults, LOG_INS as u64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_27_a_storm_of_ten_thousand_receipts_for_nobody_buries_no_right_one() {
    let each = 2_500;
    let faults = Faults { stray_receipts: each, ..Faults::default() };
    receipts_are_believed(faults, LOG_INS as u64 * u64::from(each + 1)).await;
}
