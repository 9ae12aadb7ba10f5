//! Commands with wrong fields name them, and change nothing.

use jiff::civil::date;
use model::account::CreatedVia;
use model::dossier::{DossierEvent, Status};
use model::{Answer, ClerkCommand, CommandError, Dossier, ImportEffect, Redacted, Service};

use crate::offices::{danang, hue, span, trutnov};
use crate::world::World;

fn refused(service: Service, command: ClerkCommand) -> String {
    let mut world = World::new(service, date(2026, 8, 3).at(9, 0, 0, 0));
    let answer = world.clerk(command);
    assert!(world.records.is_empty(), "nothing was changed");
    match answer {
        Err(CommandError::Invalid { field, .. }) => field,
        Err(CommandError::NotFound { what }) => what,
        other => panic!("{other:?}"),
    }
}

fn put(dossier: Dossier, expected_version: Option<u64>) -> ClerkCommand {
    ClerkCommand::PutDossier { service: hue().id, dossier: Box::new(dossier), expected_version }
}

fn import(id_number: &str, full_name: &str, phone: &str) -> ClerkCommand {
    ClerkCommand::ImportAccount {
        service: danang().id,
        id_number: id_number.into(),
        full_name: full_name.into(),
        birth_date: Redacted(date(1990, 1, 1)),
        phone: Some(phone.into()),
        created_via: CreatedVia::Email,
    }
}

#[test]
fn wrong_fields_are_named() {
    let code = |code: &str| Dossier { code: code.to_owned(), ..Dossier::default() };
    for (dossier, field) in [
        (code("--"), "code"),
        (code(&"1".repeat(33)), "code"),
        (Dossier { note: "n".repeat(501), ..code("1") }, "note"),
        (Dossier { unit: "u".repeat(201), ..code("1") }, "unit"),
    ] {
        assert_eq!(refused(hue(), put(dossier, None)), field);
    }
    for (id_number, name, phone, field) in [
        ("12345678", "A", "0905123456", "id_number"),
        ("12345678a", "A", "0905123456", "id_number"),
        ("123456789", " ", "0905123456", "full_name"),
        ("123456789", "A", "12", "phone"),
    ] {
        assert_eq!(refused(danang(), import(id_number, name, phone)), field);
    }
    let event = DossierEvent::Ready;
    let service = hue().id;
    let happen = ClerkCommand::DossierEvent { service, code: "13557009".to_owned(), event, at: None };
    assert_eq!(refused(hue(), happen), "dossier");
}

#[test]
fn moments_that_have_not_come_are_named() {
    let future = Some(jiff::Timestamp::from_second(4_000_000_000).unwrap());
    let blank = || Dossier { code: "13557009".to_owned(), ..Dossier::default() };
    for (dossier, field) in [
        (Dossier { accepted_at: future, ..blank() }, "accepted_at"),
        (Dossier { fee_paid_at: future, ..blank() }, "fee_paid_at"),
        (Dossier { status_at: future, ..blank() }, "status_at"),
        (Dossier { ready_at: future, ..blank() }, "ready_at"),
        (Dossier { picked_up_at: future, ..blank() }, "picked_up_at"),
        (Dossier { withdrawn_at: future, ..blank() }, "withdrawn_at"),
    ] {
        assert_eq!(refused(hue(), put(dossier, None)), field);
    }
}

/// A text that tells a reason or a unit never goes out without it.
#[test]
fn what_a_citizen_is_told_must_be_there() {
    let blank = || Dossier { code: "13557009".to_owned(), ..Dossier::default() };
    let put_danang = |dossier| {
        let (service, dossier) = (danang().id, Box::new(dossier));
        ClerkCommand::PutDossier { service, dossier, expected_version: None }
    };
    for unit in ["", " ", "\u{1f642}"] {
        let dossier = Dossier { unit: unit.to_owned(), ..blank() };
        assert_eq!(refused(danang(), put_danang(dossier)), "unit");
    }
    for status in [Status::NotAccepted, Status::Supplement, Status::Stopped] {
        for note in ["", " ", "\u{1f642}"] {
            let dossier = Dossier { status, note: note.to_owned(), unit: "UBND".to_owned(), ..blank() };
            assert_eq!(refused(danang(), put_danang(dossier.clone())), "note");
            assert_eq!(refused(hue(), put(dossier, None)), "note");
        }
    }
    let mut world = World::new(hue(), date(2026, 8, 3).at(9, 0, 0, 0));
    world.clerk(put(blank(), None)).unwrap();
    for code in [3, 5, 8] {
        let event = DossierEvent::Status { code, note: " ".to_owned() };
        let (service, code) = (hue().id, "13557009".to_owned());
        let happened = world.clerk(ClerkCommand::DossierEvent { service, code, event, at: None });
        assert!(matches!(happened, Err(CommandError::Invalid { field, .. }) if field == "note"));
    }
}

#[test]
fn a_service_without_dossiers_takes_none() {
    let dossier = Dossier { code: "13557009".to_owned(), ..Dossier::default() };
    assert_eq!(refused(trutnov(), put(dossier, None)), "dossier service");
}

#[test]
fn hours_that_make_no_sense() {
    let service = trutnov().id;
    for spans in [
        vec![span((9, 0), (9, 0))],
        vec![span((9, 0), (8, 0))],
        vec![span((9, 0), (11, 0)), span((10, 0), (12, 0))],
        vec![span((13, 0), (14, 0)), span((8, 0), (9, 0))],
        vec![span((9, 0), (10, 0)); 9],
    ] {
        let command = ClerkCommand::PutDay { service, date: date(2026, 8, 10), spans: Some(spans.clone()) };
        assert_eq!(refused(trutnov(), command), "spans");
        let mut weekly: [Vec<_>; 7] = Default::default();
        weekly[3] = spans;
        let command = ClerkCommand::PutWeeklyHours { service, weekly };
        assert_eq!(refused(trutnov(), command), "weekly[3]");
    }
    for (activity, counters, field) in [("XYZ", 1, "activity"), ("ZOP", 33, "counters")] {
        let activity = activity.to_owned();
        let command = ClerkCommand::PutCapacity { service, activity, counters };
        assert_eq!(refused(trutnov(), command), field);
    }
}

#[test]
fn spans_may_touch() {
    let mut world = World::new(trutnov(), date(2026, 8, 3).at(9, 0, 0, 0));
    let spans = Some(vec![span((8, 0), (12, 0)), span((12, 0), (14, 0))]);
    let command = ClerkCommand::PutDay { service: world.service.id, date: date(2026, 8, 10), spans };
    assert_eq!(world.clerk(command), Ok(Answer::Done { version: 1 }));
}

#[test]
fn edits_of_two_clerks_do_not_overwrite_each_other() {
    let mut world = World::new(hue(), date(2026, 8, 3).at(9, 0, 0, 0));
    let dossier =
        |kind: &str| Dossier { code: "13557009".to_owned(), kind: kind.to_owned(), ..Dossier::default() };
    assert_eq!(world.clerk(put(dossier("a"), Some(0))), Ok(Answer::Done { version: 1 }));
    assert_eq!(world.clerk(put(dossier("b"), Some(1))), Ok(Answer::Done { version: 2 }));
    assert!(matches!(world.clerk(put(dossier("c"), Some(1))), Err(CommandError::Conflict { .. })));
    assert_eq!(world.clerk(put(dossier("d"), None)), Ok(Answer::Done { version: 3 }));
}

#[test]
fn an_event_of_tomorrow_is_refused() {
    let mut world = World::new(hue(), date(2026, 8, 3).at(9, 0, 0, 0));
    world.clerk(put(Dossier { code: "13557009".to_owned(), ..Dossier::default() }, None)).unwrap();
    let at = Some(world.now + jiff::SignedDuration::from_hours(24));
    let (service, code, event) = (world.service.id, "13557009".to_owned(), DossierEvent::PickedUp);
    let answer = world.clerk(ClerkCommand::DossierEvent { service, code, event, at });
    assert!(matches!(answer, Err(CommandError::Invalid { field, .. }) if field == "at"));
}

#[test]
fn days_with_hours_of_their_own_are_bounded() {
    let mut world = World::new(trutnov(), date(2026, 8, 3).at(9, 0, 0, 0));
    let service = world.service.id;
    let mut day = date(2026, 8, 3);
    for _ in 0..150 {
        world.clerk(ClerkCommand::PutDay { service, date: day, spans: Some(Vec::new()) }).unwrap();
        day = day.tomorrow().unwrap();
    }
    let command = ClerkCommand::PutDay { service, date: day, spans: Some(Vec::new()) };
    assert!(matches!(world.clerk(command.clone()), Err(CommandError::Invalid { .. })));
    world.at(date(2026, 8, 5).at(9, 0, 0, 0));
    assert!(world.clerk(command).is_ok(), "days gone by make room");
}

#[test]
fn a_row_of_a_file_is_written_where_it_says_anything_new() {
    let mut world = World::new(hue(), date(2026, 8, 3).at(9, 0, 0, 0));
    let row = |dossier: &Dossier, preview| {
        let (service, dossier) = (hue().id, Box::new(dossier.clone()));
        ClerkCommand::ImportDossier { service, dossier, preview }
    };
    let imported = |effect| Ok(Answer::Imported { effect });
    let first = Dossier { code: "1355-7009".to_owned(), status: Status::Accepted, ..Dossier::default() };
    let other = Dossier { status: Status::Ready, ..first.clone() };
    assert_eq!(world.clerk(row(&first, true)), imported(ImportEffect::Created));
    assert!(world.records.is_empty(), "a preview writes nothing");
    assert_eq!(world.clerk(row(&first, false)), imported(ImportEffect::Created));
    world.at(date(2026, 8, 3).at(10, 0, 0, 0));
    let before = world.records.clone();
    for preview in [true, false] {
        assert_eq!(world.clerk(row(&first, preview)), imported(ImportEffect::Unchanged));
    }
    assert_eq!(world.clerk(row(&other, true)), imported(ImportEffect::Changed));
    assert!(world.records == before, "neither does what is known");
    assert_eq!(world.clerk(row(&other, false)), imported(ImportEffect::Changed));
    // The same as one that is put by itself.
    let known = world.records.clone();
    world.records = before;
    world.clerk(put(other, None)).unwrap();
    assert!(world.records == known);
}

#[test]
fn a_row_of_a_file_is_checked_like_a_dossier_by_itself() {
    for (dossier, field) in [
        (Dossier { code: "--".to_owned(), ..Dossier::default() }, "code"),
        (Dossier { code: "1".to_owned(), status: Status::Stopped, ..Dossier::default() }, "note"),
    ] {
        for preview in [true, false] {
            let (service, dossier) = (hue().id, Box::new(dossier.clone()));
            assert_eq!(refused(hue(), ClerkCommand::ImportDossier { service, dossier, preview }), field);
        }
    }
}
