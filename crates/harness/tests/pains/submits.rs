//! From the outbox to the SMSC: copies, queues, windows, throttling.

use std::collections::BTreeMap;

use codec::CommandStatus;
use model::queue::Sample;
use model::{ClerkCommand, ServiceId};

use crate::cast::*;

const THROTTLED: CommandStatus = CommandStatus::ESME_RTHROTTLED;

/// Who a submit went to.
fn receivers(world: &harness::World) -> Vec<String> {
    world.submits("vn").iter().map(|sm| sm.destination.digits.to_string()).collect()
}

/// jSMPP, Jasmin and Kannel send again what timed out, was requeued or stood behind a reconnect: 28 copies, each
/// charged. Here silence on a living link costs one more copy and not a third.
#[test]
fn pain_04_a_silent_smsc_gets_an_answer_twice_and_never_a_third_time() {
    let mut world = world();
    world.set_silent("vn", true).unwrap();
    ask(&mut world, &citizen(1), HUE, "XNC 13557009");
    world.run_for(hours(30)).unwrap();
    world.set_silent("vn", false).unwrap();
    world.restart().unwrap();
    world.run_for(hours(30)).unwrap();
    let copies = texts(&mut world, &citizen(1));
    assert_eq!((copies.len(), world.submits("vn").len()), (2, 2), "{copies:?}");
    assert_eq!(copies[0], copies[1]);
}

/// The same with deaths: each may cost a copy, for nobody knows whether the text left; but the copies are one text,
/// there is an end to them, and a text that was accepted never leaves again, however often links and power fail.
#[test]
fn pain_04_a_text_that_was_accepted_never_leaves_again() {
    let mut world = world();
    world.hold_responses("vn").unwrap();
    ask(&mut world, &citizen(1), DA_NANG, REGISTRATION);
    for _ in 0..3 {
        for link in ["a", "b"] {
            world.cut(link).unwrap();
            world.connect(link).unwrap();
        }
    }
    world.release_responses("vn").unwrap();
    world.run_for(seconds(1)).unwrap();
    let mut copies = texts(&mut world, &citizen(1));
    assert!((2..=7).contains(&copies.len()), "a copy for each death that it met: {}", copies.len());
    copies.dedup();
    assert_eq!(copies.len(), 1, "one password");
    for _ in 0..10 {
        for link in ["a", "b"] {
            world.cut(link).unwrap();
            world.connect(link).unwrap();
        }
        world.restart().unwrap();
        world.run_for(minutes(2)).unwrap();
    }
    assert_eq!(texts(&mut world, &citizen(1)), Vec::<String>::new());
}

/// A text that kills each link which carries it is given up after 21 copies, and does not keep others from leaving.
#[test]
fn pain_04_a_text_that_kills_every_link_is_given_up() {
    let mut world = world();
    world.cut("b").unwrap();
    world.set_silent("vn", true).unwrap();
    ask(&mut world, &citizen(1), HUE, "XNC 13557009");
    for _ in 0..40 {
        world.cut("a").unwrap();
        world.connect("a").unwrap();
    }
    assert_eq!(world.submits("vn").len(), 21);
    world.set_silent("vn", false).unwrap();
    ask(&mut world, &citizen(2), HUE, "XNC 13557009");
    assert_one(&texts(&mut world, &citizen(2)), &not_found("13557009"));
}

/// Jasmin and ksmppd queues stand still until somebody restarts them. Here an hour of throttling passes, and each
/// answer leaves.
#[test]
fn pain_07_a_queue_moves_on_by_itself() {
    let mut world = world();
    world.refuse_next("vn", std::iter::repeat_n(THROTTLED, 60)).unwrap();
    for n in 0..25 {
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
    }
    world.run_for(hours(2)).unwrap();
    for n in 0..25 {
        assert_one(&texts(&mut world, &citizen(n)), &not_found("13557009"));
    }
}

/// The same after a start, when each of them may be a copy: those that wait behind a throttled one come back with it
/// again and again, and are not counted for that.
#[test]
fn pain_07_a_queue_of_copies_moves_on_by_itself() {
    let mut world = world();
    world.refuse_next("vn", std::iter::repeat_n(THROTTLED, 100)).unwrap();
    for n in 0..25 {
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
    }
    world.restart().unwrap();
    world.run_for(hours(3)).unwrap();
    for n in 0..25 {
        assert_one(&texts(&mut world, &citizen(n)), &not_found("13557009"));
    }
}

/// One message that the SMSC refuses for good, or for now, stands in nobody's way.
#[test]
fn pain_07_a_refused_text_holds_up_no_other() {
    let mut world = world();
    let refusals = [CommandStatus::ESME_RINVDSTADR, CommandStatus::ESME_RSYSERR];
    world.refuse_next("vn", refusals).unwrap();
    for n in 0..3 {
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
    }
    assert_eq!(texts(&mut world, &citizen(0)), Vec::<String>::new());
    assert_eq!(texts(&mut world, &citizen(1)), Vec::<String>::new());
    assert_one(&texts(&mut world, &citizen(2)), &not_found("13557009"));
    world.run_for(seconds(31)).unwrap();
    assert_one(&texts(&mut world, &citizen(1)), &not_found("13557009"));
}

/// Both windows are full of submits that the SMSC never answers: their places are free again after the response
/// timer, and what waited behind them leaves.
#[test]
fn pain_07_a_window_full_of_silence_opens_again() {
    let mut world = world();
    world.set_silent("vn", true).unwrap();
    for n in 0..20 {
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
    }
    world.set_silent("vn", false).unwrap();
    ask(&mut world, &citizen(70), HUE, "XNC 13557009");
    assert_eq!(texts(&mut world, &citizen(70)), Vec::<String>::new());
    world.run_for(seconds(31)).unwrap();
    assert_one(&texts(&mut world, &citizen(70)), &not_found("13557009"));
}

/// Jasmin keeps one submit in flight a connector, whatever the window says, and so does 20/s on a link that is sold
/// for 150. Here an SMSC that answers nothing has exactly a window of submits before it; each response frees one.
#[test]
fn pain_08_the_whole_window_is_outstanding_and_never_more() {
    const WINDOW: u32 = 50;
    let mut world = world();
    world.set_pace("a", WINDOW, None).unwrap();
    for link in ["a", "b"] {
        world.cut(link).unwrap();
    }
    world.connect("a").unwrap();
    world.hold_responses("vn").unwrap();
    for n in 0..WINDOW + 20 {
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
    }
    assert_eq!(world.submits("vn").len(), 50);
    world.release_responses("vn").unwrap();
    assert_eq!(world.submits("vn").len(), 70, "responses alone let the rest go: no time went by");
}

/// Jasmin drops the receipt request of what it sends again after a throttling. Here a throttled text keeps its
/// receipt request, its validity and its place in the order, and is taken once.
#[test]
fn pain_13_what_was_throttled_keeps_its_receipt_its_order_and_comes_back() {
    let mut world = world();
    world.set_pace("a", 3, None).unwrap();
    for link in ["a", "b"] {
        world.cut(link).unwrap();
    }
    world.connect("a").unwrap();
    world.refuse_next("vn", [THROTTLED, THROTTLED, CommandStatus::ESME_RMSGQFUL]).unwrap();
    // All in one turn, so that three are in flight and three wait behind them when the first is refused.
    for n in 0..6 {
        let words = format!("TK,Nguyen Van An,20149990{n},20/12/1990");
        world.deliver("a", message(&citizen(n), DA_NANG, 0, words.as_bytes())).unwrap();
    }
    world.settle().unwrap();
    world.run_for(minutes(3)).unwrap();
    let submits = world.submits("vn");
    assert_eq!(submits.len(), 9, "three refused, six taken");
    assert!(submits.iter().all(|sm| sm.registered_delivery == 1 && !sm.validity_period.is_empty()));
    let taken: Vec<String> = (0..6).map(citizen).collect();
    assert_eq!(receivers(&world)[3..], taken, "in the order in which they were asked for");
    for n in 0..6 {
        assert_one(&texts(&mut world, &citizen(n)), &format!("TK: 20149990{n}, MK: "));
    }
}

/// Vumi counts messages where the operator counts segments, and its bursts ignore the rate. Here a rate holds for
/// submits, one a segment, in every second.
#[test]
fn pain_13_the_rate_counts_segments() {
    const RATE: u32 = 4;
    let mut world = world();
    let sample = Sample {
        waiting: 116,
        open_counters: None,
        mean_service_s: 0,
        est_minutes: Some(60),
        measured_at: world.wall(),
        sequence: 1,
        source: String::new(),
    };
    let (service, queue) = (ServiceId::new("hue-xnc"), "STTNC".to_owned());
    world.command(ClerkCommand::QueueSample { service, queue, sample }).unwrap().unwrap();
    world.set_pace("a", 50, Some(RATE)).unwrap();
    for link in ["a", "b"] {
        world.cut(link).unwrap();
    }
    world.connect("a").unwrap();
    for n in 0..10 {
        ask(&mut world, &citizen(n), HUE, "XNC STTNC");
    }
    let mut seen = vec![world.submits("vn").len()];
    for _ in 0..28 {
        world.run_for(jiff::SignedDuration::from_millis(250)).unwrap();
        seen.push(world.submits("vn").len());
    }
    assert_eq!(seen.last(), Some(&20), "ten texts of two segments: {seen:?}");
    let busiest = seen.windows(5).map(|second| second[4] - second[0]).max();
    assert!(busiest <= Some(5), "{seen:?}");
    assert_eq!(texts(&mut world, &citizen(9)).len(), 1);
}

/// Retries flood an SMSC that said "too much". Here an SMSC that throttles all day is asked about once a minute.
#[test]
fn pain_13_throttling_is_not_answered_with_a_flood() {
    let mut world = world();
    world.refuse_next("vn", std::iter::repeat_n(THROTTLED, 10_000)).unwrap();
    for n in 0..25 {
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
    }
    world.run_for(minutes(10)).unwrap();
    let before = world.submits("vn").len();
    world.run_for(hours(1)).unwrap();
    let in_an_hour = world.submits("vn").len() - before;
    assert!((60..=130).contains(&in_an_hour), "two links, each a minute or more apart: {in_an_hour}");
}

/// Throttling costs Vumi and Jasmin the messages in between; here nobody's answer is lost or comes twice where each
/// second submit is refused.
#[test]
fn pain_13_a_noisy_smsc_loses_and_doubles_nothing() {
    let mut world = world();
    for n in 0..40 {
        world.refuse_next("vn", [THROTTLED].into_iter().take((n % 2) as usize)).unwrap();
        ask(&mut world, &citizen(n), HUE, "XNC 13557009");
        world.run_for(seconds(2)).unwrap();
    }
    world.run_for(minutes(5)).unwrap();
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for (to, _) in world.handsets.unread() {
        *answers.entry(to.to_owned()).or_default() += 1;
    }
    assert_eq!(answers.len(), 40);
    assert!(answers.values().all(|count| *count == 1), "{answers:?}");
}
