//! 8188, dossiers by the ten national codes: scenario 30 and every reply.

use jiff::civil::{Date, DateTime, date};
use model::dossier::{DossierEvent, Status};
use model::request::Command;
use model::{ClerkCommand, CommandError, Dossier};

use crate::offices::danang;
use crate::world::World;

const AN: &str = "84905123456";
const CODE: &str = "000.00.18.H17-230101-0001";

fn now() -> DateTime {
    date(2026, 8, 3).at(14, 0, 0, 0)
}

fn ask() -> Command {
    Command::DossierStatus { code: CODE.to_owned() }
}

fn told(status: Status, due_on: Option<Date>, new_due_on: Option<Date>) -> String {
    let mut world = World::new(danang(), now());
    let dossier = Dossier {
        code: CODE.to_owned(),
        unit: "UBND quận Hải Châu".to_owned(),
        note: "thiếu bản vẽ".to_owned(),
        status,
        due_on,
        new_due_on,
        ..Dossier::default()
    };
    put(&mut world, dossier);
    world.text(AN, ask())
}

fn put(world: &mut World, dossier: Dossier) {
    let service = world.service.id;
    let dossier = Box::new(dossier);
    world.clerk(ClerkCommand::PutDossier { service, dossier, expected_version: None }).unwrap();
}

#[test]
fn every_code_has_its_reply() {
    for (code, text) in [
        (1, "da nop, dang cho UBND quan Hai Chau tiep nhan."),
        (2, "dang xu ly tai UBND quan Hai Chau, chua co ngay hen tra ket qua."),
        (3, "khong duoc tiep nhan. Ly do: thieu ban ve. Lien he UBND quan Hai Chau."),
        (4, "dang xu ly tai UBND quan Hai Chau, chua co ngay hen tra ket qua."),
        (5, "yeu cau bo sung: thieu ban ve. Lien he UBND quan Hai Chau."),
        (6, "yeu cau thuc hien nghia vu tai chinh. Lien he UBND quan Hai Chau."),
        (7, "da rut theo yeu cau ngay 03/08/2026."),
        (8, "da dung xu ly. Ly do: thieu ban ve. Lien he UBND quan Hai Chau."),
        (9, "da xu ly xong. Moi anh chi den UBND quan Hai Chau nhan ket qua."),
        (10, "da tra ket qua ngay 03/08/2026."),
    ] {
        let status = Status::from_code(code).unwrap();
        assert_eq!(told(status, None, None), format!("Ho so {CODE}: {text}"), "{code}");
    }
}

#[test]
fn in_time_late_and_late_again() {
    let on = |day| Some(date(2026, 8, day));
    for (due_on, new_due_on, text) in [
        (on(3), None, "dang xu ly tai UBND quan Hai Chau. Hen tra ket qua: 03/08/2026."),
        (on(2), None, "dang xu ly, tre hen 02/08/2026. UBND quan Hai Chau xin loi anh chi."),
        (
            on(2),
            on(3),
            "dang xu ly, tre hen 02/08/2026. UBND quan Hai Chau xin loi anh chi. Hen lai: 03/08/2026.",
        ),
        (on(1), on(2), "dang xu ly, tre hen 02/08/2026. UBND quan Hai Chau xin loi anh chi."),
    ] {
        assert_eq!(told(Status::Processing, due_on, new_due_on), format!("Ho so {CODE}: {text}"));
        assert_eq!(told(Status::Accepted, due_on, new_due_on), format!("Ho so {CODE}: {text}"));
    }
}

#[test]
fn unknown_codes_and_codes_written_otherwise() {
    let mut world = World::new(danang(), now());
    assert_eq!(
        world.text(AN, ask()),
        format!(
            "Khong tim thay ho so {CODE}. Vui long kiem tra ma bien nhan va nhan lai: DVC<Ma bien nhan> gui 8188"
        )
    );
    let code = "000.00.18.H17-230101-0001".to_owned();
    put(&mut world, Dossier { code, unit: "UBND".to_owned(), ..Dossier::default() });
    let bare = Command::DossierStatus { code: "0000018H172301010001".to_owned() };
    assert!(world.text(AN, bare).starts_with(&format!("Ho so {CODE}: da nop")));
}

#[test]
fn events_move_a_dossier_and_corrections_take_back() {
    let mut world = World::new(danang(), now());
    put(&mut world, Dossier { code: CODE.to_owned(), unit: "UBND".to_owned(), ..Dossier::default() });
    let mut happen = |event| {
        let service = world.service.id;
        let outcome =
            world.clerk(ClerkCommand::DossierEvent { service, code: CODE.to_owned(), event, at: None });
        outcome.map(|_| world.label(AN, ask()))
    };
    for (event, label) in [
        (DossierEvent::Accepted, "D-DVC-NODATE"),
        (DossierEvent::Due { on: date(2026, 8, 2) }, "D-DVC-OVERDUE-NODATE"),
        (DossierEvent::Due { on: date(2026, 8, 9) }, "D-DVC-OVERDUE"),
        (DossierEvent::Status { code: 6, note: String::new() }, "D-DVC-FEE"),
        (DossierEvent::FeePaid { amount: None }, "D-DVC-OVERDUE"),
        (DossierEvent::Supplement { note: "anh".to_owned() }, "D-DVC-SUPPLEMENT"),
        (DossierEvent::Resumed, "D-DVC-OVERDUE"),
        (DossierEvent::Ready, "D-DVC-READY"),
        (DossierEvent::PickedUp, "D-DVC-RETURNED"),
        (DossierEvent::Status { code: 3, note: "sai".to_owned() }, "D-DVC-NOT-ACCEPTED"),
        (DossierEvent::Accepted, "D-DVC-OVERDUE"),
        (DossierEvent::Withdrawn, "D-DVC-WITHDRAWN"),
        (DossierEvent::Refused { note: "sai".to_owned() }, "D-DVC-STOPPED"),
    ] {
        assert_eq!(happen(event.clone()), Ok(label.to_owned()), "{event:?}");
    }
    assert!(matches!(
        happen(DossierEvent::Status { code: 11, note: String::new() }),
        Err(CommandError::Invalid { field, .. }) if field == "code"
    ));
}

/// Longest unit and note: the note gives way first and the text keeps to one part.
#[test]
fn long_units_and_notes_keep_to_one_part() {
    let mut world = World::new(danang(), now());
    for status in Status::ALL {
        let dossier = Dossier {
            code: "A".repeat(31) + "1234",
            unit: "Ủy ban nhân dân ".repeat(8),
            note: "Thiếu giấy tờ ".repeat(12),
            status,
            due_on: Some(date(2026, 8, 1)),
            new_due_on: Some(date(2026, 8, 20)),
            ..Dossier::default()
        };
        let dossier = Dossier { code: dossier.code[..32].to_owned(), ..dossier };
        put(&mut world, dossier.clone());
        let text = world.text(AN, Command::DossierStatus { code: dossier.code });
        assert!(text.len() <= 160 && text.starts_with("Ho so AAAA"), "{text}");
    }
}
