//! From the citizen to the decision: parts, acknowledgements, alphabets, redelivery codes.

use codec::CommandStatus;
use codec::Sm;
use codec::tlv::tag;
use model::ServiceId;

use crate::cast::*;

/// Jasmin joins the parts of a long message by a key without the sender, and only once the last number comes; two
/// citizens who share a reference on one short code are spliced together. Here: any order, twice, over two binds,
/// through a power cut, and each citizen gets the answer to his own text, once.
#[test]
fn pain_01_a_long_message_is_never_lost_mixed_or_doubled() {
    let mut world = world();
    let (ann, bao) = (citizen(1), citizen(2));
    let part_of = |from: &str, number: u8, text: &str| part(from, HUE, &[0, 3, 7, 3, number], text);
    hand_over(&mut world, "a", part_of(&ann, 3, "222"));
    hand_over(&mut world, "a", part_of(&bao, 3, "999"));
    hand_over(&mut world, "b", part_of(&bao, 1, "XNC 88"));
    hand_over(&mut world, "a", part_of(&ann, 1, "XNC 11"));
    hand_over(&mut world, "a", part_of(&ann, 1, "XNC 11"));
    assert_eq!(texts(&mut world, &ann), Vec::<String>::new());
    world.run_for(seconds(1)).unwrap();
    world.restart().unwrap();
    assert_eq!(world.redeliver_all().unwrap(), 0, "every part was acknowledged");
    hand_over(&mut world, "a", part_of(&bao, 2, "999"));
    hand_over(&mut world, "b", part_of(&ann, 2, "111"));
    world.run_for(hours(24)).unwrap();
    assert_one(&texts(&mut world, &ann), &not_found("11111222"));
    assert_one(&texts(&mut world, &bao), &not_found("88999999"));
}

/// Jasmin joins nothing but headers with 8-bit references, and Kannel parts two parts whose headers differ in other
/// elements. Here parts join by 8-bit, 16-bit and SAR references alike, whatever else stands in their headers, and
/// one number in two widths is two messages.
#[test]
fn pain_01_parts_join_by_any_reference_and_whatever_else_their_headers_hold() {
    let mut world = world();
    let (wide, narrow, sar) = (citizen(1), citizen(1), citizen(3));
    hand_over(&mut world, "a", part(&wide, HUE, &[8, 4, 0, 7, 2, 2], "111"));
    hand_over(&mut world, "a", part(&narrow, HUE, &[0, 3, 7, 2, 2], "222"));
    // An unknown element, and a hint about a port, in one part only.
    hand_over(&mut world, "a", part(&narrow, HUE, &[0x70, 1, 9, 0, 3, 7, 2, 1, 4, 2, 1, 1], "XNC 22222"));
    assert_one(&texts(&mut world, &narrow), &not_found("22222222"));
    hand_over(&mut world, "a", part(&wide, HUE, &[8, 4, 0, 7, 2, 1, 0x23, 1, 0], "XNC 11111"));
    assert_one(&texts(&mut world, &wide), &not_found("11111111"));
    for (number, text) in [(2, "333"), (1, "XNC 33333")] {
        let mut sm = message(&sar, HUE, 0, text.as_bytes());
        sm.tlvs.push(tag::SAR_MSG_REF_NUM, vec![1, 7]);
        sm.tlvs.push(tag::SAR_TOTAL_SEGMENTS, vec![2]);
        sm.tlvs.push(tag::SAR_SEGMENT_SEQNUM, vec![number]);
        hand_over(&mut world, "a", sm);
    }
    assert_one(&texts(&mut world, &sar), &not_found("33333333"));
    world.run_for(hours(24)).unwrap();
    assert_eq!(world.handsets.unread().count(), 0);
}

/// Kannel sends the parts that it has on as fragments after half an hour. Here a fragment that would be a sound
/// request is never run: after ten minutes its sender is asked once to send it again.
#[test]
fn pain_01_a_fragment_is_never_answered_as_if_it_were_the_message() {
    let mut world = world();
    let ann = citizen(1);
    hand_over(&mut world, "a", part(&ann, DA_NANG, &[0, 3, 9, 2, 1], REGISTRATION));
    world.run_for(minutes(9)).unwrap();
    assert_eq!(texts(&mut world, &ann), Vec::<String>::new());
    world.run_for(hours(24)).unwrap();
    let asked = texts(&mut world, &ann);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("khong day du"), "{asked:?}");
    assert!(world.account(ServiceId::new("danang"), "201499999").unwrap().is_none());
}

/// An SMSC whose patience ended hands one part over again although the message is whole and answered. The repeat
/// begins no second message: nobody is asked to send again what was answered.
#[test]
fn pain_01_a_part_that_comes_again_after_the_whole_starts_nothing() {
    let mut world = world();
    let ann = citizen(1);
    let parts =
        [(1, "XNC 11111"), (2, "111")].map(|(number, text)| part(&ann, HUE, &[0, 3, 9, 2, number], text));
    for sm in parts.iter().chain(&parts[1..]) {
        hand_over(&mut world, "a", sm.clone());
    }
    world.run_for(hours(24)).unwrap();
    assert_one(&texts(&mut world, &ann), &not_found("11111111"));
    assert!(world.responses("a").iter().all(|status| *status == OK));
}

/// The same repeat, and then the next message under the same number, as handsets send it that always use one: the
/// repeat is not spliced into it.
#[test]
fn pain_01_a_part_that_comes_again_is_not_mixed_into_the_next_message() {
    let mut world = world();
    let ann = citizen(1);
    let part_of = |number: u8, text: &str| part(&ann, HUE, &[0, 3, 9, 2, number], text);
    for sm in [part_of(1, "XNC 11111"), part_of(2, "111"), part_of(2, "111")] {
        hand_over(&mut world, "a", sm);
    }
    assert_one(&texts(&mut world, &ann), &not_found("11111111"));
    hand_over(&mut world, "a", part_of(1, "XNC 22222"));
    hand_over(&mut world, "a", part_of(2, "222"));
    assert_one(&texts(&mut world, &ann), &not_found("22222222"));
    // Sent a second time, whole, it is a text of its own.
    hand_over(&mut world, "a", part_of(2, "222"));
    hand_over(&mut world, "a", part_of(1, "XNC 22222"));
    world.run_for(hours(24)).unwrap();
    assert_one(&texts(&mut world, &ann), &not_found("22222222"));
}

/// Jasmin and Kannel acknowledge a message and then lose it where the application behind HTTP fails. Here the power
/// fails at every single change of the disk: what was acknowledged is answered without the SMSC's help, what was not
/// is handed over again, and there is one booking in either case.
#[test]
fn pain_02_what_is_acknowledged_is_never_dropped() {
    const CHANGES: u64 = 40;
    let citizen = "420602123456";
    let (mut acknowledged, mut redelivered) = (0, 0);
    for change in 1..=CHANGES {
        let mut world = world();
        world.fail_power_after(change);
        let first = world.text("cz", address(citizen), address(TRUTNOV), "OBJ ZOP 10.8. 14:00 NOVAK");
        if first.is_ok() {
            // The power fails later; what the answer waited for is in the journal.
            let _ = world.run_for(minutes(1));
        }
        world.restart().unwrap();
        match world.redeliver_all().unwrap() {
            0 => acknowledged += 1,
            1 => redelivered += 1,
            more => panic!("{more} copies of one message"),
        }
        world.run_for(minutes(5)).unwrap();
        let mut answers = texts(&mut world, citizen);
        assert!(answers.iter().all(|text| text.contains("objednano ZOP 10.8.2026 od 14:00")), "{answers:?}");
        answers.dedup();
        assert_eq!(answers.len(), 1, "change {change}: one booking and one code");
        let (_, code) = answers[0].split_once("STORNO ").expect("how to cancel");
        ask(&mut world, citizen, TRUTNOV, &format!("STORNO {code}"));
        let cancelled = texts(&mut world, citizen);
        assert!(cancelled[0].ends_with("byla zrusena."), "change {change}: {cancelled:?}");
        ask(&mut world, citizen, TRUTNOV, "OBJ ZOP 10.8. 14:00 SVOBODA");
        let free_again = texts(&mut world, citizen);
        assert!(free_again[0].contains("objednano ZOP"), "change {change}: {free_again:?}");
    }
    assert!(acknowledged > 0 && redelivered > 0, "{acknowledged} {redelivered}");
}

/// Jasmin answers OK where no route takes the message, and nobody ever learns of it. Here it is acknowledged as
/// well, for the SMSC could do nothing with it, but it stands in the journal, and a start counts it as seen.
#[test]
fn pain_02_a_message_for_nobody_is_acknowledged_and_kept() {
    let mut world = world();
    world.cut_at_response("a").unwrap();
    ask(&mut world, &citizen(1), "1900", "XNC HD");
    assert_eq!(world.responses("a"), [OK]);
    world.restart().unwrap();
    // The SMSC saw no acknowledgement; the journal did.
    assert!(world.open_entries().unwrap() > 0, "its fingerprint is open");
    assert_eq!(world.redeliver_over("b").unwrap(), 1);
    assert_eq!(world.responses("b"), [OK]);
    assert_eq!(world.handsets.unread().count(), 0);
}

/// Jasmin matches keywords in octets that it takes for UTF-8, so that UCS-2 never starts a service, and playSMS and
/// Kannel hand raw octets on. Here each coding of the field is read once at the edge: the same request in any of
/// them gets the same answer.
#[test]
fn pain_05_a_keyword_is_read_in_every_coding_of_the_field() {
    let ucs2 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let cases: Vec<(&str, u8, Vec<u8>)> = vec![
        ("septets", 0x00, b"XNC 13557009".to_vec()),
        ("septets of class 1", 0xF1, b"XNC 13557009".to_vec()),
        ("septets, message waiting", 0xC8, b"XNC 13557009".to_vec()),
        ("ASCII", 0x01, b"XNC 13557009".to_vec()),
        ("Latin-1 with an accent", 0x03, b"XNC m\xE3 13557009".to_vec()),
        ("8-bit for a text", 0x04, b"XNC 13557009".to_vec()),
        ("Cyrillic digits and keyword in Latin", 0x06, b"XNC 13557009".to_vec()),
        ("UCS-2", 0x08, ucs2("XNC 13557009")),
        ("UCS-2 of class 0", 0x18, ucs2("XNC mã số 13557009")),
        ("a byte order mark", 0x08, ucs2("\u{FEFF}XNC 13557009")),
        ("direction marks of an Arabic handset", 0x08, ucs2("\u{200F}XNC\u{200E} 13557009\u{202C}")),
        ("Arabic digits", 0x08, ucs2("XNC ١٣٥٥٧٠٠٩")),
        ("full-width letters", 0x08, ucs2("ＸＮＣ　１３５５７００９")),
        ("marks apart from their letters", 0x08, ucs2("xnc ma\u{0303} so\u{0302}\u{0301} 13557009")),
        ("Vietnamese", 0x08, ucs2("XNC mã số truy cập 13557009")),
    ];
    for (n, (name, data_coding, octets)) in (0..).zip(cases) {
        let mut world = world();
        hand_over(&mut world, "a", message(&citizen(n), HUE, data_coding, &octets));
        let answers = texts(&mut world, &citizen(n));
        assert!(
            matches!(&answers[..], [text] if text.starts_with(&not_found("13557009"))),
            "{name}: {answers:?}"
        );
    }
}

/// Letters beyond ASCII arrive as other letters: Jasmin passed é of GSM 7 bit on as octet 5. Here the name in a
/// booking is the one that the citizen wrote, in the alphabet of either coding.
#[test]
fn pain_05_letters_beyond_ascii_are_the_ones_that_were_written() {
    for (data_coding, octets) in [
        (0x00, &b"OBJ ZOP 10.8. 14:00 Ren\x05 M\x7Eller"[..]),
        (0x03, b"OBJ ZOP 10.8. 14:00 Ren\xE9 M\xFCller"),
    ] {
        let mut world = world();
        hand_over(&mut world, "cz", message("420602123456", TRUTNOV, data_coding, octets));
        let answers = texts(&mut world, "420602123456");
        assert!(answers.iter().any(|text| text.contains("od 14:00, RENE MULLER. ")), "{answers:?}");
    }
}

/// Over 200 characters were cut by gateways. A long request by message_payload, and one of UCS-2 parts that a cut
/// between two octets of a letter would ruin, are read whole.
#[test]
fn pain_05_a_long_text_is_read_to_its_end() {
    let mut world = world();
    let ann = citizen(1);
    let text = format!("XNC {}13557009", " ".repeat(600));
    let mut sm = Sm { short_message: bytes::Bytes::new(), ..message(&ann, HUE, 0, b"") };
    sm.tlvs.push(tag::MESSAGE_PAYLOAD, text.into_bytes());
    hand_over(&mut world, "a", sm);
    assert_one(&texts(&mut world, &ann), &not_found("13557009"));
    let octets: Vec<u8> = "XNC mã số 13557009".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (first, second) = octets.split_at(13);
    for (number, octets) in [(2, second), (1, first)] {
        let header = [5, 0, 3, 44, 2, number];
        let sm = message(&ann, HUE, 8, &[&header, octets].concat());
        hand_over(&mut world, "a", Sm { esm_class: codec::esm_class::UDHI, ..sm });
    }
    assert_one(&texts(&mut world, &ann), &not_found("13557009"));
}

/// Kannel answers "later" with a code that no SMSC retries, and Vumi refuses an undecodable text so that it comes
/// back for ever. Here what nobody can read is acknowledged, kept and answered; no message, however odd, is ever
/// answered with anything but OK while there is a disk, and 0x65, which empties the short code's queue, never.
#[test]
fn pain_20_poison_is_acknowledged_and_never_comes_back() {
    let mut world = world();
    let long = |octets: usize| {
        let mut sm = message("84905100000", HUE, 0, b"");
        sm.tlvs.push(tag::MESSAGE_PAYLOAD, vec![b'9'; octets]);
        sm
    };
    let poison = vec![
        message("84905100000", HUE, 0x05, b"\x00\xFF\x80"),
        message("84905100001", HUE, 0x0E, b"\xB0\xA1"),
        message("84905100002", HUE, 0x08, b"\xD8\x00\x00"),
        message("84905100003", HUE, 0x00, b""),
        message("84905100004", HUE, 0x00, &[0x1B; 140]),
        message("", HUE, 0x00, b"XNC HD"),
        message("84905100005", "", 0x00, b"XNC HD"),
        part("84905100006", HUE, &[0, 3, 1, 0, 0], "XNC HD"),
        part("84905100007", HUE, &[0, 3, 1, 255, 255], "XNC HD"),
        Sm { esm_class: codec::esm_class::UDHI, ..message("84905100008", HUE, 0, &[200, 1, 2]) },
        Sm { esm_class: 0x04, ..message("84905100009", HUE, 0, b"no receipt at all") },
        Sm { esm_class: 0x3C, ..message("84905100010", HUE, 0, b"id:1 stat:DELIVRD") },
        long(5_000),
        long(60_000),
    ];
    let count = poison.len();
    for sm in poison {
        hand_over(&mut world, "a", sm);
    }
    assert_eq!(world.responses("a"), vec![OK; count]);
    assert_eq!(world.redeliver_all().unwrap(), 0);
    ask(&mut world, &citizen(99), HUE, "XNC 13557009");
    assert_one(&texts(&mut world, &citizen(99)), &not_found("13557009"));
}

/// The other half: where a message cannot be made durable now, the SMSC is told 0x64 and keeps it; once there is
/// room it is answered.
#[test]
fn pain_20_what_cannot_be_made_durable_is_put_off_with_0x64_and_nothing_else() {
    let mut world = world();
    world.set_disk_full(true);
    let mut put_off = 0;
    for n in 0..5_000 {
        ask(&mut world, &citizen(n), HUE, "XNC HD");
        if world.last_response("a") != Some(OK) {
            put_off = n;
            break;
        }
    }
    assert!(put_off > 0, "the disk was never full");
    let odd = |status: &&CommandStatus| ![OK, CommandStatus::ESME_RX_T_APPN].contains(*status);
    assert_eq!(world.responses("a").iter().find(odd), None);
    let _ = texts(&mut world, &citizen(put_off));
    world.set_disk_full(false);
    world.run_for(minutes(1)).unwrap();
    assert_eq!(world.redeliver_all().unwrap(), 1);
    assert_one(&texts(&mut world, &citizen(put_off)), "Tra cuu ho so: XNC");
}

/// A copy of an act over a sister bind runs nothing; two quiet seconds later the same words are a citizen's, for the
/// engine has asked both binds what their SMSC has read.
#[test]
fn pain_02_an_act_repeated_over_a_sister_bind_is_answered_once_both_binds_are_asked() {
    let mut world = world();
    let ann = citizen(1);
    let register = || message(&ann, DA_NANG, 0, REGISTRATION.as_bytes());
    hand_over(&mut world, "a", register());
    assert_eq!(texts(&mut world, &ann).len(), 1);
    hand_over(&mut world, "b", register());
    assert_eq!(texts(&mut world, &ann), Vec::<String>::new(), "a redelivery");
    // The copy took the first one's place, so that the next is measured against it.
    world.run_for(seconds(3)).unwrap();
    hand_over(&mut world, "a", register());
    assert_eq!(texts(&mut world, &ann).len(), 1, "written again");
    assert_eq!(world.responses("a"), [OK, OK]);
}
