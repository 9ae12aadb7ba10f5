//! Octets that stand on disks: turns have no field names, so a field in the wrong place would be read as another.

use model::journal::Turn;

/// A turn with every kind of entry, key and record, each field with a value of its own.
const READABLE: &str = include_str!("golden/turn.json");
/// The same as the journal of format 2 holds it, before it is sealed. Never renewed: what is added to a type has a
/// default, and then this still reads as the text above with that default.
const OCTETS: &str = include_str!("golden/turn.hex");

#[test]
fn a_turn_of_the_first_program_of_this_format_reads_as_it_was_meant() {
    let meant: Turn = serde_json::from_str(READABLE).unwrap();
    let octets: Vec<u8> = (OCTETS.split_whitespace().collect::<String>().as_bytes().chunks(2))
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let read: Turn = rmp_serde::from_slice(&octets).unwrap();
    assert!(read == meant, "the turn is read as another");
    let mut again = Vec::new();
    rmp_serde::encode::write(&mut again, &read).unwrap();
    let reread: Turn = rmp_serde::from_slice(&again).unwrap();
    assert!(reread == meant, "what is written now is read as another");
}
