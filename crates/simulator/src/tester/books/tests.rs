//! What becomes of messages and replies, without a wire.

use super::*;

const CITIZEN: u64 = 84_905_000_001;
/// As long as nothing is forgotten: no test's clock goes so far unless it means to.
const PATIENCE: u64 = 30_000_000_000;
const WHOLE: Part = Part::WHOLE;

fn mix() -> Mix {
    Mix::parse(
        "[[message]]\nweight = 1\nfrom = \"84905000001\"\nto = \"8383\"\ntext = \"A\"\nreply = [\"first second\"]",
    )
    .unwrap()
}

fn books() -> Books {
    let mut books = Books::new(false, PATIENCE, Meter::new().unwrap());
    books.counting = true;
    books
}

fn part(reference: u16, total: u8, number: u8) -> Part {
    Part { reference, total, number }
}

fn reply(books: &mut Books, part: Part, text: &[u8]) {
    reply_at(books, part, text, 2_000_000);
}

fn whole(text: &[u8]) -> Submit<'_> {
    Submit { destination: b"84905000001", data_coding: 0, part: WHOLE, text }
}

fn reply_at(books: &mut Books, part: Part, text: &[u8], now: u64) {
    let submit = Submit { part, ..whole(text) };
    books.reply(&submit, &mix(), now);
}

/// answered, missing, double, wrong.
fn tally(books: &Books) -> [u64; 4] {
    [books.counts.answered, books.missing(), books.counts.double, books.counts.wrong]
}

#[test]
fn a_message_is_done_after_response_and_reply_in_either_order() {
    let mut books = books();
    for reply_first in [false, true] {
        let number = books.enter(CITIZEN, 0, 0, 0);
        assert_eq!(books.under_way(), 1);
        if reply_first {
            reply(&mut books, WHOLE, b"first second");
            books.respond(number, 0, 1_000_000);
        } else {
            books.respond(number, 0, 1_000_000);
            reply(&mut books, WHOLE, b"first second");
        }
        assert_eq!(books.under_way(), 0);
    }
    assert_eq!(tally(&books), [2, 0, 0, 0]);
    assert_eq!(books.counts.acknowledged, 2);
    books.meter.end_second(1);
    assert_eq!(books.meter.response_percentiles().max_us, 1_000);
    assert_eq!(books.meter.reply_percentiles().max_us, 2_000);
}

#[test]
fn what_is_missing_double_or_wrong_is_counted() {
    let mut books = books();
    let number = books.enter(CITIZEN, 0, 0, 0);
    reply(&mut books, WHOLE, b"something else");
    assert_eq!(tally(&books), [1, 1, 0, 1], "no response yet");
    reply(&mut books, WHOLE, b"first second");
    assert_eq!(tally(&books), [1, 1, 1, 1]);
    books.respond(number, 0, 0);
    let submit = Submit { destination: b"Trutnov", data_coding: 0, part: WHOLE, text: b"first second" };
    books.reply(&submit, &mix(), 0);
    assert_eq!(tally(&books), [1, 0, 1, 2]);
    let number = books.enter(CITIZEN, 0, 1, 0);
    books.respond(number, 0x58, 0);
    assert_eq!(tally(&books), [1, 0, 1, 2]);
    assert_eq!((books.counts.refused, books.counts.statuses[&0x58]), (1, 1));
}

#[test]
fn a_reply_in_parts_is_there_with_its_last_part() {
    let mut books = books();
    let number = books.enter(CITIZEN, 0, 0, 0);
    books.respond(number, 0, 0);
    reply(&mut books, part(7, 3, 2), b"t sec");
    reply(&mut books, part(7, 3, 2), b"t sec");
    assert_eq!(tally(&books), [0, 1, 1, 0], "a part that comes twice");
    reply(&mut books, part(7, 3, 3), b"ond");
    reply(&mut books, part(7, 3, 1), b"firs");
    assert_eq!(tally(&books), [1, 0, 1, 0], "words may stand across parts");
}

#[test]
fn the_messages_of_one_citizen_are_answered_in_their_order() {
    let mut books = books();
    let numbers = [0, 1, 2].map(|index| books.enter(CITIZEN, 0, index, 0));
    // The reply to the first comes in parts, with those of the second between.
    reply(&mut books, part(1, 2, 1), b"first ");
    reply(&mut books, part(2, 2, 1), b"first ");
    reply(&mut books, part(1, 2, 2), b"second");
    reply(&mut books, part(2, 2, 2), b"second");
    assert_eq!(tally(&books), [2, 3, 0, 0]);
    // Taken out of the middle, the end and the front.
    books.respond(numbers[1], 0, 0);
    reply(&mut books, WHOLE, b"first second");
    books.respond(numbers[2], 0, 0);
    books.respond(numbers[0], 0, 0);
    assert_eq!((tally(&books), books.under_way()), ([3, 0, 0, 0], 0));
    assert!(books.citizens.is_empty());
    // Their places are used again.
    books.enter(CITIZEN, 0, 3, 0);
    assert_eq!(books.entries.len(), 3);
}

#[test]
fn a_reply_to_what_was_refused_is_not_one_too_many() {
    let mut books = books();
    let refused = books.enter(CITIZEN, 0, 0, 0);
    books.respond(refused, 0x64, 0);
    assert_eq!((books.under_way(), books.missing()), (0, 0));
    // The next message's reply is the next message's.
    let next = books.enter(CITIZEN, 0, 1, 0);
    books.respond(next, 0, 0);
    reply(&mut books, WHOLE, b"first second");
    assert_eq!((tally(&books), books.counts.refused_answered), ([1, 0, 0, 0], 0));
    reply(&mut books, WHOLE, b"first second");
    assert_eq!((tally(&books), books.counts.refused_answered), ([1, 0, 0, 0], 1));
    reply(&mut books, WHOLE, b"first second");
    assert_eq!(tally(&books), [1, 0, 1, 0]);
    assert_eq!((books.under_way(), books.citizens.len()), (0, 0));
}

#[test]
fn a_reply_to_what_is_refused_after_it_is_none_of_the_answered() {
    let mut books = books();
    for text in [&b"first second"[..], b"something else"] {
        let number = books.enter(CITIZEN, 0, 0, 0);
        reply(&mut books, WHOLE, text);
        books.respond(number, 0x64, 0);
    }
    assert_eq!(tally(&books), [0, 0, 0, 0]);
    assert_eq!((books.counts.refused, books.counts.refused_answered), (2, 2));
    assert_eq!((books.under_way(), books.refused.len()), (0, 0));
    reply(&mut books, WHOLE, b"first second");
    assert_eq!(tally(&books), [0, 0, 1, 0]);
}

#[test]
fn what_was_refused_is_forgotten_with_our_patience() {
    let mut books = books();
    let refused = [0, 1, 2].map(|index| books.enter(CITIZEN, 0, index, 0));
    // The third has a part of its reply when it is refused.
    for number in refused {
        if number == refused[2] {
            reply_at(&mut books, part(5, 2, 1), b"first ", 0);
        }
        books.respond(number, 0x64, 1_000);
    }
    reply_at(&mut books, WHOLE, b"first second", PATIENCE + 999);
    assert_eq!((books.counts.refused_answered, books.counts.double), (1, 0), "just in time");
    reply_at(&mut books, WHOLE, b"first second", PATIENCE + 1_000);
    reply_at(&mut books, part(5, 2, 2), b"second", PATIENCE + 1_000);
    assert_eq!((books.counts.refused_answered, books.counts.double), (1, 2));
    assert_eq!((books.refused.len(), books.citizens.len(), books.in_parts.len()), (0, 0, 0));
    assert_eq!((books.missing(), books.under_way()), (0, 0));
    // Their places are free, each once.
    let numbers = [0, 1, 2].map(|index| books.enter(CITIZEN, 0, index, 0));
    assert_eq!((books.entries.len(), numbers.iter().sum::<u32>()), (3, 3));
}

#[test]
fn no_more_is_remembered_of_what_was_refused_than_there_is_room_for() {
    let mut books = books();
    for index in 0..=REFUSED_MAX as u64 {
        let number = books.enter(CITIZEN, 0, index, 0);
        books.respond(number, 0x64, 0);
    }
    assert_eq!((books.refused.len(), books.counts.refused), (REFUSED_MAX, REFUSED_MAX as u64 + 1));
    assert!(books.entries.len() <= REFUSED_MAX + 1, "{}", books.entries.len());
    let (mix, submit) = (mix(), whole(b"first second"));
    for _ in 0..=REFUSED_MAX {
        books.reply(&submit, &mix, 0);
    }
    assert_eq!((books.counts.refused_answered, books.counts.double), (REFUSED_MAX as u64, 1));
}

#[test]
fn what_the_warm_up_sent_does_not_count() {
    let mut books = books();
    books.counting = false;
    let number = books.enter(CITIZEN, 0, 0, 0);
    books.counting = true;
    reply(&mut books, WHOLE, b"wrong");
    books.respond(number, 0, 0);
    assert_eq!(books.counts, Counts { wrong: 0, ..Counts::default() });
}
