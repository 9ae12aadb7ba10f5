//! What is answered: loops, keywords, mistakes, and texts that are meant for a machine.

use codec::esm_class::UDHI;
use harness::World;
use jiff::Timestamp;
use model::dossier::{DossierEvent, Status};
use model::{ClerkCommand, Dossier, ServiceId};
use routing::Rules;

use crate::cast::*;

const TTTB: &str = "1414";
const NOVAK: &str = "420602123456";

/// The answers to one text of a citizen of the number's country, in a world of its own.
fn answers(to: &str, text: &str) -> (World, Vec<String>) {
    let mut world = world();
    let from = if to == TRUTNOV { NOVAK.to_owned() } else { citizen(1) };
    ask(&mut world, &from, to, text);
    let answers = texts(&mut world, &from);
    (world, answers)
}

/// Two robots answer each other until the credit is gone (CHT, GoAlert). Here the eleventh message of a minute is
/// silent and the loop with it, whether the robot echoes each answer or talks by itself; and the citizen who wrote by
/// hand is answered again once he rested.
#[test]
fn pain_09_two_robots_fall_silent() {
    let mut world = world();
    let robot = citizen(1);
    ask(&mut world, &robot, HUE, "XNC HD");
    let mut echoed = 0;
    for _ in 0..100 {
        for text in texts(&mut world, &robot) {
            echoed += 1;
            ask(&mut world, &robot, HUE, &text);
        }
        world.run_for(seconds(1)).unwrap();
    }
    assert_eq!(echoed, 10);
    let talker = citizen(2);
    for _ in 0..450 {
        ask(&mut world, &talker, HUE, "Xin cam on");
        world.run_for(seconds(2)).unwrap();
    }
    assert_eq!(texts(&mut world, &talker).len(), 10, "a quarter of an hour of talk");
    world.run_for(seconds(61)).unwrap();
    ask(&mut world, &talker, HUE, "XNC HD");
    assert_eq!(texts(&mut world, &talker).len(), 1);
}

/// Operators' notices, other services and our own number write to a short code, and a gateway that answers them pays
/// for it. Here they are acknowledged and never answered, in whatever form the SMSC writes the sender.
#[test]
fn pain_09_only_citizens_are_answered() {
    let mut world = world();
    let senders = [(5, 0, "VIETTEL"), (0, 1, "9029"), (1, 1, "9029"), (0, 1, HUE), (3, 0, "191"), (0, 0, "")];
    for (ton, npi, digits) in senders {
        let sm = message("", HUE, 0, b"XNC HD");
        let source = model::Address::new(ton, npi, digits);
        hand_over(&mut world, "a", codec::Sm { source, ..sm });
    }
    let own = message(TRUTNOV, TRUTNOV, 0, b"HELP");
    hand_over(&mut world, "cz", own);
    assert_eq!((world.submits("vn").len(), world.submits("cz").len()), (0, 0));
    assert_eq!(world.responses("a"), [OK; 6]);
}

/// Kannel's keyword is a prefix (TK catches TKXYZ), playSMS lets a catch-all win over the keyword of a number, and
/// only one separator works. Here a keyword is a word, the more special rule wins, each number has its own HD, and
/// what people type between the words is no matter.
#[test]
fn pain_14_a_keyword_means_what_its_number_says() {
    let cases = [
        // No prefix match; but a word glued to its argument is seen.
        (
            DA_NANG,
            "TKXYZ,Nguyen Van An,201499999,20/12/1990",
            "Loi. Tin nhan sai cu phap. Cu phap dung la: TK,",
        ),
        (HUE, "XNCABC", "Sai cu phap."),
        (HUE, "XNC13557009", "Khong tim thay ho so 13557009."),
        // The catch-all for bare codes and queues does not win over keywords.
        (HUE, "XNC HD", "Tra cuu ho so: XNC"),
        (HUE, "13557009", "Khong tim thay ho so 13557009."),
        // One word on two numbers; another number's keyword.
        (HUE, "HD", "Tra cuu ho so: XNC"),
        (DA_NANG, "HD", "Dang ky tai khoan: TK,"),
        (HUE, "TK,Nguyen Van An,201499999,20/12/1990", "Cu phap TK phai gui den so 8188."),
        // Separators, case, diacritics, signatures.
        (HUE, "xnc:13557009", "Khong tim thay ho so 13557009."),
        (HUE, "XNC, 1355 7009", "Khong tim thay ho so 13557009."),
        (HUE, "\"XNC\" <13557009>", "Khong tim thay ho so 13557009."),
        (HUE, "hướng dẫn", "Tra cuu ho so: XNC"),
        (HUE, "XNC\n13557009\n--\nAn", "Khong tim thay ho so 13557009."),
        (DA_NANG, "TK; Nguyễn Văn An; 201499999; 20.12.1990", "TK: 201499999, MK: "),
        (DA_NANG, "tk\nNguyen Van An\n201499999\n20-12-1990", "TK: 201499999, MK: "),
        // A keyword in the middle of a sentence starts nothing.
        (HUE, "toi hoi XNC 13557009", "Sai cu phap."),
    ];
    for (to, text, begin) in cases {
        let (_, answers) = answers(to, text);
        assert!(matches!(&answers[..], [answer] if answer.starts_with(begin)), "{text:?}: {answers:?}");
    }
}

/// A keyword or a rule that no text can ever reach is dead, and nobody notices (RapidPro's non-Latin keywords, a rule
/// behind a broader one). Here the check finds it and shows where it stands.
#[test]
fn pain_14_a_keyword_that_nothing_can_match_is_found() {
    let with = |from: &str, to: &str| {
        let hue = |name: &str| usize::from(name == "hue-xnc.toml");
        let files: Vec<(&str, String)> = Rules::builtin_files()
            .iter()
            .map(|(name, text)| (*name, text.replacen(from, to, hue(name))))
            .collect();
        let report = routing::check(&files);
        (report.diagnostics.len(), report.render(false))
    };
    assert_eq!(with("nothing like it", "").0, 0);
    let (found, shown) = with("aliases = [\"HELP\", \"HUONG DAN\"]", "aliases = [\"HELP\", \"ПОМОЩЬ\"]");
    assert!(found == 1 && shown.contains("ПОМОЩЬ") && shown.contains("hue-xnc.toml:"), "{shown}");
    let behind =
        "[[rule]]\nid = \"behind\"\nmatch = \"XNC {code}\"\ncommand = \"dossier_status\"\n\n[errors]";
    let (found, shown) = with("[errors]", behind);
    assert!(found == 1 && shown.contains("\"behind\""), "{shown}");
}

/// CHT and DHIS2 users get "wrong" or nothing for a mistake. Here each mistake is answered at once, in one segment,
/// with what is wrong or the right form, and with an example.
#[test]
fn pain_15_each_mistake_is_told_in_one_segment_with_the_right_form() {
    const FORM: &str = "OBJ ZOP 10.8. 14:00 NOVAK";
    let cases: [(&str, &str, &[&str]); 22] = [
        (HUE, "XNC", &["XNC <Ma so truy cap>"]),
        (HUE, "XNC 1355", &["gom 8 chu so", "vi du XNC 13557009"]),
        (HUE, "XNC STTZZ", &["XNC STTXC", "XNC STTNC", "XNC STTKQ"]),
        (HUE, "?", &["XNC <Ma so truy cap>"]),
        (HUE, "XNC 13557009 13557010", &["chi duoc gui mot yeu cau"]),
        (DA_NANG, "TK Nguyen Van An", &["TK,Ho va ten,soCMND,nn.tt.nnnn"]),
        (DA_NANG, "TK,An,2014,20/12/1990", &["TK,Ho va ten,soCMND,nn.tt.nnnn"]),
        (DA_NANG, "TK,Nguyen Van An,201499999,31/02/1990", &["TK,Ho va ten,soCMND,nn.tt.nnnn"]),
        (DA_NANG, "TK,Nguyen Van An,048090000111,20/12/1991", &["Ngay sinh khong khop"]),
        (DA_NANG, "DVC", &["DVC<Ma bien nhan>", "vi du DVC000.00.18.H17-230101-0001"]),
        (DA_NANG, "alo", &["TK,Ho va ten,soCMND,nn.tt.nnnn"]),
        (TRUTNOV, "Dobry den", &[FORM, "HELP"]),
        (TRUTNOV, "OBJ", &["Chybi udaj: zkratka", FORM]),
        (TRUTNOV, "OBJ ZOP", &["Chybi udaj: jmeno", FORM]),
        (TRUTNOV, "OBJ ZOP 10.8. NOVAK", &["Chybi udaj: cas", FORM]),
        (TRUTNOV, "OBJ ZOP 31.9. 14:00 NOVAK", &["Neplatny udaj: datum", FORM]),
        (TRUTNOV, "OBJ ZOP 10.8. 25:00 NOVAK", &["Neplatny udaj: cas", FORM]),
        (TRUTNOV, "OBJ ZOB 10.8. 14:00 NOVAK", &["Zkratka neexistuje", "ZOP, POP, ZCD"]),
        (TRUTNOV, "OBJ ZOP NOVAK 10.8. 14:00", &["poradi udaju", FORM]),
        (TRUTNOV, "STORNO 471108", &["Chybi udaj: datum", "STORNO 471108 10.8."]),
        (TTTB, "abc", &["TTTB <so giay to>"]),
        (TTTB, "", &["TTTB <so giay to>"]),
    ];
    for (to, text, needles) in cases {
        let (world, answers) = answers(to, text);
        assert_eq!(answers.len(), 1, "{text}: {answers:?}");
        for needle in needles {
            assert!(answers[0].contains(needle), "{text}: {answers:?}");
        }
        let group = if to == TRUTNOV { "cz" } else { "vn" };
        let [sm] = world.submits(group) else { panic!("{text}: not one segment") };
        assert!(sm.esm_class & UDHI == 0 && sm.data_coding == 0 && sm.short_message.len() <= 160, "{text}");
    }
}

/// Kamex ran the citizen's words in a shell. Here there is no shell and no template in a template: what citizens and
/// clerks write is data, printed as it was read or refused as a name is.
#[test]
fn pain_21_what_a_citizen_writes_is_data() {
    let names = [
        ("{cc}", "od 14:00, CC. "),
        ("$(reboot)", "od 14:00, REBOOT. "),
        ("`id` %S;1", "Neplatny udaj: jmeno"),
    ];
    for (name, said) in names {
        let (_, answers) = answers(TRUTNOV, &format!("OBJ ZOP 10.8. 14:00 {name}"));
        assert!(matches!(&answers[..], [answer] if answer.contains(said)), "{name}: {answers:?}");
    }
    for text in ["; rm -rf / | XNC 13557009", "XNC %S$(id)", "XNC {code}", "XNC ' OR 1=1 --"] {
        let (_, answers) = answers(HUE, text);
        assert_eq!(answers.len(), 1, "{text}: {answers:?}");
        assert!(
            ["Sai cu phap.", "Ma so truy cap"].iter().any(|it| answers[0].starts_with(it)),
            "{answers:?}"
        );
    }
    let mut world = world();
    let accepted: Timestamp = "2026-07-20T01:00:00Z".parse().unwrap();
    let dossier = Dossier {
        code: "13557009".to_owned(),
        status: Status::Processing,
        accepted_at: Some(accepted),
        fee_paid_at: Some(accepted),
        ..Dossier::default()
    };
    let service = ServiceId::new("hue-xnc");
    let put = ClerkCommand::PutDossier { service, dossier: Box::new(dossier), expected_version: None };
    world.command(put).unwrap().unwrap();
    let event = ClerkCommand::DossierEvent {
        service,
        code: "13557009".to_owned(),
        event: DossierEvent::Supplement { note: "{code} $(id) %S".to_owned() },
        at: None,
    };
    world.command(event).unwrap().unwrap();
    ask(&mut world, &citizen(1), HUE, "XNC 13557009");
    let told = texts(&mut world, &citizen(1));
    assert!(told[0].starts_with("Ho so 13557009: can bo sung: {code} $(id) %S. "), "{told:?}");
}

/// A services file cannot name a program, a URL or a statement to run: such keys do not exist, and a file with one is
/// refused as a whole.
#[test]
fn pain_21_a_services_file_can_start_nothing() {
    for action in
        ["exec = \"/bin/sh\"", "url = \"http://127.0.0.1/\"", "sql = \"DROP TABLE x\"", "command = \"exec\""]
    {
        let rule = format!("[[rule]]\nid = \"own\"\nmatch = \"HD {{code}}\"\n{action}\n\n[errors]");
        let files: Vec<(&str, String)> = Rules::builtin_files()
            .iter()
            .map(|(name, text)| {
                (*name, text.replacen("[errors]", &rule, usize::from(*name == "hue-xnc.toml")))
            })
            .collect();
        assert!(Rules::load(&files).is_err(), "{action}");
    }
}
