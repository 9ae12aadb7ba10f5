//! F-14, F-16, F-31: an SMSC that never answers, answers too late, or is not heard because the daemon was stopped.

use std::time::{Duration, Instant};

use simulator::{Faults, Message, ReceiptState};

use crate::citizens::Citizens;
use crate::stage::{FAST, Stage, config, config_with, eventually, last, number, within};
use crate::support::PATIENCE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_14_a_bind_that_is_never_answered_is_left_and_tried_again() {
    let silent = config_with(Faults { no_bind_answer: true, ..Faults::default() });
    let stage = Stage::unbound(silent, &[("a", FAST)]).await;
    let mut citizens = Citizens::default();
    citizens.book(&stage.simulator, 5);
    let failed = || stage.metric("tongdai_smsc_bind_attempts_total", &["failed"]);
    eventually(|| failed() >= 2).await;
    assert_eq!(stage.metric("tongdai_smsc_bound", &[]), 0);
    // Each attempt has ended its connection: one stands at most.
    assert!(stage.simulator.binds().len() <= 1);
    stage.simulator.set_faults(Faults::default());
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_14_submits_that_are_never_answered_leave_once_more_and_leak_no_window() {
    let stage = Stage::new(&[("a", &format!("window=3,{FAST}"))]).await;
    stage.simulator.set_faults(Faults { drop_response_percent: 100, ..Faults::default() });
    let mut citizens = Citizens::default();
    citizens.book(&stage.simulator, 3);
    eventually(|| stage.metric("tongdai_submits_total", &["uncertain"]) == 6).await;
    assert_eq!(stage.simulator.stats().submits, 6, "each once more, and no third time");
    assert_eq!(stage.metric("tongdai_smpp_window_in_use", &[]), 0);
    stage.simulator.set_faults(Faults::default());
    citizens.book(&stage.simulator, 10);
    citizens.answered(&stage).await;
    assert_eq!(stage.simulator.stats().submits, 16);
    assert_eq!(stage.simulator.stats().binds, 1, "on the same link, for enquire_link was answered");
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_14_an_enquire_link_that_is_never_answered_costs_the_link_and_no_message() {
    let quiet = simulator::Config { enquire_link_idle: Duration::from_secs(60), ..config() };
    let stage = Stage::with(quiet, &[("a", FAST)]).await;
    let mut citizens = Citizens::default();
    stage.simulator.set_faults(Faults { no_enquire_link_answer: true, ..Faults::default() });
    citizens.book(&stage.simulator, 5);
    eventually(|| stage.simulator.stats().binds >= 3).await;
    stage.simulator.set_faults(Faults::default());
    citizens.book(&stage.simulator, 5);
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_14_an_unbind_that_is_never_answered_delays_the_end_by_its_timer_only() {
    let mut stage = Stage::new(&[("a", FAST)]).await;
    let mut citizens = Citizens::default();
    citizens.book(&stage.simulator, 3);
    citizens.answered(&stage).await;
    stage.simulator.set_faults(Faults { no_unbind_answer: true, ..Faults::default() });
    let asked = Instant::now();
    let resent = stage.resent();
    stage.leave();
    assert!(asked.elapsed() >= Duration::from_secs(1), "it waited for the answer");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    citizens.check(&stage, resent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_16_a_response_after_the_resend_is_an_alias_and_causes_no_third_copy() {
    const TIMERS: &str = "timers=response=1s";
    let stage = Stage::new(&[("a", TIMERS)]).await;
    let mut citizens = Citizens::default();
    // Later than the timers of both copies, and the receipts later than both responses.
    let faults = Faults {
        delay_response_ms: 2_500,
        delay_receipt_ms: 2_000,
        receipt_state: ReceiptState::Undeliv,
        ..Faults::default()
    };
    stage.simulator.set_faults(faults.clone());
    citizens.book(&stage.simulator, 5);
    let ask = || stage.simulator.send(&Message::new("84905999999", "8188", "TK,An,201499999,20/12/1990"));
    let first = stage.simulator.wait_answer(ask().unwrap(), PATIENCE).await.unwrap();
    // Nobody waits for more of a booking's answer; both ids of the log-in are known, and with both receipts it has
    // failed, so that the citizen may ask for another.
    eventually(|| stage.metric("tongdai_submits_total", &["late"]) >= 2).await;
    eventually(|| stage.metric("tongdai_receipts_total", &["\"matched\""]) == 2).await;
    assert_eq!(stage.simulator.stats().submits, 12, "two copies of each");
    assert_eq!((stage.resent(), stage.metric("tongdai_smpp_window_in_use", &[])), (6, 0));
    stage.simulator.set_faults(Faults { delay_response_ms: 0, ..faults });
    let again = stage.simulator.wait_answer(ask().unwrap(), PATIENCE).await.unwrap();
    for text in [&first.text, &again.text] {
        assert!(text.starts_with("TK: 201499999, MK: "), "{}", **text);
    }
    assert_ne!(first.text, again.text, "another password");
    assert_eq!(stage.simulator.stats().submits, 13, "and no third copy");
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_31_a_stopped_process_reads_what_came_meanwhile_before_its_timers_run_out() {
    let stopped_s = number("TONGDAI_STOPPED_S", 4);
    // The timer runs out while the process is stopped, and the answers come while it is stopped.
    let timers = format!("window=50,timers=response={}ms", stopped_s * 1_000 * 3 / 4);
    // An SMSC that would drop a link whose process is stopped is another fault; here it is patient.
    let patient = simulator::Config {
        enquire_link_idle: Duration::from_secs(3_600),
        response_timeout: Duration::from_secs(3_600),
        ..config()
    };
    let stage = Stage::with(patient, &[("a", &timers)]).await;
    stage.simulator.set_faults(Faults { delay_response_ms: stopped_s * 1_000 / 2, ..Faults::default() });
    let mut citizens = Citizens::default();
    citizens.book(&stage.simulator, 40);
    within(PATIENCE, || stage.simulator.stats().submits == 40).await;
    stage.daemon().signal("-STOP");
    citizens.look_up(&stage.simulator, 20);
    last(Duration::from_secs(stopped_s)).await;
    assert_eq!(stage.simulator.stats().replies, 40);
    stage.daemon().signal("-CONT");
    citizens.answered(&stage).await;
    let labels: &[&str] = &["accepted"];
    eventually(|| stage.metric("tongdai_submits_total", labels) == 60).await;
    assert_eq!(stage.resent(), 0, "no timer ran out on an answer that lay there");
    assert_eq!((stage.simulator.stats().submits, stage.simulator.stats().binds), (60, 1));
    citizens.audit(stage).await;
}
