//! Fixed texts, mistakes, and texts that need no decision.

use model::request::{Command, ErrorKind};

use crate::offices::{danang, hue, trutnov, tttb};
use crate::trutnov::monday;
use crate::world::World;

#[test]
fn help_is_the_template_of_that_role() {
    let mut world = World::new(trutnov(), monday());
    for (command, id) in [("help", "C-HELP"), ("help_codes", "C-CODES")] {
        assert_eq!(world.label("420602123456", Command::Text { command: command.to_owned() }), id);
    }
    assert_eq!(
        world.text("420602123456", Command::Text { command: "help_codes".to_owned() }),
        "ZOP zadost o OP, POP prevzeti OP, ZCD zadost o cest. doklad, PCD prevzeti cest. dokladu, PTP prihlaseni k TP, \
         RTP navrh na zruseni udaje o TP (trv. pobyt)"
    );
    assert_eq!(world.label("420602123456", Command::Text { command: "song".to_owned() }), "no_template:song");
}

#[test]
fn mistakes_go_by_the_table_of_errors() {
    let mut world = World::new(trutnov(), monday());
    assert_eq!(
        world.mistake(ErrorKind::MissingTime, Some("book"), &[("field", "cas")]),
        "Chybi udaj: cas. Spravny tvar: OBJ zkr datum cas jmeno, napr. OBJ ZOP 10.8. 14:00 NOVAK. Napoveda: HELP"
    );
    assert_eq!(
        world.mistake(ErrorKind::MultipleCommands, None, &[]),
        "V jedne SMS muze byt jen jeden prikaz. Poslete je prosim kazdy zvlast."
    );
    assert_eq!(world.mistake(ErrorKind::WrongNumber, None, &[]), "", "no text, no reply");
    let mut world = World::new(hue(), monday());
    assert_eq!(
        world.mistake(ErrorKind::WrongNumber, None, &[("kw", "TTTB"), ("num", "1414")]),
        "Cu phap TTTB phai gui den so 1414. Vui long gui lai."
    );
    assert_eq!(
        world.mistake(ErrorKind::BadCode, None, &[]),
        "Ma so truy cap gom 8 chu so, in tren Giay bien nhan. Soan tin: XNC <Ma so truy cap> gui 8383, vi du XNC \
         13557009"
    );
}

#[test]
fn notices_of_the_engine() {
    let busy = services::notice(&danang(), "busy", &[]).unwrap();
    assert_eq!(
        (&*busy.template, busy.text.as_str()),
        ("BUSY", "He thong dang ban. Vui long thu lai sau it phut.")
    );
    assert_eq!(services::notice(&trutnov(), "account.created", &[]), None);
    assert!(!format!("{busy:?}").contains("ban"), "texts print redacted");
}

/// The replies that the city printed, to the letter.
#[test]
fn mistakes_in_a_registration() {
    let mut world = World::new(danang(), monday());
    let syntax =
        "Loi. Tin nhan sai cu phap. Cu phap dung la: TK,Ho va ten,soCMND,nn.tt.nnnn (ngay thang nam sinh)";
    for kind in
        [ErrorKind::BadSyntax, ErrorKind::BadName, ErrorKind::BadId, ErrorKind::BadDob, ErrorKind::Empty]
    {
        assert_eq!(world.mistake(kind, Some("register"), &[]), syntax);
    }
    assert_eq!(
        world.mistake(ErrorKind::IdDobMismatch, Some("register"), &[]),
        "Loi. Ngay sinh khong khop voi so CCCD. Cu phap dung la: TK,Ho va ten,soCMND,nn.tt.nnnn (ngay thang nam sinh)"
    );
    assert_eq!(
        world.mistake(ErrorKind::WrongNumber, None, &[("kw", "TTTB"), ("num", "1414")]),
        format!("{syntax}. Cu phap TTTB phai gui den so 1414.")
    );
    assert_eq!(
        world.mistake(ErrorKind::BadCode, Some("dossier_status"), &[]),
        "Loi. Tin nhan sai cu phap. Tra cuu ho so: DVC<Ma bien nhan>, vi du DVC000.00.18.H17-230101-0001, gui 8188"
    );
}

/// Every mistake that a citizen of a number can make has a text, and it fits.
#[test]
fn every_mistake_has_a_reply() {
    for service in [hue(), tttb(), danang(), trutnov()] {
        let mut world = World::new(service, monday());
        let kinds: Vec<ErrorKind> = world.service.errors.keys().copied().collect();
        for kind in kinds {
            let values = [("field", "zkratka cinnosti"), ("act", "ZOP"), ("kw", "XNC"), ("num", "8383")];
            for command in ["book", "free_slots", "cancel", "register"] {
                assert!(!world.mistake(kind, Some(command), &values).is_empty(), "{kind:?}");
            }
        }
    }
}
