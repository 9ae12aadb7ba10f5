//! Receipts: ids in other forms, too early, on another bind, for some parts only, from careless SMSCs.
//!
//! What a receipt did is seen at a log-in: after UNDELIV the same registration gets a new one, else it is told that
//! the number is in use; after DELIVRD the key of its text is zeroed.

use codec::Sm;
use codec::tlv::tag;
use harness::World;
use routing::Rules;

use crate::cast::*;

/// What became of the registration's text.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing was heard of it.
    Open,
    Delivered,
    Failed,
}

/// Registers; the SMSC gives the text these ids.
fn register(world: &mut World, ids: &[&str]) {
    world.name_next("vn", ids).unwrap();
    ask(world, &citizen(1), DA_NANG, REGISTRATION);
    assert_one(&texts(world, &citizen(1)), "TK: 201499999, MK: ");
}

fn fate(world: &mut World) -> Fate {
    world.run_for(seconds(1)).unwrap();
    let secrets = world.secrets();
    // Written otherwise: after a power cut the same text might be a redelivery.
    ask(world, &citizen(1), DA_NANG, &REGISTRATION.replacen(',', ";", 1));
    let answers = texts(world, &citizen(1));
    assert_eq!(answers.len(), 1, "{answers:?}");
    match (answers[0].starts_with("TK: "), secrets) {
        (true, _) => Fate::Failed,
        (false, 0) => Fate::Delivered,
        (false, _) => Fate::Open,
    }
}

/// What a receipt over bind b makes of a text with this id.
fn after(response_id: &str, receipt: Sm) -> Fate {
    let mut world = world();
    register(&mut world, &[response_id]);
    hand_over(&mut world, "b", receipt);
    fate(&mut world)
}

/// The most asked question of the field: the response names an id in hexadecimal and the receipt in decimal, pads
/// it, changes its case, or gives a UUID or more than 64 bits, and Jasmin and others never find the message. Here a
/// receipt finds its message in each of these forms.
#[test]
fn pain_03_a_receipt_finds_its_message_whatever_form_its_id_has() {
    let forms = [
        ("12345", "12345"),
        ("7B", "123"),
        ("123", "7b"),
        ("0000007B", "123"),
        ("7b", "0000000123"),
        ("0000000123", "123"),
        ("123", "0000000123"),
        ("AbCd-77", "aBcD-77"),
        ("0c1e5f9a-9f4b-4c5e-8f5e-2f1f6b7d8e9a", "C1E5F9A-9f4b-4c5e-8f5e-2f1f6b7d8e9a"),
        // Over 2^63, and over 64 bits.
        ("822FC73B00000039", "9380935605053030457"),
        ("FFFFFFFFFFFFFFFF", "18446744073709551615"),
        ("FFFFFFFFFFFFFFFFFFFF", "1208925819614629174706175"),
        // Too large for any number: as it is spelled.
        ("00E3B0C44298FC1C149AFBF4C8996FB92427AE41E4", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"),
    ];
    for (response, receipt) in forms {
        let fate = after(response, usual_receipt(receipt, "UNDELIV"));
        assert_eq!(fate, Fate::Failed, "{response} {receipt}");
    }
}

/// The other half of pain 3: leniency never gives a message the receipt of another one.
#[test]
fn pain_03_a_receipt_of_another_message_is_never_taken() {
    let strangers = [
        ("123", "124"),
        ("123", "1230"),
        ("1230", "123"),
        ("0c1e5f9a-9f4b-4c5e-8f5e-2f1f6b7d8e9a", "0c1e5f9a-9f4b-4c5e-8f5e-2f1f6b7d8e9b"),
        ("123", ""),
    ];
    for (response, receipt) in strangers {
        assert_eq!(after(response, usual_receipt(receipt, "UNDELIV")), Fate::Open, "{response} {receipt}");
    }
    // Two messages, of which one's decimal id is the other's in hexadecimal: the exact one is meant.
    let mut world = world();
    register(&mut world, &["10"]);
    world.name_next("vn", &["16"]).unwrap();
    ask(&mut world, &citizen(2), DA_NANG, "TK,Nguyen Van Binh,201499998,20/12/1990");
    let _ = texts(&mut world, &citizen(2));
    hand_over(&mut world, "a", usual_receipt("16", "UNDELIV"));
    assert_eq!(fate(&mut world), Fate::Open);
}

/// Jasmin and Mokai lose a receipt that overtakes its response. Here it waits for the response, also where both come
/// in one moment, on either bind, and where it is 25 seconds early.
#[test]
fn pain_11_a_receipt_before_its_response_is_kept() {
    for (link, wait) in [("a", 0), ("b", 0), ("a", 25), ("b", 25)] {
        let mut world = world();
        world.hold_responses("vn").unwrap();
        register(&mut world, &["00AF"]);
        world.deliver(link, usual_receipt("175", "UNDELIV")).unwrap();
        if wait > 0 {
            world.run_for(seconds(wait)).unwrap();
        }
        world.release_responses("vn").unwrap();
        assert_eq!(fate(&mut world), Fate::Failed, "over {link} after {wait} s");
    }
}

/// Kamex, ksmppd and Jasmin drop a receipt that comes on another bind than the text left by. Here binds of one
/// group share their receipts: the sister's counts, also once the first bind is gone and after a power cut; another
/// operator's does not.
#[test]
fn pain_12_a_receipt_on_a_sister_bind_counts() {
    let mut world = world();
    world.cut("b").unwrap();
    register(&mut world, &["4711"]);
    world.run_for(seconds(1)).unwrap();
    world.restart().unwrap();
    world.cut("a").unwrap();
    hand_over(&mut world, "cz", usual_receipt("4711", "UNDELIV"));
    assert_eq!(world.responses("cz"), [OK], "acknowledged, and of no effect");
    assert_eq!(world.secrets(), 1);
    hand_over(&mut world, "b", usual_receipt("4711", "DELIVRD"));
    world.connect("a").unwrap();
    assert_eq!(fate(&mut world), Fate::Delivered);
}

/// Da Nang with a log-in text of two parts.
fn two_parts() -> World {
    const LAST: &str = "De nghi anh chi doi mat khau trong vong 03 ngay de bao mat. Cam on!\"";
    let longer = format!("Hay giu kin mat khau nay. {}\nmax_parts = 2", LAST);
    let files: Vec<(&str, String)> = Rules::builtin_files()
        .iter()
        .map(|(name, text)| (*name, text.replacen(LAST, &longer, usize::from(*name == "danang.toml"))))
        .collect();
    let mut world = world_with(Rules::load(&files).expect("sound files"));
    register(&mut world, &["501", "502"]);
    assert_eq!(world.submits("vn").len(), 2, "two parts");
    world
}

/// Of a text of several parts some SMSCs report the first only, some the last only, and Jasmin tracks one and guesses.
/// Here each part is tracked: delivered is what was delivered whole, failed what lost one part.
#[test]
fn pain_17_a_long_text_is_delivered_whole_or_not() {
    let cases: [(&[(&str, &str)], Fate); 7] = [
        (&[("501", "DELIVRD"), ("502", "DELIVRD")], Fate::Delivered),
        (&[("502", "DELIVRD"), ("501", "DELIVRD")], Fate::Delivered),
        (&[("501", "DELIVRD"), ("501", "DELIVRD")], Fate::Open),
        (&[("501", "UNDELIV")], Fate::Failed),
        (&[("502", "UNDELIV")], Fate::Failed),
        (&[("501", "DELIVRD"), ("502", "EXPIRED")], Fate::Failed),
        (&[("501", "ENROUTE"), ("502", "ACCEPTD")], Fate::Open),
    ];
    for (receipts, expected) in cases {
        let mut world = two_parts();
        for (id, stat) in receipts {
            hand_over(&mut world, "b", usual_receipt(id, stat));
        }
        assert_eq!(fate(&mut world), expected, "{receipts:?}");
    }
}

/// Where an SMSC reports one part only, the text is not taken for delivered on its word: it stays open, and its
/// secret does not stay for ever.
#[test]
fn pain_17_a_receipt_for_one_part_only_leaves_no_secret_behind() {
    for reported in ["501", "502"] {
        let mut world = two_parts();
        hand_over(&mut world, "a", usual_receipt(reported, "DELIVRD"));
        world.run_for(hours(24)).unwrap();
        assert_eq!(world.secrets(), 1, "{reported}: it may still come");
        world.run_for(hours(72)).unwrap();
        let rotated = texts(&mut world, &citizen(1));
        assert_eq!(rotated.len(), 1, "{reported}: the issued password ended after three days: {rotated:?}");
        assert_eq!(world.secrets(), 1, "{reported}: of the new one only");
    }
}

/// Strict gateways fail on SMSCs that are not: lower-case `stat:delivrd` was a failure, `err: 042` lost its code,
/// fields in another order lost the id. Here each of these says what it means.
#[test]
fn pain_19_receipts_of_careless_smscs_are_understood() {
    let failed = [
        "id:00AF sub:001 dlvrd:000 submit date:2608030900 done date:2608030901 stat:undeliv err:042 text:",
        "id:00AF sub:1 dlvrd:0 submit date:260803090000 done date:260803090100 stat:UNDELIV err: 042 Text:x",
        "ID:00AF STAT:UNDELIV",
        "stat:UNDELIV err:4 id:00AF",
        "id: 00AF stat: UNDELIV",
        "id:00AF stat:REJECTD err:nul",
        "id:00AF stat:FAILED",
        "id:00AF done date: stat:EXPIRED",
    ];
    for text in failed {
        assert_eq!(after("00AF", receipt(text)), Fate::Failed, "{text}");
    }
    let delivered = [
        "id:00AF sub:001 dlvrd:001 submit date:2608030900 done date:2608030901 stat:delivrd err:000 text:",
        "id:00AF stat:Delivrd err: 042",
    ];
    for text in delivered {
        assert_eq!(after("00AF", receipt(text)), Fate::Delivered, "{text}");
    }
    // Parameters alone, without any text; and parameters that contradict it.
    for text in ["", "id:9 stat:DELIVRD"] {
        let mut sm = receipt(text);
        sm.tlvs.push(tag::RECEIPTED_MESSAGE_ID, b"00AF\0".to_vec());
        sm.tlvs.push(tag::MESSAGE_STATE, vec![5]);
        assert_eq!(after("00AF", sm), Fate::Failed, "`{text}`");
    }
}

/// Jasmin tells a receipt by its text, so that a citizen who writes `id:` and `stat:` is swallowed. Here esm_class
/// alone tells.
#[test]
fn pain_19_a_citizen_who_writes_like_a_receipt_is_answered() {
    let mut world = world();
    register(&mut world, &["175"]);
    let written = Sm { esm_class: 0, ..usual_receipt("175", "UNDELIV") };
    hand_over(&mut world, "a", written);
    assert_one(&texts(&mut world, &citizen(1)), "Loi. Tin nhan sai cu phap.");
    assert_eq!(fate(&mut world), Fate::Open);
}
