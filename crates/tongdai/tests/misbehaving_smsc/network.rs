//! F-13, F-19: half-open links, loss and partitions, by nftables in a namespace of the test's own.
//!
//! Delay is not among them: the machines that run the tests have no `netem`. Late answers are F-16's; packets that
//! overtake each other or come twice are what TCP makes of loss.

use std::time::{Duration, Instant};

use simulator::{Config, Simulator};

use crate::citizens::Citizens;
use crate::namespace::{Wire, within};
use crate::stage::{FAST, Stage, config, eventually, last, spec};

/// A peer that vanished is noticed after half a minute, the next connection follows within a second, and a busy
/// machine may be late.
const REPLACED: Duration = Duration::from_secs(33);

/// The way to one of the binds, by its name.
fn wire(simulator: &Simulator, name: &str) -> Wire {
    let bind = simulator.binds().into_iter().find(|bind| bind.system_id == name).expect("bound");
    Wire { daemon: Some(bind.peer.port()), ..all(simulator) }
}

fn all(simulator: &Simulator) -> Wire {
    Wire { daemon: None, host: None, smsc: simulator.smpp_address().port() }
}

/// Waits until a bind has a connection other than `gone`. The gauge says no more: between the two it may be down for
/// a few milliseconds only.
async fn replaced(stage: &Stage, name: &str, gone: Wire, patience: Duration) {
    let is_new = |bind: &simulator::BindInfo| bind.system_id == name && Some(bind.peer.port()) != gone.daemon;
    let began = Instant::now();
    crate::stage::within(patience, || stage.simulator.binds().iter().any(is_new)).await;
    println!("replaced after {:?}", began.elapsed());
}

/// One of two links falls silent with nobody told, `cut` in its way; what is asked and answered meanwhile goes over
/// the other. All timers are a fifth of the usual ones; what counts is that the SMSC gives the link up first.
async fn half_open(cut: impl FnOnce(Wire)) {
    const TIMERS: &str = "timers=enquire-link=4s+enquire-link-answer=1s+response=6s";
    const REPLACED: Duration = Duration::from_secs(9);
    let hasty = Config { enquire_link_response: Duration::from_millis(1_500), ..config() };
    let stage = Stage::with(hasty, &[("a", TIMERS), ("b", TIMERS)]).await;
    let mut citizens = Citizens::default();
    citizens.book(&stage.simulator, 4);
    citizens.answered(&stage).await;
    let silent = wire(&stage.simulator, "a");
    cut(silent);
    let began = Instant::now();
    citizens.book(&stage.simulator, 20);
    replaced(&stage, "a", silent, REPLACED).await;
    citizens.answered(&stage).await;
    assert!(began.elapsed() < REPLACED + Duration::from_secs(5), "{:?}", began.elapsed());
    eventually(|| stage.metric("tongdai_smsc_bound", &[]) == 2).await;
    citizens.book(&stage.simulator, 4);
    citizens.audit(stage).await;
}

#[test]
fn f_13_an_idle_link_whose_peer_vanished_is_noticed_in_half_a_minute() {
    within("f_13_an_idle_link_whose_peer_vanished_is_noticed_in_half_a_minute", async {
        let stage = Stage::new(&[("a", "")]).await;
        let silent = wire(&stage.simulator, "a");
        silent.cut();
        replaced(&stage, "a", silent, REPLACED).await;
        eventually(|| stage.metric("tongdai_smsc_bound", &[]) == 1).await;
        let mut citizens = Citizens::default();
        citizens.book(&stage.simulator, 4);
        citizens.audit(stage).await;
    });
}

#[test]
fn f_13_texts_in_flight_on_a_link_whose_peer_vanished_move_to_the_sister_bind() {
    within(
        "f_13_texts_in_flight_on_a_link_whose_peer_vanished_move_to_the_sister_bind",
        half_open(Wire::cut),
    );
}

#[test]
fn f_13_a_link_that_hears_nothing_moves_its_texts_and_owns_up_to_the_copies() {
    let deaf = |wire: Wire| wire.lose_from_smsc(100);
    within("f_13_a_link_that_hears_nothing_moves_its_texts_and_owns_up_to_the_copies", half_open(deaf));
}

#[test]
fn f_13_messages_whose_acknowledgement_is_lost_run_once_over_the_sister_bind() {
    let mute = |wire: Wire| wire.lose_from_daemon(100);
    within("f_13_messages_whose_acknowledgement_is_lost_run_once_over_the_sister_bind", half_open(mute));
}

/// A transmitter and a receiver, each to an address of its own, and one of them cut off for some seconds.
async fn partition(cut: &'static str) {
    const HOSTS: [(&str, &str); 2] = [("tx", "127.0.0.2"), ("rx", "127.0.0.3")];
    let everywhere = Config { listen: ([0, 0, 0, 0], 0).into(), ..config() };
    let simulator = Simulator::start(everywhere).await.unwrap();
    let port = simulator.smpp_address().port();
    let smscs = HOSTS.map(|(name, host)| {
        spec(name, port, &format!("bind={name},{FAST}")).replace("host=127.0.0.1", &format!("host={host}"))
    });
    let stage = Stage::of(simulator, smscs.into());
    eventually(|| stage.metric("tongdai_smsc_bound", &[]) == 2).await;
    let mut citizens = Citizens::default();
    let (_, host) = HOSTS.into_iter().find(|(name, _)| *name == cut).unwrap();
    Wire { host: Some(host), ..all(&stage.simulator) }.cut();
    citizens.book(&stage.simulator, 30);
    let gauge = format!("\"{cut}\"");
    eventually(|| stage.metric("tongdai_smsc_bound", &[&gauge]) == 0).await;
    last(Duration::from_secs(2)).await;
    assert_eq!(stage.metric("tongdai_smsc_bound", &[]), 1, "the other one stands, and this one stays away");
    assert_eq!(stage.simulator.stats().replies, 0, "one half is no way to answer");
    Wire::heal_all();
    citizens.answered(&stage).await;
    let submits = stage.simulator.stats().submits;
    assert!(submits <= 30 + stage.resent(), "{submits} submits: no storm on healing");
    citizens.audit(stage).await;
}

#[test]
fn f_19_texts_wait_for_a_transmitter_that_is_cut_off() {
    within("f_19_texts_wait_for_a_transmitter_that_is_cut_off", partition("tx"));
}

#[test]
fn f_19_messages_wait_for_a_receiver_that_is_cut_off() {
    within("f_19_messages_wait_for_a_receiver_that_is_cut_off", partition("rx"));
}

#[test]
fn f_19_loss_in_either_direction_costs_time_and_no_message() {
    within("f_19_loss_in_either_direction_costs_time_and_no_message", async {
        let stage = Stage::with(config(), &[("a", "window=50"), ("b", "window=50")]).await;
        let mut citizens = Citizens::default();
        for [from_daemon, from_smsc] in [[1, 0], [0, 1], [10, 3], [3, 10], [30, 1], [1, 30]] {
            Wire::heal_all();
            all(&stage.simulator).lose_from_daemon(from_daemon);
            all(&stage.simulator).lose_from_smsc(from_smsc);
            citizens.book(&stage.simulator, 15);
            citizens.look_up(&stage.simulator, 15);
            citizens.answered(&stage).await;
        }
        Wire::heal_all();
        citizens.audit(stage).await;
    });
}
