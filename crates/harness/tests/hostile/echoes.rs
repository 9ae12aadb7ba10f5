//! Robots that send us our own words, or answer whatever we say. H-20 and A-05.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use model::template::Piece;
use routing::{Rules, json};

use crate::stage::{MONDAY, Stage, TRUTNOV};

/// Each text of each service with values as it may hold them.
fn texts() -> Vec<(String, String, String)> {
    let values: BTreeMap<&str, &str> = [
        ("code", "13557009"),
        ("rc", "000.00.18.H17-230101-0001"),
        ("d", "10/08/2026"),
        ("d2", "12/08/2026"),
        ("t", "08h30"),
        ("t2", "17h00"),
        ("cd", "10.8.2026"),
        ("cd2", "12.8.2026"),
        ("cds", "10.8."),
        ("cds2", "12.8."),
        ("ct", "14:00"),
        ("ct2", "8:00"),
        ("act", "ZOP"),
        ("cc", "471108"),
        ("slots", "8:00-9:45, 10:30"),
        ("cname", "NOVAK"),
        ("name", "NGUYEN VAN AN"),
        ("tk", "201499999"),
        ("mk", "aB3dE6gH9k"),
        ("kw", "XNC"),
        ("num", "8383"),
        ("n", "116"),
        ("lvl", "nhieu"),
        ("m", "60"),
        ("mins", "40"),
        ("ms", "0905123456"),
        ("id", "201499999"),
        ("place", "CA DA NANG"),
        ("typ", "CMND"),
        ("note", "giay khai sinh"),
        ("unit", "UBND phuong"),
        ("otp", "123456"),
        ("field", "datum"),
        ("form", "OBJ zkr datum cas jmeno"),
        ("ex", "OBJ ZOP 10.8. 14:00 NOVAK"),
        ("grid", "15"),
        ("horizon", "60"),
    ]
    .into();
    let mut texts = Vec::new();
    for service in Rules::builtin().services() {
        for (role, template) in &service.templates {
            let text: String = template
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => literal.as_str(),
                    Piece::Field(name) => {
                        values.get(name.as_str()).copied().unwrap_or_else(|| panic!("no value for {name}"))
                    }
                })
                .collect();
            for number in &service.numbers {
                texts.push((number.clone(), format!("{} {role}", service.id.as_str()), text.clone()));
            }
        }
    }
    texts
}

#[test]
fn h_20_none_of_our_own_texts_sent_back_to_us_acts() {
    let rules = Rules::builtin();
    let texts = texts();
    assert!(texts.len() > 80, "{} texts", texts.len());
    for (number, template, text) in texts {
        let meaning = rules.interpret(&number, &text, MONDAY.parse().unwrap()).unwrap();
        let acts = meaning.result.as_ref().is_ok_and(model::Command::is_act);
        assert!(!acts, "{template}: {text}: {}", json(&meaning));
    }
}

#[test]
fn a_13_no_text_of_ours_holds_a_link_or_asks_for_a_secret() {
    for (_, template, text) in texts() {
        let text = text.to_lowercase();
        for sign in ["http", "www.", "://", ".vn/", ".cz/", ".com"] {
            assert!(!text.contains(sign), "{template} holds a link: {text}");
        }
        for ask in ["gui mat khau", "nhap mat khau", "zaslete heslo", "poslete heslo", "gui ma xac thuc"] {
            assert!(!text.contains(ask), "{template} asks for a secret: {text}");
        }
    }
    let otp = texts().into_iter().find(|(_, template, _)| template == "tttb portal.otp").unwrap().2;
    assert!(otp.contains("Tuyet doi khong cung cap ma nay cho nguoi khac"), "{otp}");
}

#[test]
fn a_13_who_forges_a_sender_puts_no_link_into_our_mouth() {
    let mut stage = Stage::at(MONDAY);
    let booked = stage.town("OBJ ZOP 10.8. 14:00 www.evil.cz");
    assert!(booked.starts_with("MeU Trutnov: objednano ZOP 10.8.2026 od 14:00, WWW. EVIL. CZ."), "{booked}");
    for (to, text) in
        [("8188", "DVC 1234.evil.com/pay"), ("8188", "DVC evil1234.com"), ("8383", "XNC evil.com 13557009")]
    {
        let reply = stage.answer("84905111111", to, text).to_lowercase();
        assert!(!reply.contains(".com"), "{text}: {reply}");
    }
    let code = stage.answer("84905111111", "8188", "DVC 000.00.18.H17-230101-0001");
    assert!(code.contains("ho so 000.00.18.H17-230101-0001."), "a code stays as it is printed: {code}");
}

/// A robot that sends `words` whenever it received something, `pause` later; how many of our texts it got within a
/// day.
fn feed_back(number: &str, to: &str, words: Option<&str>, pause: SignedDuration) -> usize {
    let mut stage = Stage::at(MONDAY);
    let end = stage.world.wall().checked_add(SignedDuration::from_hours(24)).unwrap();
    let mut heard = stage.ask(number, to, "Xin chao, toi dang ban");
    let mut count = heard.len();
    while let Some(text) = heard.pop() {
        stage.after(pause);
        if stage.world.wall() > end {
            break;
        }
        heard = stage.ask(number, to, words.unwrap_or(&text));
        count += heard.len();
    }
    count
}

#[test]
fn a_05_a_robot_that_answers_at_once_is_answered_ten_times_and_never_again() {
    for (number, to) in
        [("84905123456", "8383"), ("84905123456", "1414"), ("84905123456", "8188"), ("420602123456", TRUTNOV)]
    {
        for words in [None, Some("I am driving and will answer later"), Some("")] {
            let count = feed_back(number, to, words, SignedDuration::from_millis(200));
            assert!((1..=10).contains(&count), "{to} {words:?}: {count} texts");
        }
    }
}

#[test]
fn a_05_a_robot_that_takes_its_time_falls_silent_as_well() {
    for (number, to) in [("84905123456", "8383"), ("84905123456", "8188"), ("420602123456", TRUTNOV)] {
        for pause in [7, 30] {
            for words in [None, Some("I am driving and will answer later")] {
                let count = feed_back(number, to, words, SignedDuration::from_secs(pause));
                assert!(
                    (10..=60).contains(&count),
                    "{to} after {pause} s, {words:?}: {count} texts in a day"
                );
            }
        }
    }
}
