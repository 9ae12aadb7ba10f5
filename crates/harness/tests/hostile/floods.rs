//! More than anybody sends. H-06 and A-09.

use codec::{CommandStatus, Sm, esm_class};
use model::Address;

use crate::stage::{MONDAY, Stage};

/// Half-joined messages that are kept in all (docs/RELIABILITY.md).
const HALF_MAX: usize = 20_000;
/// And of one sender.
const HALF_OF_ONE_MAX: usize = 4;

fn sm(from: &str, payload: &[u8], esm_class: u8) -> Sm {
    Sm {
        source: Address::new(1, 1, from),
        destination: Address::new(0, 1, "8383"),
        esm_class,
        short_message: bytes::Bytes::copy_from_slice(payload),
        ..Sm::default()
    }
}

fn part(from: &str, reference: u8, number: u8, text: &str) -> Sm {
    sm(from, &[&[5, 0, 3, reference, 2, number], text.as_bytes()].concat(), esm_class::UDHI)
}

/// Hands messages over in turns of many, as a flood comes.
fn flood(stage: &mut Stage, messages: impl Iterator<Item = Sm>) {
    for (n, message) in messages.enumerate() {
        stage.world.deliver("a", message).unwrap();
        if n % 8 == 7 {
            stage.world.settle().unwrap();
        }
    }
    stage.world.settle().unwrap();
}

#[test]
fn h_06_half_messages_are_bounded_and_the_oldest_are_given_up_with_a_word() {
    let mut stage = Stage::at(MONDAY);
    let beyond = 40;
    let senders = |n: usize| format!("8490{n:07}");
    let number = |n: usize| senders(5_000_000 + n);
    flood(&mut stage, (0..HALF_MAX + beyond).map(|n| part(&number(n), 7, 1, "XNC ")));
    assert_eq!(stage.world.last_response("a"), Some(CommandStatus::ESME_ROK));
    let told = (0..HALF_MAX + beyond).filter(|n| {
        let texts = stage.read(&number(*n));
        let parts = texts.iter().all(|text| text.starts_with("Tin nhan cua Quy khach den khong day du."));
        assert!(parts && texts.len() <= 1, "{n}: {texts:?}");
        assert!(texts.is_empty() || *n < beyond, "{n} was not among the oldest");
        !texts.is_empty()
    });
    assert_eq!(told.count(), beyond);
    // Others, and those whose other half comes, are answered as ever.
    assert!(stage.answer("84905123456", "8383", "XNC HD").starts_with("Tra cuu ho so"));
    let last = HALF_MAX + beyond - 1;
    flood(&mut stage, std::iter::once(part(&number(last), 7, 2, "HD")));
    assert!(stage.read(&number(last)).concat().starts_with("Tra cuu ho so"));
}

#[test]
fn h_06_one_sender_holds_four_half_messages() {
    let mut stage = Stage::at(MONDAY);
    flood(&mut stage, (0..200).map(|n| part("84905666666", n, 1, "XNC ")));
    // Given up one by one, and of what is given up he is told no more than the loop guard allows.
    let told = stage.read("84905666666");
    assert!(told.len() <= 10, "{told:?}");
    stage.after(jiff::SignedDuration::from_mins(11));
    assert_eq!(stage.read("84905666666").len(), HALF_OF_ONE_MAX);
}

#[test]
fn a_09_a_flood_of_one_sender_is_taken_answered_ten_times_and_delays_nobody() {
    let mut stage = Stage::at(MONDAY);
    let flooder = "84905666666";
    for n in 0..1_000 {
        stage.world.deliver("a", sm(flooder, b"XNC HD", 0)).unwrap();
        match n % 8 {
            // In the same turn as the flood, behind it.
            6 => {
                let citizen = format!("84905123{:03}", n / 8);
                assert!(stage.answer(&citizen, "8383", "XNC HD").starts_with("Tra cuu ho so"), "{n}");
            }
            7 => stage.world.settle().unwrap(),
            _ => {}
        }
    }
    stage.world.settle().unwrap();
    assert_eq!(stage.world.last_response("a"), Some(CommandStatus::ESME_ROK), "acknowledged, not put off");
    assert_eq!(stage.read(flooder).len(), 10);
    stage.after(jiff::SignedDuration::from_secs(61));
    assert_eq!(stage.ask(flooder, "8383", "XNC HD").len(), 1, "and he who rests is answered again");
}
