//! Offices that are open while clocks are set forth and back. H-24.

use routing::Rules;

use crate::stage::Stage;

/// The town with counters that are open at night, every day, and `more` lines among the settings of bookings.
fn night_office(more: &str) -> Rules {
    let day_hours = "mon = [\"08:00-17:00\"]\nwed = [\"08:00-17:00\"]\n";
    let night = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .map(|day| format!("{day} = [\"00:00-05:00\"]\n"))
        .concat();
    let (name, text) = Rules::builtin_files().iter().find(|(name, _)| name.contains("trutnov")).unwrap();
    let text = text
        .replace(day_hours, &night)
        .replace("offers_max = 4\n", &format!("offers_max = 4\n{more}"))
        .replace("holidays = \"cz\"\n", "");
    assert!(text.contains("sun = [\"00:00-05:00\"]") && text.contains(&format!("= 4\n{more}")));
    Rules::load(&[(*name, text.as_str())]).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

fn free(stage: &mut Stage, day: &str) -> String {
    let reply = stage.town(&format!("TERMIN ZOP {day}"));
    crate::stage::between(&reply, ": ", " (po").to_owned()
}

#[test]
fn h_24_the_hour_that_clocks_jump_over_has_no_slots_and_cannot_be_booked() {
    let mut stage = Stage::with(night_office(""), "2026-03-27T08:00:00Z");
    assert_eq!(free(&mut stage, "29.3."), "0:00-1:45, 3:00-4:45");
    assert_eq!(free(&mut stage, "30.3."), "0:00-4:45");
    let reply = stage.town("OBJ ZOP 29.3. 2:30 NOVAK");
    assert!(reply.starts_with("Termin 29.3.2026 2:30 se nenabizi. Nejblizsi volne: "), "{reply}");
    let reply = stage.town("OBJ ZOP 29.3. 3:00 NOVAK");
    assert!(reply.contains("objednano ZOP 29.3.2026 od 3:00"), "{reply}");
    // 1:59:59 is followed by 3:00:00, when that slot begins and is gone.
    stage.until("2026-03-29T00:59:59Z");
    assert!(stage.town("OBJ ZOP 29.3. 3:15 SVOBODA").contains("od 3:15"));
    stage.until("2026-03-29T01:00:00Z");
    assert!(stage.town("OBJ PCD 29.3. 3:00 DVORAK").starts_with("Zadany termin uz uplynul."));
}

#[test]
fn h_24_a_time_that_comes_twice_is_the_first_one_and_gone_when_it_comes_again() {
    let mut stage = Stage::with(night_office(""), "2026-10-23T08:00:00Z");
    assert_eq!(free(&mut stage, "25.10."), "0:00-4:45");
    let reply = stage.town("OBJ ZOP 25.10. 2:30 NOVAK");
    assert!(reply.contains("objednano ZOP 25.10.2026 od 2:30"), "{reply}");
    // Once only: the second half past two is no second seat.
    let other = stage.answer("420602999999", crate::stage::TRUTNOV, "OBJ ZOP 25.10. 2:30 SVOBODA");
    assert!(other.starts_with("Termin 25.10.2026 2:30 pro ZOP je obsazen."), "{other}");
    // 2:10 for the second time: half past two was twenty minutes before the clocks went back.
    stage.until("2026-10-25T01:10:00Z");
    let reply = stage.town("OBJ POP 25.10. 2:30 DVORAK");
    assert!(reply.starts_with("Zadany termin uz uplynul."), "{reply}");
    assert_eq!(free(&mut stage, "DNES"), "3:00-4:45");
}

#[test]
fn h_24_one_reminder_leaves_where_its_hour_is_missing_and_where_it_comes_twice() {
    for (now, booked_day, reminded) in [
        // The eve is the day of the change; the reminder is held until the hours of notices, 7:00.
        ("2026-03-27T08:00:00Z", "30.3.", "2026-03-29T05:00:00Z"),
        ("2026-10-23T08:00:00Z", "26.10.", "2026-10-25T06:00:00Z"),
        // And a day with neither.
        ("2026-06-05T08:00:00Z", "8.6.", "2026-06-07T05:00:00Z"),
    ] {
        let mut stage = Stage::with(night_office("reminder_at = \"02:30\"\n"), now);
        assert!(stage.town(&format!("OBJ ZOP {booked_day} 4:00 NOVAK")).contains("objednano ZOP"));
        let moment: jiff::Timestamp = reminded.parse().unwrap();
        stage.until(&moment.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap().to_string());
        assert_eq!(stage.read("420602123456"), [""; 0], "{booked_day}: too early");
        stage.until(&moment.checked_add(jiff::SignedDuration::from_secs(1)).unwrap().to_string());
        let texts = stage.read("420602123456");
        assert_eq!(texts.len(), 1, "{booked_day}: {texts:?}");
        assert!(texts[0].starts_with("MeU Trutnov: pripominame ZOP"), "{texts:?}");
        stage.after(jiff::SignedDuration::from_hours(72));
        assert_eq!(stage.read("420602123456"), [""; 0], "{booked_day}: a second one");
    }
}
