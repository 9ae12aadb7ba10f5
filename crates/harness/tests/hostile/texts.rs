//! Characters that look like others, show nothing, turn the line around, or mean something to a program. H-10
//! to H-14, H-17 and H-19.

use codec::{CommandStatus, Sm, esm_class};
use model::dossier::Status;
use model::{Address, ServiceId};

use crate::stage::{MONDAY, Stage, TRUTNOV, between};

const CITIZEN: &str = "84905123456";

#[test]
fn h_10_letters_of_other_scripts_that_look_like_a_keyword_never_act() {
    let mut stage = Stage::at(MONDAY);
    // Cyrillic and Greek capitals in TK: a person is never registered by a word that only looks right.
    for keyword in ["ТK", "TК", "ТК", "ΤΚ", "Tκ"] {
        let reply = stage.answer(CITIZEN, "8188", &format!("{keyword},Nguyen Van An,201499999,20/12/1990"));
        assert!(reply.starts_with("Loi. Tin nhan sai cu phap."), "{keyword}: {reply}");
        let account = stage.world.account(ServiceId::new("danang"), "201499999").unwrap();
        assert!(account.is_none(), "{keyword}");
        stage.after(jiff::SignedDuration::from_mins(1));
    }
    for text in ["ХNС 13557009", "ΧΝC 13557009", "ХNC STTХC"] {
        let reply = stage.answer(CITIZEN, "8383", text);
        assert!(!reply.contains("13557009") && !reply.starts_with("So nguoi"), "{text}: {reply}");
    }
    for text in ["ЅТОRNO 123456 10.8.", "ОВЈ ZOP 10.8. 14:00 NOVAK", "OBJ ZОP 10.8. 14:00 NOVAK"] {
        let reply = stage.town(text);
        assert!(reply.starts_with("Zprav") || reply.starts_with("Zkratka"), "{text}: {reply}");
    }
}

#[test]
fn h_10_one_keyword_is_read_from_full_width_decomposed_quoted_and_widely_spaced_letters() {
    let mut stage = Stage::at(MONDAY);
    stage.hue("13557009");
    for text in [
        "ＸＮＣ　１３５５７００９",
        "X\u{301}NC 13557009",
        "“XNC”\u{a0}\u{a0}13557009",
        "xnc\u{2003}1355\u{202f}7009",
    ] {
        let reply = stage.answer(CITIZEN, "8383", text);
        assert!(reply.starts_with("Ho so 13557009: dang giai quyet"), "{text}: {reply}");
    }
    let reply = stage.answer(CITIZEN, "8188", "TK,Nguye\u{302}\u{303}n Đình Ðạt,201499999,20/12/1990");
    assert!(reply.starts_with("TK: 201499999, MK: "), "{reply}");
    let account = stage.world.account(ServiceId::new("danang"), "201499999").unwrap().unwrap();
    assert_eq!(account.full_name.0, "NGUYEN DINH DAT");
}

#[test]
fn h_11_nothing_that_turns_or_hides_text_is_stored_or_sent_back() {
    let mut stage = Stage::at(MONDAY);
    let name = "\u{202e}NO\u{200b}VAK\u{2066}\u{ad} J\u{feff}AN\u{2069}\u{202c}";
    let reply = stage.town(&format!("OBJ ZOP 10.8. 14:00 {name}"));
    assert!(reply.contains(", NOVAK JAN. Pristupovy"), "{reply:?}");
    // An identifier is the same with and without them, so that no two people hold one number.
    let hidden = "TK,Nguyen Van An,2014\u{200b}\u{202e}99999,20/12/1990";
    assert!(stage.answer(CITIZEN, "8188", hidden).starts_with("TK: 201499999, "));
    let twin = stage.answer("84905999999", "8188", "TK,Nguyen Van An,201499999,20/12/1990");
    assert!(twin.starts_with("So CMND da duoc su dung"), "{twin}");
    stage.dossier(
        "17012345",
        Status::Supplement,
        "UBND\u{202e} phuong",
        "giay \u{2067}khai sinh\u{2069}\u{200f}",
    );
    let reply = stage.answer("84905999999", "8188", "DVC 17012345");
    assert_eq!(reply, "Ho so 17012345: yeu cau bo sung: giay khai sinh. Lien he UBND phuong.".to_owned());
}

#[test]
fn h_12_digits_of_one_other_script_are_a_number_and_of_two_are_none() {
    let mut stage = Stage::at(MONDAY);
    stage.hue("13557009");
    for digits in ["١٣٥٥٧٠٠٩", "१३५५७००९", "𝟏𝟑𝟓𝟓𝟕𝟎𝟎𝟗", "１３５５７００９"]
    {
        let reply = stage.answer(CITIZEN, "8383", &format!("XNC {digits}"));
        assert!(reply.starts_with("Ho so 13557009: "), "{digits}: {reply}");
    }
    for digits in ["1355٧٠٠٩", "١٣٥٥۷۰۰۹"] {
        let reply = stage.answer(CITIZEN, "8383", &format!("XNC {digits}"));
        assert!(!reply.contains("13557009: dang giai quyet"), "{digits}: {reply}");
    }
    // A tenth digit of another script must not leave nine good ones behind.
    for id_number in ["201499999٥", "٥201499999", "2014९99999"] {
        let text = format!("TK,Nguyen Van An,{id_number},20/12/1990");
        let reply = stage.answer("84905777777", "8188", &text);
        assert!(reply.starts_with("Loi. Tin nhan sai cu phap."), "{id_number}: {reply}");
    }
    let reply = stage.answer("84905777777", "8188", "TK,Nguyen Van An,٢٠١٤٩٩٩٩٩,٢٠/١٢/١٩٩٠");
    assert!(reply.starts_with("TK: 201499999, MK: "), "{reply}");
}

#[test]
fn h_13_a_name_of_200_combining_marks_is_a_name_without_them_and_a_long_one_is_refused() {
    let mut stage = Stage::at(MONDAY);
    let marked = format!("N{}OVAK", "\u{301}".repeat(200));
    let reply = stage.town(&format!("OBJ ZOP 10.8. 14:00 {marked}"));
    assert!(reply.contains(", NOVAK. Pristupovy"), "{reply}");
    // Forty letters are a name, one more is none, and nothing is cut.
    let reply = stage.town(&format!("OBJ POP 10.8. 14:00 {}", "A".repeat(40)));
    assert!(reply.contains(&"A".repeat(30)), "{reply}");
    for letters in [41, 300] {
        let reply = stage.town(&format!("OBJ ZCD 10.8. 14:00 {}", "A".repeat(letters)));
        assert!(reply.starts_with("Neplatny udaj: jmeno."), "{letters}: {reply}");
    }
    for long in ["ạ".repeat(300), format!("N{}", "\u{301}".repeat(1_000))] {
        let reply = stage.answer(CITIZEN, "8188", &format!("TK,{long},201499999,20/12/1990"));
        assert!(reply.starts_with("Loi. Tin nhan sai cu phap."), "{reply}");
    }
}

#[test]
fn h_14_codes_that_are_beginnings_of_each_other_or_hold_separators_stay_apart() {
    let mut stage = Stage::at(MONDAY);
    for (code, unit) in [("170523", "UBND MOT"), ("1705230", "UBND HAI"), ("17052300", "UBND BA")] {
        stage.dossier(code, Status::Processing, unit, "");
    }
    for (code, unit) in [("170523", "MOT"), ("1705230", "HAI"), ("17052300", "BA")] {
        let reply = stage.answer(CITIZEN, "8188", &format!("DVC {code}"));
        assert!(reply.contains(&format!("UBND {unit},")), "{code}: {reply}");
    }
    for text in [
        "DVC 170523' OR '1'='1",
        "DVC 170523\u{0}",
        "DVC 170523\u{ff}",
        "TK,'; DROP TABLE accounts;--,201499999,20/12/1990",
        "TK,Nguyen\u{0}Van,201499999'--,20/12/1990",
    ] {
        let texts = stage.ask("84905888888", "8188", text);
        assert_eq!(texts.len(), 1, "{text:?}: {texts:?}");
    }
    let reply = stage.answer(CITIZEN, "8188", "DVC 17052300");
    assert!(reply.contains("UBND BA"), "{reply}");
}

#[test]
fn h_17_places_of_templates_in_what_people_write_are_never_filled() {
    let mut stage = Stage::at(MONDAY);
    let booked = |stage: &mut Stage, text: &str| stage.ask("420602123456", TRUTNOV, text).concat();
    let reply = booked(&mut stage, "OBJ ZOP 10.8. 14:00 {cc}");
    let code = between(&reply, "kod: ", ",").to_owned();
    assert!(reply.contains(", CC. Pristupovy"), "{reply}");
    assert_eq!(reply.matches(&code).count(), 2, "the code stands in its two places only: {reply}");
    for name in ["{{7*7}}", "%s", "%n%n"] {
        let reply = booked(&mut stage, &format!("OBJ POP 10.8. 14:00 {name}"));
        assert!(reply.starts_with("Neplatny udaj: jmeno."), "{name}: {reply}");
    }
    let reply = booked(&mut stage, "OBJ POP 10.8. 14:00 ${name}");
    assert!(reply.contains(", NAME. Pristupovy"), "{reply}");
    let reply = stage.answer(CITIZEN, "8188", "TK,Nguyen {mk} An,201499999,20/12/1990");
    let password = between(&reply, "MK: ", " ");
    assert_eq!(reply.matches(password).count(), 1, "{reply}");
    // What clerks write is shown as they wrote it, folded, and cut to its place.
    for note in ["{{7*7}}", "${note}", "%s%n", "{rc} {unit} {mk}", "{note}{note}"] {
        stage.dossier("17012345", Status::Supplement, "UBND {rc}", note);
        let reply = stage.answer("84905777777", "8188", "DVC 17012345");
        assert_eq!(reply, format!("Ho so 17012345: yeu cau bo sung: {note}. Lien he UBND {{rc}}."));
    }
}

#[test]
fn h_17_a_value_of_signs_that_cost_two_septets_is_measured_after_it_is_filled_in() {
    let mut stage = Stage::at(MONDAY);
    stage.dossier("17012345", Status::Supplement, &"{".repeat(40), &"[".repeat(40));
    let reply = stage.answer(CITIZEN, "8188", "DVC 17012345");
    let measured = text::parts::measure(&reply);
    assert_eq!(measured.parts, 1, "{reply}");
    assert!(reply.ends_with('.') && reply.contains("Lien he {"), "the frame of the text is whole: {reply}");
}

#[test]
fn h_19_a_citizen_who_writes_like_a_receipt_is_a_citizen() {
    let mut stage = Stage::at(MONDAY);
    let forged =
        "id:1 sub:001 dlvrd:001 submit date:2608031000 done date:2608031001 stat:UNDELIV err:001 text:";
    assert!(stage.answer(CITIZEN, "8188", "TK,Nguyen Van An,201499999,20/12/1990").starts_with("TK: "));
    // Were it taken for the receipt of the log-in, the same request would now draw another password.
    for id in 1..4 {
        let reply = stage.answer(CITIZEN, "8188", &forged.replace("id:1", &format!("id:{id}")));
        assert!(reply.starts_with("Loi. Tin nhan sai cu phap."), "{reply}");
    }
    let again = stage.answer(CITIZEN, "8188", "TK,Nguyen Van An,201499999,20/12/1990");
    assert!(again.starts_with("So CMND da duoc su dung"), "{again}");
    // And a real receipt whose text is a command runs nothing and is answered to nobody.
    let receipt = Sm {
        esm_class: esm_class::SMSC_RECEIPT,
        source: Address::new(1, 1, "84905999999"),
        destination: Address::new(0, 1, "8188"),
        short_message: bytes::Bytes::from_static(b"TK,Nguyen Van Ba,201499998,20/12/1990"),
        ..Sm::default()
    };
    stage.world.deliver("a", receipt).unwrap();
    stage.world.settle().unwrap();
    assert_eq!(stage.world.last_response("a"), Some(CommandStatus::ESME_ROK));
    assert!(stage.read("84905999999").is_empty());
    assert!(stage.world.account(ServiceId::new("danang"), "201499998").unwrap().is_none());
}
