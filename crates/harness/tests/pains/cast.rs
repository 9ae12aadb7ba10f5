//! Citizens, offices and what they say, for the tests of pains.

use std::sync::Arc;

use bytes::Bytes;
use codec::esm_class::{SMSC_RECEIPT, UDHI};
use codec::{CommandStatus, Sm};
use harness::World;
use jiff::SignedDuration;
use model::Address;
use routing::Rules;

/// Everything is well.
pub(crate) const OK: CommandStatus = CommandStatus::ESME_ROK;
/// The office in Hue, the one in Da Nang, the town hall of Trutnov.
pub(crate) const HUE: &str = "8383";
pub(crate) const DA_NANG: &str = "8188";
pub(crate) const TRUTNOV: &str = "420739547765";

/// A registration that Da Nang takes.
pub(crate) const REGISTRATION: &str = "TK,Nguyen Van An,201499999,20/12/1990";

/// A Monday morning with the services that ship; all links are bound.
pub(crate) fn world() -> World {
    world_with(Rules::builtin())
}

/// The same with other rules.
pub(crate) fn world_with(rules: Rules) -> World {
    World::start(Arc::new(rules), "2026-08-03T02:00:00Z".parse().unwrap()).unwrap()
}

/// The number of a Vietnamese citizen.
pub(crate) fn citizen(n: u32) -> String {
    format!("849051{n:05}")
}

/// A number as an address: short codes are national.
pub(crate) fn address(number: &str) -> Address {
    Address::new(u8::from(number.len() > 8), 1, number)
}

/// A message of these octets.
pub(crate) fn message(from: &str, to: &str, data_coding: u8, octets: &[u8]) -> Sm {
    Sm {
        source: address(from),
        destination: address(to),
        data_coding,
        short_message: Bytes::copy_from_slice(octets),
        ..Sm::default()
    }
}

/// A part of a longer message: `elements` stand in the user data header.
pub(crate) fn part(from: &str, to: &str, elements: &[u8], text: &str) -> Sm {
    let length = u8::try_from(elements.len()).unwrap();
    let octets = [&[length], elements, text.as_bytes()].concat();
    Sm { esm_class: UDHI, ..message(from, to, 0x00, &octets) }
}

/// A receipt with this text, from the number that the text went to.
pub(crate) fn receipt(text: &str) -> Sm {
    Sm { esm_class: SMSC_RECEIPT, ..message(&citizen(1), DA_NANG, 0x00, text.as_bytes()) }
}

/// A receipt as the specification writes it.
pub(crate) fn usual_receipt(id: &str, stat: &str) -> Sm {
    receipt(&format!(
        "id:{id} sub:001 dlvrd:001 submit date:2608030900 done date:2608030901 stat:{stat} err:000 text:"
    ))
}

/// A text that fits septets, over the link of its country.
pub(crate) fn ask(world: &mut World, from: &str, to: &str, text: &str) {
    let link = if to.starts_with("420") { "cz" } else { "a" };
    world.text(link, address(from), address(to), text).unwrap();
}

/// Hands one message over and lets the engine run.
pub(crate) fn hand_over(world: &mut World, link: &str, sm: Sm) {
    world.deliver(link, sm).unwrap();
    world.settle().unwrap();
}

/// Everything that a handset holds and nobody has read yet.
pub(crate) fn texts(world: &mut World, to: &str) -> Vec<String> {
    std::iter::from_fn(|| world.handsets.read(to)).map(|received| received.text).collect()
}

/// Whether these are one text, and it begins so.
#[track_caller]
pub(crate) fn assert_one(texts: &[String], begin: &str) {
    assert!(matches!(texts, [text] if text.starts_with(begin)), "not one `{begin}`: {texts:?}");
}

/// How Hue answers a code of which it knows nothing.
pub(crate) fn not_found(code: &str) -> String {
    format!("Khong tim thay ho so {code}. ")
}

pub(crate) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
