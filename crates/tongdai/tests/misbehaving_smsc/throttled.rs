//! F-21: an SMSC that takes nothing for long, or now and then.

use std::time::Duration;

use bytes::Bytes;
use codec::{CommandStatus, Sm};
use model::Address;
use simulator::Faults;

use crate::citizens::{Citizens, OFFICE};
use crate::hand::{Hand, refusal, resp};
use crate::stage::{FAST, Stage, eventually, last, number, spec};
use crate::support::{Daemon, Home};

/// The cursors of the answers, in the order of asking.
fn cursors(stage: &Stage, citizens: &Citizens) -> Vec<u64> {
    let first = |phone: &str| stage.simulator.received(phone, 0).first().map(|it| it.cursor);
    citizens.all.iter().map(|citizen| first(&citizen.phone).unwrap()).collect()
}

async fn refused_for_a_while(faults: Faults, mostly: Faults) {
    let throttled = Duration::from_secs(number("TONGDAI_THROTTLE_S", 4));
    let stage = Stage::new(&[("a", &format!("window=1,{FAST}"))]).await;
    let mut citizens = Citizens::default();
    stage.simulator.set_faults(faults);
    let began = std::time::Instant::now();
    citizens.book(&stage.simulator, 8);
    citizens.look_up(&stage.simulator, 7);
    for citizen in &citizens.all {
        stage.simulator.wait_settled(citizen.message, crate::support::PATIENCE).await.unwrap();
    }
    last(throttled.saturating_sub(began.elapsed())).await;
    let refused = stage.metric("tongdai_submits_total", &["throttled"]);
    // Four in a row, then one each 1 s, 2 s, 4 s … 60 s.
    assert!((4..=12).contains(&refused), "{refused} tries in {throttled:?}");
    assert_eq!(stage.simulator.stats().replies, 0);
    stage.simulator.set_faults(mostly);
    let until_it_asks_again = Duration::from_secs(61);
    crate::stage::within(until_it_asks_again, || stage.simulator.stats().replies >= 5).await;
    stage.simulator.set_faults(Faults::default());
    eventually(|| stage.simulator.stats().replies == 15).await;
    let cursors = cursors(&stage, &citizens);
    assert!(cursors.is_sorted(), "{cursors:?}");
    assert_eq!((stage.resent(), stage.metric("tongdai_dead_letters_total", &[])), (0, 0));
    assert_eq!(stage.simulator.stats().binds, 1, "enquire_link was answered all the while");
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_21_throttled_or_full_at_first_and_now_and_then_later_keeps_the_order_and_counts_no_attempt() {
    let throttled = |percent| Faults { throttle_percent: percent, ..Faults::default() };
    let full = |percent| Faults {
        refuse_percent: percent,
        refuse_status: CommandStatus::ESME_RMSGQFUL.0,
        ..Faults::default()
    };
    // Both at once, for most of it is waiting.
    tokio::join!(
        refused_for_a_while(throttled(100), throttled(30)),
        refused_for_a_while(full(100), full(30)),
    );
}

#[test]
fn f_21_what_was_throttled_leaves_with_the_rest_of_its_validity() {
    let (listener, port) = Hand::listen();
    let home = Home::new();
    let _daemon = Daemon::start_with(&home, &[spec("a", port, "window=1")]);
    let mut smsc = Hand::accept(&listener);
    let ask = Sm {
        source: Address::new(1, 1, "84905100001"),
        destination: Address::new(0, 1, OFFICE),
        short_message: Bytes::from_static(b"XNC 70000001"),
        ..Sm::default()
    };
    smsc.deliver(1, ask);
    let mut validities = Vec::new();
    for _ in 0..5 {
        let (header, sm) = smsc.submit();
        validities.push(sm.validity_period);
        smsc.send(&refusal(header, CommandStatus::ESME_RTHROTTLED));
    }
    let (header, sm) = smsc.submit();
    smsc.send(&resp(header, "1"));
    // Relative times of one form, so that they compare as texts: it had a day, and seconds have passed.
    assert!(validities[0].as_str() <= "000001000000000R" && validities[0].ends_with('R'), "{validities:?}");
    assert!(sm.validity_period < validities[0], "{validities:?}, then {}", sm.validity_period);
    assert!(sm.validity_period.as_str() > "000000230000000R", "{}", sm.validity_period);
}
