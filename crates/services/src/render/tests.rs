use proptest::prelude::*;

use super::*;

fn text(template: &str, max_parts: u8, values: Values) -> String {
    render(&Template::parse("X", template, max_parts).unwrap(), values).text.0
}

#[test]
fn values_are_never_expanded_again() {
    let values = Values::new().text("note", "{code}").text("code", "13557009");
    assert_eq!(text("Ho so {code}: {note}", 1, values), "Ho so 13557009: {code}");
}

#[test]
fn note_goes_before_unit_and_only_as_far_as_needed() {
    let template = format!("{} {{note}} {{unit}}.", "x".repeat(100));
    let values = || Values::new().text("note", &"n".repeat(60)).text("unit", &"u".repeat(60));
    let cut = text(&template, 1, values());
    assert_eq!(cut.len(), 160);
    assert_eq!((cut.matches('n').count(), cut.matches('u').count()), (17, 40));
    let uncut = text(&template, 2, values());
    assert_eq!((uncut.matches('n').count(), uncut.matches('u').count()), (40, 40));
    let template = format!("{} {{note}} {{unit}}.", "x".repeat(130));
    let cut = text(&template, 1, values());
    assert_eq!((cut.matches('n').count(), cut.matches('u').count()), (0, 27));
}

#[test]
fn a_list_ends_at_its_last_whole_item() {
    let template = format!("{} {{slots}}.", "x".repeat(130));
    let items = ["8:00-9:45", "10:30", "13:30-16:45"].map(str::to_owned).to_vec();
    assert_eq!(
        text("{slots}", 1, Values::new().list("slots", items.clone())),
        "8:00-9:45, 10:30, 13:30-16:45"
    );
    let cut = text(&template, 1, Values::new().list("slots", items));
    assert!(cut.ends_with("x 8:00-9:45, 10:30...."), "{cut}");
}

#[test]
fn names_are_cut_to_thirty() {
    let values = Values::new().text("cname", &"NOVAKOVA ".repeat(6));
    assert_eq!(text("{cname}!", 1, values), "NOVAKOVA NOVAKOVA NOVAKOVA NOV!");
    let values = Values::new().text("cname", "ANNA MARIE KAROLINA NOVAKOVAA X");
    assert_eq!(text("{cname}!", 1, values), "ANNA MARIE KAROLINA NOVAKOVAA!");
}

#[test]
fn a_brace_counts_two_septets() {
    let template = format!("{} {{note}}", "x".repeat(157));
    assert_eq!(text(&template, 1, Values::new().text("note", "{}")), format!("{} {{", "x".repeat(157)));
}

#[test]
fn a_code_of_characters_that_count_two_is_cut_to_forty_septets() {
    let values = Values::new().text("code", &format!("0001{}0002", "|".repeat(60)));
    assert_eq!(text("{code}", 1, values), format!("0001{}", "|".repeat(18)));
    let values = Values::new().text("rc", &format!("00017{}", "|".repeat(60)));
    assert_eq!(text("{rc}!", 1, values), format!("00017{}!", "|".repeat(17)));
}

proptest! {
    #[test]
    fn a_text_is_gsm_and_keeps_to_its_parts(note in "\\PC{0,80}", unit in "\\PC{0,80}", head in 0_usize..150) {
        let template = format!("{}{{note}} {{unit}}", "x".repeat(head));
        let cut = text(&template, 1, Values::new().text("note", &note).text("unit", &unit));
        let measured = measure(&cut);
        prop_assert_eq!(measured.parts, 1);
        prop_assert_eq!(measured.alphabet, ::text::parts::Alphabet::Gsm7);
    }

    #[test]
    fn a_folded_value_is_printable_and_stays_so(value in any::<String>()) {
        let folded = fold(&value);
        prop_assert!(folded.bytes().all(|octet| (b' '..0x7F).contains(&octet)));
        prop_assert_eq!(fold(&folded), folded);
    }
}

#[test]
fn what_citizens_type_makes_no_link() {
    for (typed, told) in [
        ("WWW.EVIL.CZ", "WWW. EVIL. CZ"),
        ("EVIL1234.COM/X", "EVIL1234. COM/X"),
        ("ING.NOVAK", "ING. NOVAK"),
        ("ING. NOVAK", "ING. NOVAK"),
        ("N.V.A", "N.V.A"),
        ("000.00.18.H17-230101-0001", "000.00.18.H17-230101-0001"),
        ("12.345.678", "12.345.678"),
    ] {
        assert_eq!(without_links(typed), told);
    }
}
