//! Days that there are not, days that are gone, and days of every fourth year. H-21 to H-23 and H-26.

use jiff::SignedDuration;
use model::ServiceId;

use crate::stage::{MONDAY, Stage, TRUTNOV};

const CITIZEN: &str = "84905123456";

#[test]
fn h_21_a_day_that_the_calendar_has_not_is_refused_and_never_rolled_over() {
    let mut stage = Stage::at(MONDAY);
    for day in [
        "31.2.",
        "30.2.",
        "29.2.2026",
        "29.2.2027",
        "31.4.",
        "31.6.",
        "31.9.",
        "31.11.",
        "32.8.",
        "0.8.",
        "00.13.",
        "10.13.",
        "29.2.1900",
        "29.2.2100",
        "3102",
        "31/02/2027",
        "2026-02-30",
    ] {
        for (citizen, command) in ["OBJ ZOP", "TERMIN ZOP", "STORNO 123456"].iter().enumerate() {
            let text = format!("{command} {day} 14:00 NOVAK");
            let reply = stage.answer(&format!("42060212345{citizen}"), TRUTNOV, &text);
            assert!(reply.starts_with("Neplatny udaj: datum."), "{text}: {reply}");
        }
        stage.after(SignedDuration::from_mins(1));
    }
}

#[test]
fn h_21_nobody_is_born_on_a_day_that_there_was_not_or_will_be() {
    let mut stage = Stage::at(MONDAY);
    for day in [
        "31/02/1990",
        "30/02/1992",
        "29/02/1990",
        "29/02/1900",
        "29/02/2100",
        "31/04/1990",
        "00/13/1990",
        "31.12.1899",
        "04/08/2026",
        "20/12/90",
        "1990/12/20",
        "20/12/19900",
    ] {
        let reply = stage.answer(CITIZEN, "8188", &format!("TK,Nguyen Van An,201499999,{day}"));
        assert!(reply.starts_with("Loi. Tin nhan sai cu phap."), "{day}: {reply}");
        assert!(stage.world.account(ServiceId::new("danang"), "201499999").unwrap().is_none());
        stage.after(SignedDuration::from_mins(1));
    }
    for (id_number, day) in [("201499991", "29/02/2000"), ("201499992", "29.02.1992")] {
        let phone = format!("849051{}", &id_number[4..]);
        let reply = stage.answer(&phone, "8188", &format!("TK,Nguyen Van An,{id_number},{day}"));
        assert!(reply.starts_with("TK: "), "{day}: {reply}");
    }
}

#[test]
fn h_22_a_day_is_read_day_first_in_each_form_and_told_back_in_full() {
    for day in [
        "10.8.",
        "10. 8.",
        "10.8",
        "10/8",
        "10-8",
        "1008",
        "10.8.26",
        "10.8.2026",
        "10. 8. 2026",
        "2026-08-10",
    ] {
        let mut stage = Stage::at(MONDAY);
        let reply = stage.town(&format!("OBJ ZOP {day} 14:00 NOVAK"));
        assert!(reply.contains("objednano ZOP 10.8.2026 od 14:00, NOVAK."), "{day}: {reply}");
    }
    // Never month first: the 12th of a 13th month there is not.
    let mut stage = Stage::at(MONDAY);
    assert!(stage.town("OBJ ZOP 8/13 14:00 NOVAK").starts_with("Neplatny udaj: datum."));
}

#[test]
fn h_22_in_december_a_day_of_january_is_the_next_years() {
    let mut stage = Stage::at("2026-12-03T08:00:00Z");
    let reply = stage.town("OBJ ZOP 4.1. 9:00 NOVAK");
    assert!(reply.contains("objednano ZOP 4.1.2027 od 9:00"), "{reply}");
    let reply = stage.town("OBJ ZOP 2.12. 9:00 NOVAK");
    assert!(reply.starts_with("Zadany termin uz uplynul."), "{reply}");
}

#[test]
fn h_23_what_is_gone_too_far_or_after_the_last_slot_is_refused_with_its_reason() {
    let mut stage = Stage::at(MONDAY);
    for (command, reason) in [
        ("OBJ ZOP 2.8. 14:00 NOVAK", "Zadany termin uz uplynul."),
        ("OBJ ZOP 3.8. 8:00 NOVAK", "Zadany termin uz uplynul."),
        ("OBJ ZOP 3.8. 9:00 NOVAK", "Zadany termin uz uplynul."),
        ("OBJ ZOP 10.8.2025 14:00 NOVAK", "Zadany termin uz uplynul."),
        ("OBJ ZOP 5.10. 14:00 NOVAK", "Objednat se lze nejvyse 60 dni dopredu."),
        ("OBJ ZOP 10.8.2027 14:00 NOVAK", "Objednat se lze nejvyse 60 dni dopredu."),
        ("OBJ ZOP 10.8.9999 14:00 NOVAK", "Objednat se lze nejvyse 60 dni dopredu."),
        ("OBJ ZOP 4.8. 14:00 NOVAK", "Na 4.8.2026 se nelze objednat."),
    ] {
        let reply = stage.town(command);
        assert!(reply.starts_with(reason), "{command}: {reply}");
    }
    stage.until("2026-08-03T15:00:00Z");
    for (command, reason) in [
        ("OBJ ZOP DNES 16:45 NOVAK", "Zadany termin uz uplynul."),
        ("OBJ ZOP DNES 18:00 NOVAK", "Dne 3.8.2026 neni pro ZOP volny termin."),
        ("TERMIN ZOP DNES", "Dne 3.8.2026 neni pro ZOP volny termin."),
    ] {
        let reply = stage.town(command);
        assert!(reply.starts_with(reason), "{command}: {reply}");
    }
}

#[test]
fn h_26_the_29th_of_february_is_a_day_in_leap_years_and_none_in_others() {
    // 29.2.2028 is a Tuesday, which the town opens; no year given: the next one that there is.
    let mut stage = Stage::at("2028-01-17T08:00:00Z");
    let spans = vec![model::Span { from: jiff::civil::time(8, 0, 0, 0), to: jiff::civil::time(17, 0, 0, 0) }];
    let date = jiff::civil::date(2028, 2, 29);
    stage.clerk(model::ClerkCommand::PutDay { service: ServiceId::new("trutnov"), date, spans: Some(spans) });
    let reply = stage.town("OBJ ZOP 29.2. 9:00 NOVAK");
    assert!(reply.contains("objednano ZOP 29.2.2028 od 9:00"), "{reply}");
    stage.until("2028-02-28T08:00:00Z");
    let reply = stage.town("TERMIN ZOP ZITRA");
    assert!(reply.starts_with("Volne terminy ZOP 29.2.2028: 8:00-8:45, 9:15-16:45"), "{reply}");
    stage.until("2028-03-01T08:00:00Z");
    let reply = stage.town("OBJ ZOP 29.2. 9:00 NOVAK");
    assert!(reply.starts_with("Objednat se lze nejvyse 60 dni dopredu."), "the next is in 2032: {reply}");

    let mut stage = Stage::at("2027-02-28T08:00:00Z");
    let reply = stage.town("TERMIN ZOP ZITRA");
    assert!(reply.contains("1.3.2027"), "the day after the 28th of a common year: {reply}");
    assert!(stage.town("OBJ ZOP 29.2.2027 9:00 NOVAK").starts_with("Neplatny udaj: datum."));
}

#[test]
fn h_26_hours_that_run_over_the_29th_of_february_are_hours() {
    // Accepted and paid 12 hours before it opens, across the leap day.
    let mut stage = Stage::at("2028-02-28T16:00:00Z");
    let accepted = stage.world.wall();
    let dossier = model::Dossier {
        code: "13557009".to_owned(),
        accepted_at: Some(accepted),
        fee_paid_at: Some(accepted),
        status: model::dossier::Status::Processing,
        ..model::Dossier::default()
    };
    stage.clerk(model::ClerkCommand::PutDossier {
        service: ServiceId::new("hue-xnc"),
        dossier: Box::new(dossier),
        expected_version: None,
    });
    let reply = stage.answer(CITIZEN, "8383", "XNC 13557009");
    assert!(reply.contains("Tra cuu duoc tu 11h00 ngay 29/02/2028"), "{reply}");
    stage.until("2028-02-29T04:00:00Z");
    assert!(stage.answer(CITIZEN, "8383", "XNC 13557009").contains("dang giai quyet"));
}
