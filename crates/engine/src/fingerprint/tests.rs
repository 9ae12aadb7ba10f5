use model::Address;

use super::*;
use crate::config::{Config, LinkConfig, Profile};

const LINK: LinkId = LinkId(0);

fn wall(second: i64) -> Timestamp {
    Timestamp::from_second(1_785_000_000 + second).unwrap()
}

/// Of three links to one SMSC, all up.
fn fingerprints() -> Fingerprints {
    let link = LinkConfig {
        name: String::new(),
        group: "g".into(),
        receives: true,
        plan: &model::plan::VIET_NAM,
        profile: Profile::default(),
    };
    let mut proofs = Proofs::new(&Config { links: vec![link; 3] });
    (0..3).for_each(|place| proofs.link_up(LinkId(place)));
    Fingerprints::new(proofs)
}

/// The SMSC of a link answers at once what left at this moment.
fn proved(all: &mut Fingerprints, link: LinkId, left: Duration) {
    all.proofs.answered(link, left, left);
}

fn acknowledged(octet: u8, act: bool) -> Acknowledged {
    let fingerprint = Fingerprint([octet; 16]);
    Acknowledged { link: LINK, generation: 1, sequence_number: u32::from(octet), fingerprint, act }
}

#[test]
fn a_healthy_link_absorbs_nothing() {
    let mut all = fingerprints();
    all.acknowledged(acknowledged(1, true), Duration::ZERO);
    assert_eq!(all.absorb(Fingerprint([1; 16]), wall(1), true), None);
}

#[test]
fn a_dead_link_makes_the_last_minute_uncertain_and_one_copy_is_absorbed() {
    let mut all = fingerprints();
    all.acknowledged(acknowledged(1, true), Duration::from_secs(0));
    all.acknowledged(acknowledged(2, true), Duration::from_secs(30));
    all.link_down(LINK, Duration::from_secs(61), wall(61));
    assert_eq!(all.absorb(Fingerprint([1; 16]), wall(62), true), None, "61 s old");
    assert!(all.absorb(Fingerprint([2; 16]), wall(62), true).is_some());
    assert_eq!(all.absorb(Fingerprint([2; 16]), wall(63), true), None, "one only");
}

#[test]
fn a_look_up_is_answered_after_ten_minutes_and_an_act_never_runs_twice() {
    let mut all = fingerprints();
    all.arm(Fingerprint([1; 16]), false, wall(0));
    all.arm(Fingerprint([2; 16]), true, wall(0));
    assert_eq!(all.absorb(Fingerprint([1; 16]), wall(601), true), None);
    assert!(all.absorb(Fingerprint([2; 16]), wall(72 * 3600), true).is_some());
    all.arm(Fingerprint([2; 16]), true, wall(0));
    assert_eq!(all.absorb(Fingerprint([2; 16]), wall(72 * 3600 + 1), true), None);
    assert!(
        all.absorb(Fingerprint([2; 16]), wall(72 * 3600 + 1), false).is_some(),
        "a clock nobody believes"
    );
}

#[test]
fn a_text_that_was_sent_twice_is_absorbed_twice_and_no_third_time() {
    let mut all = fingerprints();
    for sequence_number in [1, 2] {
        all.acknowledged(Acknowledged { sequence_number, ..acknowledged(7, true) }, Duration::ZERO);
    }
    all.link_down(LINK, Duration::from_secs(1), wall(1));
    let Some((true, Some(left))) = all.absorb(Fingerprint([7; 16]), wall(2), true) else {
        panic!("absorbed")
    };
    assert_eq!(left.copies, 1);
    assert_eq!(all.take_changes().len(), 2, "armed twice, written as it is now");
    assert_eq!(all.absorb(Fingerprint([7; 16]), wall(2), true), Some((true, None)));
    assert_eq!(all.absorb(Fingerprint([7; 16]), wall(2), true), None);
}

#[test]
fn a_start_expects_as_many_copies_as_ran_in_the_last_minute() {
    let recent = |ran| Recent { at: wall(0), fingerprint: Fingerprint([1; 16]), act: true, ran };
    let absorbed = |all: &mut Fingerprints| {
        (0..9).take_while(|_| all.absorb(Fingerprint([1; 16]), wall(2), true).is_some()).count()
    };
    for (recent, copies) in [
        (vec![recent(true), recent(false), recent(false)], 1),
        (vec![recent(false)], 1),
        (vec![recent(true), recent(true)], 2),
    ] {
        let mut all = fingerprints();
        all.restore_recent(&recent, wall(1));
        assert_eq!(absorbed(&mut all), copies);
    }
    let mut known = fingerprints();
    known.arm(Fingerprint([1; 16]), true, wall(0));
    known.restore_recent(&[recent(true)], wall(1));
    assert_eq!(absorbed(&mut known), 1, "its link had died before the process did");
}

#[test]
fn the_deadline_makes_one_message_uncertain() {
    let mut all = fingerprints();
    all.acknowledged(acknowledged(1, true), Duration::ZERO);
    all.acknowledged(acknowledged(2, true), Duration::ZERO);
    all.deadline_answered(LINK, 1, 1, wall(1));
    assert!(all.absorb(Fingerprint([1; 16]), wall(2), true).is_some());
    assert_eq!(all.absorb(Fingerprint([2; 16]), wall(2), true), None);
}

#[test]
fn records_are_written_once_and_dropped_after_72_hours() {
    let mut all = fingerprints();
    all.arm(Fingerprint([1; 16]), true, wall(0));
    assert_eq!(all.take_changes().len(), 1);
    assert!(!all.has_changes());
    all.forget_old(wall(72 * 3600 + 1));
    assert_eq!(all.take_changes(), vec![(Fingerprint([1; 16]), None)]);
    assert_eq!(all.uncertain_len(), 0);
}

#[test]
fn the_hash_tells_senders_parts_and_texts_apart() {
    let sm = Sm { destination: Address::new(0, 1, "8383"), ..Sm::default() };
    let part = |number| Some(Concat { reference: 7, wide: false, total: 2, number });
    let base = of("g", "84905123456", &sm, None, b"XNC");
    assert_eq!(base, of("g", "84905123456", &sm.clone(), None, b"XNC"));
    assert_ne!(base, of("h", "84905123456", &sm, None, b"XNC"));
    assert_ne!(base, of("g", "84905123457", &sm, None, b"XNC"));
    assert_ne!(base, of("g", "84905123456", &sm, None, b"XNC "));
    assert_ne!(of("g", "1", &sm, part(1), b"A"), of("g", "1", &sm, part(2), b"A"));
}

#[test]
fn a_copy_over_a_sister_bind_before_the_link_was_seen_to_die_is_a_redelivery() {
    let sister = LinkId(1);
    let mut all = fingerprints();
    all.acknowledged(acknowledged(1, true), Duration::from_secs(10));
    assert_eq!(all.absorb_sister(Fingerprint([1; 16]), LINK, Duration::from_secs(11)), None, "the same link");
    assert_eq!(all.absorb_sister(Fingerprint([1; 16]), sister, Duration::from_secs(11)), Some(true));
    // The news of the link's end comes late and must not absorb the citizen's next text.
    all.link_down(LINK, Duration::from_secs(12), wall(12));
    assert_eq!(all.absorb(Fingerprint([1; 16]), wall(13), true), None);
    all.acknowledged(acknowledged(2, false), Duration::from_secs(20));
    assert_eq!(all.absorb_sister(Fingerprint([2; 16]), sister, Duration::from_secs(23)), None, "3 s later");
}

#[test]
fn a_text_sent_more_than_once_is_known_wherever_it_was_acknowledged() {
    let (sister, third, seconds) = (LinkId(1), LinkId(2), Duration::from_secs);
    let text = Fingerprint([1; 16]);
    let on = |link, at| (Acknowledged { link, ..acknowledged(1, true) }, seconds(at));
    // The first link was half-open: its copies come by another, whose own copy hides none of them.
    for (before, expected) in [
        (vec![on(LINK, 10), on(sister, 13)], [Some(true), None]),
        (vec![on(LINK, 10), on(LINK, 15)], [Some(true), Some(true)]),
    ] {
        let mut all = fingerprints();
        before.into_iter().for_each(|(message, at)| all.acknowledged(message, at));
        for (expected, at) in expected.into_iter().zip([20, 21]) {
            assert_eq!(all.absorb_sister(text, sister, seconds(at)), expected);
            let (message, at) = on(sister, at);
            all.acknowledged(message, at);
        }
    }
    // What a healthy link has proved says nothing of the half-open one.
    let mut all = fingerprints();
    for (message, at) in [on(LINK, 10), on(sister, 13)] {
        all.acknowledged(message, at);
    }
    proved(&mut all, sister, seconds(14));
    proved(&mut all, third, seconds(15));
    assert_eq!(all.absorb_sister(text, third, seconds(20)), Some(true));
    assert_eq!(all.absorb_sister(text, third, seconds(21)), None);
}

#[test]
fn a_clock_that_was_set_makes_uncertain_only_what_the_smsc_may_not_have_read() {
    let mut all = fingerprints();
    all.acknowledged(acknowledged(1, true), Duration::from_secs(10));
    all.acknowledged(acknowledged(2, true), Duration::from_secs(20));
    proved(&mut all, LINK, Duration::from_secs(10));
    all.clock_stepped(Now { wall: wall(3_600), monotonic: Duration::from_secs(21) });
    assert_eq!(all.absorb(Fingerprint([1; 16]), wall(3_601), true), None);
    assert!(all.absorb(Fingerprint([2; 16]), wall(3_601), true).is_some());
    // Should the link die after all, the first is as uncertain as any.
    all.link_down(LINK, Duration::from_secs(22), wall(3_602));
    assert!(all.absorb(Fingerprint([1; 16]), wall(3_603), true).is_some());
}

#[test]
fn an_act_over_a_sister_bind_is_a_redelivery_until_its_acknowledgement_is_proved() {
    let sister = LinkId(1);
    let seconds = Duration::from_secs;
    let mut all = fingerprints();
    for n in 1..=5 {
        all.acknowledged(acknowledged(n, n != 4), seconds(10));
    }
    let absorb =
        |all: &mut Fingerprints, n: u8, at| all.absorb_sister(Fingerprint([n; 16]), sister, seconds(at));
    proved(&mut all, LINK, seconds(9));
    proved(&mut all, sister, seconds(11));
    assert_eq!(absorb(&mut all, 4, 20), None, "a look-up harms nobody");
    assert_eq!(absorb(&mut all, 1, 40), Some(true), "nothing that left after it was answered");
    assert_eq!(absorb(&mut all, 1, 40), None, "once");
    assert_eq!(absorb(&mut all, 2, 71), None, "a minute later it is the citizen");
    proved(&mut all, LINK, seconds(12));
    assert_eq!(
        absorb(&mut all, 3, 40),
        Some(true),
        "the SMSC has read it, but the copy may have left before"
    );
    proved(&mut all, sister, seconds(13));
    assert_eq!(absorb(&mut all, 5, 40), None, "what comes now was written since");
}

#[test]
fn a_first_copy_that_a_stuck_path_lets_out_after_its_redelivery_is_one() {
    let (stuck, sister, seconds) = (LINK, LinkId(1), Duration::from_secs);
    let text = Fingerprint([1; 16]);
    let mut all = fingerprints();
    all.acknowledged(Acknowledged { link: sister, ..acknowledged(1, true) }, seconds(10));
    proved(&mut all, sister, seconds(11));
    assert_eq!(all.absorb_sister(text, stuck, seconds(25)), Some(true));
}
