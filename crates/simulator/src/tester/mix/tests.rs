//! What a mix file becomes on the wire.

use bytes::BytesMut;
use codec::{Body, Framed, Sm};
use model::plan::{NumberingPlan, Party};

use super::*;

const SMALL: &str = r#"
seed = 3
[values]
citizen = { below = 1_000 }
[[message]]
weight = 3
from = "84905{citizen:06}"
to = "8383"
text = "XNC {citizen+10000000}"
reply = ["Ho so {citizen+10000000}", "ngoai gio"]
[[message]]
weight = 1
from = "420602{citizen:06}"
to = "420739547765"
text = "OBJ ZOP NOVÁK"
[message.then]
text = "STORNO {code} {day}"
take.code = { after = "kod: ", until = "," }
take.day = { after = "dne " }
reply = ["zrušena"]
"#;

fn written(mix: &Mix, kind: u16, index: u64, follow_up: Option<&FollowUp>) -> (Sm, u64) {
    let mut octets = vec![0xEE];
    let number = mix.write_deliver(kind, index, follow_up, 9, &mut octets);
    match codec::decode(&mut BytesMut::from(&octets[1..])) {
        Ok(Some(Framed::Pdu(pdu))) if pdu.sequence_number == 9 => match pdu.body {
            Body::DeliverSm(sm) => (sm, number),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn text(sm: &Sm) -> String {
    decode(sm.data_coding, &sm.short_message)
}

#[test]
fn a_message_is_written_as_codec_reads_it() {
    let mix = Mix::parse(SMALL).unwrap();
    let (sm, number) = written(&mix, 0, 1_042, None);
    assert_eq!((sm.source.ton, sm.source.npi, sm.source.digits.as_str()), (1, 1, "84905000042"));
    assert_eq!((sm.destination.ton, sm.destination.digits.as_str()), (0, "8383"));
    assert_eq!((sm.data_coding, text(&sm).as_str()), (0, "XNC 10000042"));
    assert_eq!(number, 84_905_000_042);
    let (sm, number) = written(&mix, 1, 7, None);
    assert_eq!((sm.destination.ton, sm.destination.digits.as_str()), (1, "420739547765"));
    // An Á is not in GSM-7.
    assert_eq!((sm.data_coding, text(&sm).as_str(), number), (8, "OBJ ZOP NOVÁK", 420_602_000_007));
}

#[test]
fn a_reply_is_right_in_any_alphabet_and_for_its_own_question_only() {
    let mix = Mix::parse(SMALL).unwrap();
    let mut scratch = Vec::new();
    let mut right =
        |kind, index, coding, reply: &[u8]| mix.is_right(kind, index, coding, reply, &mut scratch);
    assert!(right(0, 42, 0, b"Ho so 10000042: xong"));
    assert!(right(0, 42, 0, b"dang ngoai gio"));
    assert!(!right(0, 43, 0, b"Ho so 10000042: xong"));
    assert!(right(0, 42, 8, &ucs2::encode("Ho so 10000042: đang giải quyết")));
    assert!(right(0, 42, 3, b"Ho so 10000042"), "Latin-1");
    assert!(!right(0, 42, 8, b"Ho so 10000042"));
    assert!(right(1, 42, 0, b"anything"));
    assert!(right(2, 42, 8, &ucs2::encode("byla zrušena")));
}

#[test]
fn a_follow_up_takes_from_the_reply_or_is_none() {
    let mix = Mix::parse(SMALL).unwrap();
    let follow_up = mix.follow_up(1, 42, 0, b"Objednano, kod: 471108, dne 10.8.").unwrap();
    let (sm, number) = written(&mix, follow_up.kind, follow_up.index, Some(&follow_up));
    assert_eq!((text(&sm).as_str(), number), ("STORNO 471108 10.8.", 420_602_000_042));
    for reply in ["obsazeno", "kod: , dne 1.", "kod: 1, dne ", &format!("kod: {}, dne 1.", "1".repeat(41))] {
        assert!(mix.follow_up(1, 42, 0, reply.as_bytes()).is_none(), "{reply}");
    }
    assert!(mix.follow_up(0, 42, 0, b"kod: 1, dne 1.").is_none());
}

#[test]
fn kinds_come_by_their_weight_and_always_the_same() {
    let mix = Mix::parse(SMALL).unwrap();
    let again = Mix::parse(SMALL).unwrap();
    let first = (0..10_000).filter(|index| mix.pick(*index) == 0).count();
    assert!((7_300..7_700).contains(&first), "{first}");
    assert!((0..10_000).all(|index| mix.pick(index) == again.pick(index) && mix.pick(index) < 2));
}

#[test]
fn mistakes_are_told() {
    let with = |from: &str, to: &str| SMALL.replacen(from, to, 1);
    for (toml, expected) in [
        (with("below", "bellow"), "unknown field `bellow`"),
        (with("{citizen+1", "{citizens+1"), "no value `citizens`"),
        (with("weight = 3", "weight = 0"), "a weight"),
        (with("8383", "HUE"), "a number has"),
        (with("from = \"84905", "from = \"VN"), "a sender has"),
        (with("\"XNC ", &format!("\"{}", "x".repeat(160))), "may not fit one part"),
        (with("\"XNC ", "\"XNC } "), "a brace"),
        (with("message]", "other]"), "unknown field `other`"),
        ("message = []".to_owned(), "1 to 1,000"),
    ] {
        let error = Mix::parse(&toml).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn the_built_in_mix_is_asked_by_citizens_who_can_be_answered() {
    let mix = Mix::built_in().unwrap();
    let mut texts = BTreeMap::new();
    for index in 0..1_000 {
        let (sm, _) = written(&mix, mix.pick(index), index, None);
        let (country, digits) = (&sm.destination.digits, &sm.source.digits);
        let plan = if country == "8383" { "vn" } else { "cz" };
        let plan: &NumberingPlan = plan.parse().unwrap();
        let citizen = matches!(plan.party(&sm.source), Party::Citizen(it) if it.as_str() == digits.as_str());
        assert!(citizen, "{digits}");
        let words: Vec<_> = text(&sm).split(' ').take(2).map(str::to_owned).collect();
        *texts.entry(words.join(" ").replace(|it: char| it.is_ascii_digit(), "9")).or_insert(0) += 1;
    }
    assert!((750..850).contains(&texts["XNC 99999999"]), "{texts:?}");
    assert!(texts.contains_key("XNC STTXC") && texts.contains_key("OBJ TERMIN"), "{texts:?}");
    let booked =
        b"MeU Trutnov: objednano ZOP 10.8.2026 od 14:00, NOVAK. Pristupovy kod: 471108, plati 15 min pred \
                   i po. Zruseni: STORNO 471108 10.8.";
    let kind = u16::try_from(mix.kinds.len() - 2).unwrap();
    let follow_up = mix.follow_up(kind, 0, 0, booked).unwrap();
    assert_eq!(text(&written(&mix, follow_up.kind, 0, Some(&follow_up)).0), "STORNO 471108 10.8.");
}
