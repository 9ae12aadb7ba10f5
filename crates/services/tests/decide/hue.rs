//! 8383, dossiers: scenarios 1 to 6.

use jiff::civil::{Date, DateTime, date};
use model::dossier::{DossierEvent, Status};
use model::request::Command;
use model::{ClerkCommand, Dossier, Key};

use crate::offices::hue;
use crate::world::World;

const AN: &str = "84905123456";
const BINH: &str = "84914111222";
const CODE: &str = "13557009";

fn ask(code: &str) -> Command {
    Command::DossierStatus { code: code.to_owned() }
}

fn third(hour: i8, minute: i8, second: i8) -> DateTime {
    date(2026, 8, 3).at(hour, minute, second, 0)
}

/// A dossier that was accepted on 3 August at 08:00 and paid at 08:30.
fn accepted_and_paid() -> World {
    let mut world = World::new(hue(), third(8, 0, 0));
    put(&mut world, Dossier { code: CODE.to_owned(), kind: "passport".to_owned(), ..Dossier::default() });
    event(&mut world, DossierEvent::Accepted);
    world.at(third(8, 30, 0));
    event(&mut world, DossierEvent::FeePaid { amount: Some(200_000) });
    world
}

fn put(world: &mut World, dossier: Dossier) {
    let service = world.service.id;
    world
        .clerk(ClerkCommand::PutDossier { service, dossier: Box::new(dossier), expected_version: None })
        .unwrap();
}

fn event(world: &mut World, event: DossierEvent) {
    let service = world.service.id;
    world.clerk(ClerkCommand::DossierEvent { service, code: CODE.to_owned(), event, at: None }).unwrap();
}

fn due(on: Date) -> DossierEvent {
    DossierEvent::Due { on }
}

#[test]
fn opens_twelve_hours_after_acceptance_and_payment() {
    let mut world = accepted_and_paid();
    event(&mut world, due(date(2026, 8, 17)));
    world.at(third(20, 29, 59));
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009 da tiep nhan. Tra cuu duoc tu 20h30 ngay 03/08/2026 (sau 12 gio ke tu khi tiep nhan va \
         dong le phi)."
    );
    world.at(third(20, 30, 0));
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: dang giai quyet. Ngay hen tra ket qua: 17/08/2026. (Cap nhat 08h00 03/08/2026)"
    );
}

#[test]
fn the_opening_is_told_rounded_up_to_the_minute() {
    for (paid, told) in [((8, 30, 0), "20h30"), ((8, 30, 1), "20h31"), ((8, 59, 59), "21h00")] {
        let mut world = World::new(hue(), third(9, 0, 0));
        let dossier = Dossier {
            code: CODE.to_owned(),
            accepted_at: Some(world.moment(third(8, 0, 0))),
            fee_paid_at: Some(world.moment(third(paid.0, paid.1, paid.2))),
            ..Dossier::default()
        };
        put(&mut world, dossier);
        assert!(world.text(AN, ask(CODE)).contains(told), "{told}");
    }
}

#[test]
fn payment_ahead_of_acceptance() {
    let mut world = World::new(hue(), third(8, 0, 0));
    let dossier = Dossier {
        code: CODE.to_owned(),
        accepted_at: Some(world.moment(third(8, 0, 0))),
        fee_paid_at: Some(world.moment(date(2026, 8, 2).at(15, 0, 0, 0))),
        ..Dossier::default()
    };
    put(&mut world, dossier);
    assert!(world.text(AN, ask(CODE)).contains("tu 20h00 ngay 03/08/2026"));
    world.at(third(20, 0, 0));
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: dang giai quyet, chua co ngay hen tra ket qua. (Cap nhat 08h00 03/08/2026)"
    );
}

#[test]
fn unpaid_and_not_accepted() {
    let mut world = World::new(hue(), third(8, 0, 0));
    put(&mut world, Dossier { code: CODE.to_owned(), ..Dossier::default() });
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Khong tim thay ho so 13557009. Vui long kiem tra Ma so truy cap in tren Giay bien nhan roi nhan lai: XNC \
         <Ma so truy cap> gui 8383"
    );
    event(&mut world, DossierEvent::Accepted);
    world.at(date(2026, 8, 6).at(8, 0, 0, 0));
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009 chua dong le phi nen chua tra cuu duoc. Vui long dong le phi tai Phong QLXNC CA tinh Thua \
         Thien Hue."
    );
}

#[test]
fn a_status_stands_for_the_moment_that_was_left_out() {
    for (status, label) in [
        (Status::Registered, "H-ST-NOTFOUND"),
        (Status::Accepted, "H-ST-UNPAID"),
        (Status::Processing, "H-ST-NOTFOUND"),
    ] {
        let mut world = World::new(hue(), third(8, 0, 0));
        put(&mut world, Dossier { code: CODE.to_owned(), status, ..Dossier::default() });
        assert_eq!(world.label(AN, ask(CODE)), label, "{status:?}");
    }
}

#[test]
fn what_the_clerk_decides_is_told() {
    let mut world = accepted_and_paid();
    event(&mut world, due(date(2026, 8, 5)));
    world.at(date(2026, 8, 4).at(9, 15, 0, 0));
    event(
        &mut world,
        DossierEvent::Supplement {
            note: "bản sao Giấy khai sinh, 02 ảnh 4x6 nền trắng mới".into()
        },
    );
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: can bo sung: ban sao Giay khai sinh, 02 anh 4x6 nen t. Vui long den Phong QLXNC CA tinh \
         Thua Thien Hue. (Cap nhat 09h15 04/08/2026)"
    );
    event(&mut world, DossierEvent::Resumed);
    world.at(date(2026, 8, 5).at(23, 59, 59, 0));
    assert_eq!(world.label(AN, ask(CODE)), "H-ST-PROCESSING");
    world.at(date(2026, 8, 6).at(0, 0, 0, 0));
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: dang giai quyet, da qua ngay hen 05/08/2026. Mong Quy khach thong cam. Vui long lien he \
         Phong QLXNC CA tinh Thua Thien Hue."
    );
    event(&mut world, due(date(2026, 8, 10)));
    assert_eq!(world.label(AN, ask(CODE)), "H-ST-PROCESSING");
    event(&mut world, DossierEvent::Ready);
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: da co ket qua. Moi den nhan ho chieu tai Phong QLXNC CA tinh Thua Thien Hue, mang theo Giay \
         bien nhan va CMND/CCCD."
    );
    event(&mut world, DossierEvent::Refused { note: "thieu giay to".into() });
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: khong duoc giai quyet: thieu giay to. Vui long lien he Phong QLXNC CA tinh Thua Thien Hue."
    );
    event(&mut world, DossierEvent::Withdrawn);
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: da rut ngay 06/08/2026. Chi tiet lien he Phong QLXNC CA tinh Thua Thien Hue."
    );
}

#[test]
fn ends_a_day_after_pick_up_and_is_forgotten_a_month_later() {
    let mut world = World::new(hue(), date(2026, 8, 1).at(8, 0, 0, 0));
    put(&mut world, Dossier { code: CODE.to_owned(), ..Dossier::default() });
    event(&mut world, DossierEvent::Accepted);
    event(&mut world, DossierEvent::FeePaid { amount: None });
    world.at(third(10, 0, 0));
    event(&mut world, DossierEvent::PickedUp);
    world.at(date(2026, 8, 4).at(9, 59, 59, 0));
    assert_eq!(
        world.text(AN, ask(CODE)),
        "Ho so 13557009: da tra ket qua luc 10h00 ngay 03/08/2026. Dich vu tra cuu ket thuc luc 10h00 ngay \
         04/08/2026."
    );
    world.at(date(2026, 8, 4).at(10, 0, 0, 0));
    let ended = "Ho so 13557009: dich vu tra cuu da ket thuc (24 gio sau khi nhan ket qua).";
    assert_eq!(world.text(AN, ask(CODE)), ended);
    world.at(date(2026, 9, 3).at(9, 59, 59, 0));
    assert_eq!(world.text(AN, ask(CODE)), ended);
    assert!(world.records.keys().any(|key| matches!(key, Key::Dossier(..))));
    world.at(date(2026, 9, 3).at(10, 0, 0, 0));
    assert_eq!(world.label(AN, ask(CODE)), "H-ST-NOTFOUND");
    assert!(!world.records.keys().any(|key| matches!(key, Key::Dossier(..))), "nothing of it is kept");
}

#[test]
fn a_dossier_whose_end_was_a_mistake_is_kept() {
    let mut world = accepted_and_paid();
    event(&mut world, DossierEvent::PickedUp);
    event(&mut world, DossierEvent::Resumed);
    world.at(date(2026, 9, 30).at(8, 0, 0, 0));
    assert_eq!(world.label(AN, ask(CODE)), "H-ST-NODATE");
}

/// The first match wins: each later state of the list hides behind each earlier one.
#[test]
fn the_order_of_states() {
    let world = World::new(hue(), third(8, 0, 0));
    let (day, now) = (jiff::SignedDuration::from_hours(24), world.now);
    let mut dossier = Dossier {
        code: CODE.to_owned(),
        accepted_at: Some(now - day),
        fee_paid_at: Some(now - day),
        status: Status::Ready,
        ..Dossier::default()
    };
    let label = |dossier: &Dossier| {
        let mut world = World::new(hue(), third(8, 0, 0));
        put(&mut world, dossier.clone());
        world.label(AN, ask(CODE))
    };
    assert_eq!(label(&dossier), "H-ST-READY");
    dossier.accepted_at = Some(now);
    assert_eq!(label(&dossier), "H-ST-EARLY");
    dossier.fee_paid_at = None;
    assert_eq!(label(&dossier), "H-ST-UNPAID");
    dossier.withdrawn_at = Some(now);
    assert_eq!(label(&dossier), "H-ST-WITHDRAWN");
    dossier.picked_up_at = Some(now);
    assert_eq!(label(&dossier), "H-ST-COLLECTED");
    dossier.picked_up_at = Some(now - day);
    assert_eq!(label(&dossier), "H-ST-ENDED");
    dossier.accepted_at = None;
    assert_eq!(label(&dossier), "H-ST-NOTFOUND");
}

#[test]
fn after_ten_wrong_codes_nothing_is_told_until_the_hour_is_over() {
    let mut world = accepted_and_paid();
    world.at(third(21, 0, 0));
    assert_eq!(world.label(AN, ask(CODE)), "H-ST-NODATE");
    for number in 0..10 {
        world.at(third(21, number, 0));
        assert_eq!(world.label(AN, ask(&format!("2000000{number}"))), "H-ST-NOTFOUND");
    }
    world.at(third(21, 10, 30));
    assert_eq!(
        world.text(AN, ask("20000010")),
        "Quy khach da gui qua so lan cho phep. Vui long thu lai sau 50 phut."
    );
    put(&mut world, Dossier { code: "30000000".to_owned(), ..Dossier::default() });
    assert_eq!(world.text(AN, ask("30000000")), "", "neither a hit");
    assert_eq!(world.text(AN, ask("20000011")), "", "nor a miss");
    assert_eq!(world.label(AN, ask(CODE)), "H-ST-NODATE", "a code found before");
    assert_eq!(world.label(BINH, ask("20000011")), "H-ST-NOTFOUND", "another sender");
    world.at(third(21, 59, 59));
    assert_eq!(world.text(AN, ask("20000011")), "");
    world.at(third(22, 0, 0));
    assert_eq!(world.label(AN, ask("20000011")), "H-ST-NOTFOUND");
    assert_eq!(world.label(AN, ask("20000012")), "LIMIT", "the window slides: ten within any hour");
    assert_eq!(world.text(AN, ask("20000012")), "");
}

#[test]
fn a_look_up_writes_nothing_but_what_limits_need() {
    let mut world = accepted_and_paid();
    let first = world.message(AN, Ok(ask(CODE)));
    assert!(matches!(first.writes.as_slice(), [(Key::Found(..), Some(_))]));
    let again = world.message(AN, Ok(ask(CODE)));
    assert!(again.writes.is_empty());
}

/// Ten wrong codes in any hour, however they are spread.
#[test]
fn no_spread_of_tries_gets_more_than_ten_answers_an_hour() {
    let mut world = World::new(hue(), third(0, 0, 0));
    let mut answered = Vec::new();
    for step in 0..400_i64 {
        let now = third(0, 0, 0) + jiff::SignedDuration::from_secs(step * 97 + (step % 7) * 13);
        world.at(now);
        if world.label(AN, ask("99999999")) == "H-ST-NOTFOUND" {
            answered.push(world.now);
        }
    }
    assert!(answered.len() > 50);
    for window in answered.windows(11) {
        assert!(window[10].duration_since(window[0]) >= jiff::SignedDuration::from_hours(1));
    }
}
