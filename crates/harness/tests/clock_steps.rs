//! F-10: a wall clock that is set does not turn a redelivery into a second message.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::sync::Arc;

use harness::World;
use jiff::{SignedDuration, Timestamp};
use model::Address;
use routing::Rules;

/// The different answers to a booking whose acknowledgement was lost, and which comes again after the process died;
/// shortly before that the clock stepped by so many seconds.
fn answers_after_step(seconds: i64) -> usize {
    let wall: Timestamp = "2026-08-03T07:00:00Z".parse().unwrap();
    let mut world = World::start(Arc::new(Rules::builtin()), wall).unwrap();
    let town = || Address::new(1, 1, "420739547765");
    let citizen = || Address::new(1, 1, "420602000001");
    // Its answers would show that the SMSC has read what left before them.
    world.set_silent("cz", true).unwrap();
    world.text("cz", citizen(), town(), "OBJ ZOP NOVAK").unwrap();
    world.jump(SignedDuration::from_secs(seconds)).unwrap();
    world.text("cz", Address::new(1, 1, "420602000002"), town(), "HELP ZKR").unwrap();
    world.restart().unwrap();
    world.set_silent("cz", false).unwrap();
    world.text("cz", citizen(), town(), "OBJ ZOP NOVAK").unwrap();
    let later = world.wall().checked_add(SignedDuration::from_mins(1)).unwrap();
    world.advance_to(later).unwrap();
    let unread: Vec<_> = world.handsets.unread().collect();
    let answers: BTreeSet<&String> =
        unread.iter().filter(|(to, _)| *to == "420602000001").map(|(_, received)| &received.text).collect();
    answers.len()
}

#[test]
fn f_10_a_redelivery_after_a_clock_step_and_a_crash_is_no_second_message() {
    for seconds in [0, 2, 61, 600, 3_700, 86_400, 315_360_000, -2, -61, -3_700, -315_360_000] {
        assert_eq!(answers_after_step(seconds), 1, "the clock stepped by {seconds} s");
    }
}
