use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

fn folded(text: &str) -> String {
    fold(text).text
}

#[test]
fn letters_of_both_languages_lose_their_marks() {
    assert_eq!(folded("Nguyễn Văn Đặng"), "NGUYEN VAN DANG");
    assert_eq!(folded("Nguye\u{302}\u{303}n"), "NGUYEN");
    assert_eq!(folded("příliš žluťoučký kůň"), "PRILIS ZLUTOUCKY KUN");
    assert_eq!(folded("Ðặng łódź Søren Æsir Straße"), "DANG LODZ SOREN AESIR STRASSE");
    assert_eq!(folded("ＸＮＣ　１３５"), "XNC 135");
}

#[test]
fn digits_of_another_script_are_digits_where_there_are_no_others() {
    assert_eq!(folded("XNC ١٣٥٥٧٠٠٩"), "XNC 13557009");
    assert_eq!(folded("TK,A B,२०१४९९९९९,२०/१२/१९९०"), "TK,A B,201499999,20/12/1990");
    assert_eq!(folded("XNC 1355٧٠٠٩"), "XNC 1355%%%%");
    assert_eq!(folded("XNC ١٣٥٥۷۰۰۹"), "XNC %%%%%%%%");
    assert_eq!(folded("XNC １３５٧"), "XNC 135%");
    assert_eq!(folded("Ⅷ ½ ①"), "VIII 1/2 1");
}

#[test]
fn signs_get_their_ascii_form_before_compatibility_forms() {
    assert_eq!(folded("OBJ „ZOP“ “10.8.” «x»"), "OBJ  ZOP   10.8.   X ");
    assert_eq!(folded("H’Hen `a´"), "H'HEN 'A'");
    assert_eq!(folded("20–12—1990−1"), "20-12-1990-1");
    assert_eq!(folded("20⁄12∕1990 14∶00"), "20/12/1990 14:00");
    assert_eq!(folded("a＂b"), "A B");
}

#[test]
fn invisible_signs_go_and_blanks_are_blanks() {
    assert_eq!(folded("X\u{200B}N\u{AD}C\u{FEFF}\u{A0}13\u{202F}5\t7"), "XNC 13 5 7");
    assert_eq!(folded("a\r\nb\rc\n\nd"), "A\nB\nC\nD");
    assert_eq!(folded("XNC 😀1"), "XNC  1");
}

#[test]
fn the_original_stays_beside_it() {
    let folded = fold("Nguyễn");
    assert_eq!((folded.original, folded.text.as_str()), ("Nguyễn", "NGUYEN"));
    assert_eq!(format!("{folded:?}"), "Folded(*** 8 octets)");
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(text in "\\PC{0,80}|[\\x00-\\x7f]{0,40}") {
        let once = folded(&text);
        prop_assert!(once.is_ascii());
        prop_assert_eq!(folded(&once), once);
    }

    #[test]
    fn decomposing_one_by_one_leaves_what_the_normal_forms_leave(text in "[\\PC\u{300}-\u{36F}\u{1E00}-\u{1EFF}]{0,40}") {
        let mut parts = String::new();
        for character in text.chars() {
            decompose_compatible(character, |part| parts.push(part));
        }
        parts.retain(|part| !is_combining_mark(part));
        let normal: String = text.nfkc().nfd().filter(|character| !is_combining_mark(*character)).collect();
        prop_assert_eq!(parts, normal);
    }
}

#[test]
fn each_character_decomposes_to_what_the_normal_forms_leave() {
    for character in '\0'..=char::MAX {
        let mut parts = String::new();
        decompose_compatible(character, |part| parts.push(part));
        assert_eq!(parts, std::iter::once(character).nfkc().nfd().collect::<String>(), "{character:?}");
    }
}

#[test]
fn what_becomes_one_character_is_what_the_long_way_makes_of_it() {
    for character in '\u{80}'..=char::MAX {
        let mut long_way = Vec::new();
        push(character, &Zero::of(""), &mut long_way);
        if let Some(plain) = latin::plain(character) {
            assert_eq!(long_way, [plain], "{character:?}");
        }
    }
    assert!("ěščřžýáíéúůňťďăâêôơưđạảấầẩẫậ".chars().all(|letter| latin::plain(letter).is_some()));
}
