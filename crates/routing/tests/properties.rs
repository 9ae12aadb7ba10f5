//! What holds for every text, and what it costs.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use jiff::Timestamp;
use proptest::prelude::*;
use routing::{Rules, json};

const NUMBERS: [&str; 4] = ["8383", "1414", "8188", "420739547765"];

const MESSAGES: [&str; 6] = [
    "XNC <Ma so truy cap> 1355 7009 gui 8383",
    "TTTB CCCD 048.090.000.111 ngay 20/12/1990",
    "TK,Ho ten: Nguyen Van A,CMND 201 499 999,ngay sinh 20/12/1990 cam on",
    "DVC000.00.18.H17-230101-0001, DVC 0000018H172301010001",
    "OBJ ZOP dne 10. 8. 2026 ve 14:00 hod. Ing. Jan Novak\nOBJ TERMIN PCD zitra",
    "STORNO kod 471108 10.8.\nSent from my iPhone",
];

fn now() -> Timestamp {
    "2026-08-03T09:00:00+02:00".parse().unwrap()
}

fn rules() -> &'static Rules {
    static RULES: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(Rules::builtin);
    &RULES
}

fn meaning(to: &str, text: &str) -> serde_json::Value {
    json(&rules().interpret(to, text, now()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,120}", number in 0_usize..4) {
        meaning(NUMBERS[number], &text);
    }

    #[test]
    fn no_character_at_all_makes_it_panic(text in any::<String>(), number in 0_usize..4) {
        meaning(NUMBERS[number], &text);
    }

    #[test]
    fn no_strange_character_in_a_message_makes_it_panic(
        message in prop::sample::select(MESSAGES.to_vec()),
        strange in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..6),
        number in 0_usize..4,
    ) {
        let mut text: Vec<char> = message.chars().collect();
        for (place, character) in strange {
            let at = place.index(text.len());
            text[at] = character;
        }
        let text: String = text.into_iter().collect();
        meaning(NUMBERS[number], &text);
        rules().explain(NUMBERS[number], &text, now()).unwrap().to_string();
    }

    #[test]
    fn no_pieces_of_commands_make_it_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "XNC", "TTTB", "TK", "DVC", "OBJ", "STORNO", "TERMIN", "HELP", "ZKR", "ZOP", "STTXC", "10.8.", "14:00",
            "v", "od", "zitra", "1355", "7009", ",", "\n", "-", " ", ".", ":", "<", ">", "201499999", "20/12/1990",
            "H17", "000.00.18", "O", "L", "X", "N", "C", "Nguyen", "ma", "so", "--", "2026", "99999999999999999999",
        ]), 0..12),
        number in 0_usize..4,
    ) {
        let text = pieces.concat();
        meaning(NUMBERS[number], &text);
        rules().explain(NUMBERS[number], &text, now()).unwrap().to_string();
    }

    #[test]
    fn case_blanks_and_wrappers_say_nothing(blanks in "[ \\t\u{a0}\u{200b}]{1,4}", upper in any::<bool>()) {
        for (to, text) in [("8383", "xnc 13557009"), ("1414", "tttb 048090000111"), ("420739547765", "obj zop 10.8. 14:00 novak")] {
            let spaced = text.replace(' ', &format!(" {blanks}"));
            let varied = if upper { spaced.to_uppercase() } else { spaced };
            prop_assert_eq!(meaning(to, &varied), meaning(to, text));
            prop_assert_eq!(meaning(to, &format!("[{varied}]")), meaning(to, text));
        }
    }
}

#[test]
fn a_text_without_end_costs_no_more_than_a_long_one() {
    for piece in [
        "TK ",
        "TK,",
        "XNC 1 ",
        "1-",
        "OBJ ZOP ",
        "v ",
        "cam on ",
        "\u{0}\u{1b}\u{7f}",
        "\u{301}",
        "1 ",
        "12345678 ",
        "XCN 12345678 ",
        "A.",
        "<a>",
        "STORNO 1.1.",
    ] {
        for to in NUMBERS {
            meaning(to, &piece.repeat(10_000));
        }
    }
}

#[test]
fn many_rules_read_as_few_do() {
    let mut text = Rules::builtin_files()[0].1.to_owned();
    let head = text.find("[[rule]]").unwrap();
    let mut extra = String::new();
    for number in 0_u32..2_000 {
        let letters: String = (0..5)
            .map(|place| char::from(b'A' + u8::try_from(number / 13_u32.pow(place) % 13 * 2).unwrap()))
            .collect();
        extra.push_str(&format!(
            "[keyword.Q{letters}]\n[[rule]]\nid = \"r{number}\"\nmatch = \"Q{letters}\"\ncommand = \"help\"\n"
        ));
    }
    text.insert_str(head, &extra);
    let rules =
        Rules::load(&[("many.toml", text)]).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let read = |text: &str| json(&rules.interpret("8383", text, now()).unwrap());
    assert_eq!(read("XCN 13557009")["code"], "13557009");
    assert_eq!(read("QAAAAA")["command"], "help");
}
