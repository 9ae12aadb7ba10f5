//! What stays behind: nothing may grow with the days.

use codec::{CommandStatus, Sm};
use harness::World;

use crate::cast::*;

/// One busy hour of everything that leaves something open.
fn busy_hour(world: &mut World, base: u32) {
    for n in base..base + 12 {
        let from = citizen(n);
        match n % 6 {
            // Half a message, poison, a receipt of nobody's.
            0 => hand_over(world, "a", part(&from, HUE, &[0, 3, 9, 2, 1], "XNC 1355")),
            1 => hand_over(world, "a", message(&from, HUE, 0x05, b"\xFF\x00")),
            2 => hand_over(world, "a", usual_receipt(&format!("stranger-{n}"), "DELIVRD")),
            // An answer that is refused for good: a dead letter.
            3 => {
                world.refuse_next("vn", [CommandStatus::ESME_RINVDSTADR]).unwrap();
                ask(world, &from, HUE, "XNC HD");
            }
            // An act whose acknowledgement is lost, an answer whose response never comes.
            4 => {
                world.cut_at_response("a").unwrap();
                hand_over(world, "a", message(&from, HUE, 0, b"XNC 13557009"));
                world.connect("a").unwrap();
            }
            _ => {
                world.set_silent("vn", true).unwrap();
                ask(world, &from, HUE, "XNC HD");
                world.run_for(seconds(90)).unwrap();
                world.set_silent("vn", false).unwrap();
            }
        }
    }
    world.run_for(minutes(30)).unwrap();
}

/// Kannel's tables of receipts grew for ever once their deletes failed, and one bad row spun sqlbox until the disk was
/// full. Here all that is open ends by itself: halves of messages, dead letters, fingerprints, texts without a
/// receipt. After a week of silence a start finds nothing.
#[test]
fn pain_25_nothing_is_open_for_ever() {
    let mut world = world();
    busy_hour(&mut world, 0);
    assert!(world.open_entries().unwrap() >= 6, "something of each kind: {}", world.open_entries().unwrap());
    world.run_for(hours(24 * 7)).unwrap();
    assert_eq!(world.open_entries().unwrap(), 0);
    assert_eq!(world.secrets(), 0);
}

/// The same, day after day, with power cuts: what a start must load does not grow.
#[test]
fn pain_25_a_week_leaves_no_more_behind_than_a_day() {
    let mut world = world();
    let mut open = Vec::new();
    for day in 0..7 {
        busy_hour(&mut world, day * 12);
        world.restart().unwrap();
        world.run_for(hours(24)).unwrap();
        open.push(world.open_entries().unwrap());
    }
    // From the fifth day on the oldest leaves as the newest comes: 24 hours of worth, and 72 hours after that.
    assert!(open[5..].iter().all(|it| *it <= open[4]), "{open:?}");
}

/// One record that nobody can read is handled once: it is put aside, and neither read nor logged again, though the
/// process starts again and again.
#[test]
fn pain_25_poison_is_handled_once() {
    let mut world = world();
    let poison = Sm { data_coding: 0x05, ..message(&citizen(1), HUE, 0, b"\xFF\x00\x80") };
    hand_over(&mut world, "a", poison);
    assert_eq!(texts(&mut world, &citizen(1)).len(), 1);
    world.run_for(seconds(1)).unwrap();
    for _ in 0..5 {
        world.restart().unwrap();
        world.run_for(hours(1)).unwrap();
    }
    assert_eq!(texts(&mut world, &citizen(1)), Vec::<String>::new());
    assert_eq!(world.submits("vn").len(), 1);
}

/// Jasmin, Vumi and go-smpp grow with each receipt that finds no message and each link that flaps. Here what is open
/// after thousands of them is what was open before.
#[test]
fn pain_16_receipts_of_nobody_and_flapping_links_leave_nothing_open() {
    let mut world = world();
    for n in 0..2_000 {
        world.deliver("a", usual_receipt(&format!("{n:08}"), "DELIVRD")).unwrap();
        if n % 20 == 19 {
            world.settle().unwrap();
            world.cut("a").unwrap();
            world.connect("a").unwrap();
        }
    }
    assert_eq!(world.responses("a"), vec![OK; 2_000]);
    assert_eq!(world.open_entries().unwrap(), 0);
}
