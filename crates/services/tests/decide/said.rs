//! From the citizen's own words to the reply: reading and deciding fit together.

use jiff::civil::date;
use model::{Request, Service};

use crate::offices::{danang, hue, interpret, trutnov, tttb};
use crate::world::{World, msisdn};

/// What is answered to texts sent one after another, at 14:00 in Viet Nam on 3 August 2026.
fn talk(service: Service, from: &str, turns: &[(&str, &str)]) {
    let to = service.numbers[0].clone();
    let mut world = World::new(service, date(2026, 8, 3).at(0, 0, 0, 0));
    world.now = "2026-08-03T07:00:00Z".parse().unwrap();
    for (text, reply) in turns {
        let interpretation = interpret(&to, text, world.now);
        let before = world.sent.len();
        world.run(&Request::Message { sender: msisdn(from), interpretation });
        let said: String =
            world.sent[before..].iter().map(|message| message.text.clone().unwrap().0).collect();
        assert!(said.starts_with(reply) && !said.is_empty(), "{text}\n{said}\n{reply}");
        assert!(
            !said.contains("  ") && !said.contains(": ,") && !said.contains("TERMIN  "),
            "an empty place: {said}"
        );
    }
}

#[test]
fn trutnov_in_words() {
    talk(
        trutnov(),
        "420602123456",
        &[
            (
                "obj zop 10.8. 14:00 Novák",
                "MeU Trutnov: objednano ZOP 10.8.2026 od 14:00, NOVAK. Pristupovy kod: ",
            ),
            (
                "OBJ ZOP 10.8. 14:00 DVORAK",
                "Termin 10.8.2026 14:00 pro ZOP je obsazen. Volne: 13:30, 13:45, 14:15, 14:30.",
            ),
            (
                "OBJ ZOP 10.12. 14:00 NOVAK",
                "Objednat se lze nejvyse 60 dni dopredu. Volne terminy: TERMIN ZOP datum",
            ),
            ("OBJ ZOP 3.8. 8:00 NOVAK", "Zadany termin uz uplynul."),
            ("OBJ XYZ 10.8. 14:00 NOVAK", "Zkratka neexistuje."),
            (
                "OBJ ZOP 10.8. NOVAK",
                "Chybi udaj: cas. Spravny tvar: OBJ zkr datum cas jmeno, napr. OBJ ZOP 10.8. 14:00 NOVAK.",
            ),
            ("OBJ ZOP 10.8. 25:00 NOVAK", "Neplatny udaj: cas. Spravny tvar: OBJ zkr datum cas jmeno"),
            (
                "OBJ ZOP NOVAK 10.8. 14:00",
                "SMS nema spravny tvar nebo poradi udaju. Spravne: OBJ zkr datum cas jmeno",
            ),
            ("STORNO 10.8.", "Chybi udaj: kod. Spravny tvar: STORNO kod datum"),
            ("TERMIN ZOP", "Na 4.8.2026 se nelze objednat. Volne terminy ZOP 5.8.2026: 8:00-16:45."),
            ("OBJ ZOP NOVAKOVA", "MeU Trutnov: objednano ZOP 3.8.2026 od 9:15, NOVAKOVA."),
            ("HELP ZKR", "ZOP zadost o OP"),
            ("dobry den", "Zprave nerozumime."),
            (
                "STORNO 000000 10.8.",
                "Objednavka s kodem 000000 na den 10.8.2026 neexistuje nebo uz byla zrusena.",
            ),
        ],
    );
}

#[test]
fn hue_in_words() {
    talk(
        hue(),
        "84905123456",
        &[
            ("XNC 13557009", "Khong tim thay ho so 13557009."),
            ("XNC 1355700", "Ma so truy cap gom 8 chu so"),
            ("XNC STTXC", "Hien chua co so lieu hang doi."),
            ("XNC STTZZ", "Sai cu phap."),
            ("XNC HD", "Tra cuu ho so: XNC"),
            ("TTTB", "Cu phap TTTB phai gui den so 1414. Vui long gui lai."),
            ("XNC 13557009 13557010", "Moi tin nhan chi duoc gui mot yeu cau."),
        ],
    );
}

#[test]
fn tttb_in_words() {
    talk(
        tttb(),
        "84905123456",
        &[
            ("TTTB", "Thue bao 0905123456 chua co thong tin."),
            ("TTTB 12345678", "So giay to phai gom 9 hoac 12 chu so."),
            ("abc", "Sai cu phap. De kiem tra thong tin thue bao"),
        ],
    );
}

#[test]
fn danang_in_words() {
    talk(
        danang(),
        "84905123456",
        &[
            ("TK,Nguyen Van A,201499999,20/12/1990", "TK: 201499999, MK: "),
            ("TK;Nguyen Van A;201499999;20.12.1990", "So CMND da duoc su dung"),
            ("TK,Nguyen Van B,201499998,20/12/1990", "So dien thoai da duoc su dung"),
            ("TK,Nguyen Van B,048199000123,20/12/1990", "Loi. Ngay sinh khong khop voi so CCCD."),
            ("DVC000.00.18.H17-230101-0001", "Khong tim thay ho so 000.00.18.H17-230101-0001."),
            ("DVC", "Loi. Tin nhan sai cu phap. Tra cuu ho so: DVC<Ma bien nhan>"),
            ("XNC 13557009", "Loi. Tin nhan sai cu phap. Cu phap dung la: TK,"),
        ],
    );
}
