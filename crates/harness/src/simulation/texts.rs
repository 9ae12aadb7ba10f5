//! Who writes what. Every citizen has words of his own, so that a mix shows.

use bytes::Bytes;
use codec::Sm;
use model::Address;

use super::dice::Dice;
use crate::world::message;

/// The number of the Czech office.
const TRUTNOV: &str = "420739547765";

/// What a citizen is about to write.
pub(super) struct Writing {
    pub(super) group: &'static str,
    /// E.164 digits, or what stands in `source_addr` where he is no citizen.
    pub(super) from: String,
    pub(super) to: &'static str,
    /// Empty where nobody can read it.
    pub(super) text: String,
    pub(super) pieces: Vec<Sm>,
    pub(super) citizen: bool,
    /// The words that only he may read.
    pub(super) words: Vec<String>,
    /// A dossier that must be there first.
    pub(super) dossier: Option<(&'static str, String)>,
    /// A subscriber's record that must be there first.
    pub(super) subscriber: Option<String>,
}

/// Letters that stand for a number: names without digits.
fn letters(number: u64) -> String {
    let mut left = number + 26 * 26;
    let mut name = String::new();
    while left > 0 {
        name.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        left /= 26;
    }
    name
}

fn international(digits: &str) -> Address {
    Address::new(1, 1, digits)
}

fn receiver(to: &str) -> Address {
    Address::new(u8::from(to.len() > 6), 1, to)
}

/// The first text of citizen `number`, of one kind or another.
pub(super) fn first(number: u64, days: &[&str; 3], dice: &mut Dice) -> Writing {
    let viet_nam =
        |to, text: String, words| plain("vn", format!("84905{:06}", 100_000 + number), to, text, words);
    let czech =
        |text: String, words| plain("cz", format!("420602{:06}", 200_000 + number), TRUTNOV, text, words);
    let code = format!("1355{number:04}");
    match dice.below(12) {
        0 | 1 => {
            let id = format!("20149{number:04}");
            viet_nam("8188", format!("TK,Nguyen Van {},{id},20/12/1990", letters(number)), vec![id])
        }
        2 => {
            let mut writing = viet_nam("8383", format!("XNC {code}"), vec![code.clone()]);
            writing.dossier = Some(("hue-xnc", code));
            writing
        }
        3 => {
            let code = format!("000.00.18.H17-260701-{number:04}");
            let mut writing = viet_nam("8188", format!("DVC {code}"), vec![code.clone()]);
            writing.dossier = Some(("danang", code));
            writing
        }
        4 => viet_nam("8383", "XNC STTXC".to_owned(), Vec::new()),
        5 => {
            let name = format!("TRAN THI {}", letters(number));
            let mut writing = viet_nam("1414", "TTTB".to_owned(), vec![name.clone()]);
            writing.subscriber = Some(name);
            writing
        }
        6..=8 => {
            let (name, slot) = (format!("NOVAK{}", letters(number)), slot(days, dice));
            let writing = czech(format!("OBJ ZOP {slot} {name}"), vec![name]);
            if dice.percent(35) { in_parts(writing, dice) } else { writing }
        }
        9 => {
            let mut writing = viet_nam("8383", format!("XNC {code}"), vec![code.clone()]);
            writing.dossier = Some(("hue-xnc", code));
            in_parts(writing, dice)
        }
        10 => unreadable(number),
        _ => odd(number, dice),
    }
}

/// What takes a booking back.
pub(super) fn storno(from: &str, text: &str) -> Writing {
    plain("cz", from.to_owned(), TRUTNOV, text.to_owned(), Vec::new())
}

fn slot(days: &[&str; 3], dice: &mut Dice) -> String {
    format!("{} {}:{}", days[dice.place(3)], 8 + dice.below(3), ["00", "15", "30"][dice.place(3)])
}

fn plain(group: &'static str, from: String, to: &'static str, text: String, words: Vec<String>) -> Writing {
    let pieces = vec![message(international(&from), receiver(to), &text)];
    Writing { group, from, to, text, pieces, citizen: true, words, dossier: None, subscriber: None }
}

/// The same text in two or three parts, under a reference that all citizens use.
fn in_parts(mut writing: Writing, dice: &mut Dice) -> Writing {
    let Some(whole) = writing.pieces.pop() else { return writing };
    let octets = whole.short_message.clone();
    let total = 2 + dice.place(2);
    let reference = u8::try_from(7 + dice.below(2)).unwrap_or(7);
    for (number, chunk) in (1_u8..).zip(octets.chunks(octets.len().div_ceil(total))) {
        let parts = u8::try_from(octets.len().div_ceil(octets.len().div_ceil(total))).unwrap_or(2);
        let mut sm = whole.clone();
        sm.short_message = Bytes::from([&[5, 0, 3, reference, parts, number], chunk].concat());
        sm.esm_class |= codec::esm_class::UDHI;
        writing.pieces.push(sm);
    }
    writing
}

fn unreadable(number: u64) -> Writing {
    let mut writing = plain("vn", format!("84905{:06}", 100_000 + number), "8383", String::new(), Vec::new());
    for piece in &mut writing.pieces {
        piece.data_coding = 0x05;
        piece.short_message = Bytes::from(format!("\u{1}{number}").into_bytes());
    }
    writing
}

/// Machines, and texts that look like receipts.
fn odd(number: u64, dice: &mut Dice) -> Writing {
    let text = format!("id:{number} sub:001 dlvrd:001 stat:DELIVRD err:000 text:XNC {number}");
    let mut writing = plain("vn", format!("84905{:06}", 100_000 + number), "8383", text, Vec::new());
    let machine = match dice.below(3) {
        0 => Some(Address::new(5, 0, format!("SHOP{}", letters(number)))),
        1 => Some(Address::new(3, 1, format!("{}", 1_000 + number))),
        _ => None,
    };
    if let Some(machine) = machine {
        writing.citizen = false;
        writing.from = machine.digits.to_string();
        writing.pieces.iter_mut().for_each(|piece| piece.source = machine.clone());
    }
    writing
}

/// The user data of a piece, behind its header.
pub(super) fn user_data(sm: &Sm) -> Vec<u8> {
    sm.user_data().map(|data| data.payload.to_vec()).unwrap_or_default()
}
