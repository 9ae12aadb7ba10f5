//! Services files that are read anew while messages are on their way.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use bytes::Bytes;
use codec::Sm;
use harness::World;
use model::Address;
use routing::Rules;

fn message(from: &str, to: &str) -> Sm {
    Sm {
        source: Address::new(1, 1, from),
        destination: Address::new(0, 1, to),
        short_message: Bytes::from_static(b"XNC 13557009"),
        ..Sm::default()
    }
}

/// The packs that come with the program, with Hue's number moved.
fn moved() -> Rules {
    let files = Rules::builtin_files().iter().map(|(name, text)| (*name, text.replace("8383", "8384")));
    Rules::load(&files.collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_message_read_by_the_old_rules_is_decided_by_the_new_ones() {
    let mut world =
        World::start(Arc::new(Rules::builtin()), "2026-08-03T07:00:00Z".parse().unwrap()).unwrap();
    world.deliver("a", message("84905000001", "8383")).unwrap();
    world.settle().unwrap();
    world.change_rules(Arc::new(moved()));
    world.deliver("a", message("84905000002", "8383")).unwrap();
    world.deliver("a", message("84905000003", "8384")).unwrap();
    world.settle().unwrap();
    let mut answered: Vec<&str> = world.handsets.unread().map(|(to, _)| to).collect();
    answered.sort_unstable();
    assert_eq!(answered, ["84905000001", "84905000003"]);
}
