//! +420 739 547 765: scenarios 31 to 39, 41 and 42.

use jiff::civil::{Date, DateTime, Time, date, time};
use model::request::Command;
use model::{Key, Record};

use crate::offices::{span, trutnov};
use crate::world::World;

pub(crate) const NOVAK: &str = "420602123456";
pub(crate) const DVORAK: &str = "420777654321";

/// Monday, 3 August 2026, 09:00.
pub(crate) fn monday() -> DateTime {
    date(2026, 8, 3).at(9, 0, 0, 0)
}

pub(crate) fn world() -> World {
    World::new(trutnov(), monday())
}

pub(crate) fn book(date: Date, time: Time, name: &str) -> Command {
    Command::Book { activity: "ZOP".to_owned(), date, time, name: name.into() }
}

pub(crate) fn nearest(name: &str) -> Command {
    Command::BookNearest { activity: "ZOP".to_owned(), name: name.into() }
}

pub(crate) fn free(date: Date, date_defaulted: bool) -> Command {
    Command::FreeSlots { activity: "ZOP".to_owned(), date, date_defaulted }
}

pub(crate) fn cancel(code: &str, date: Date) -> Command {
    Command::Cancel { code: code.into(), date }
}

pub(crate) fn tenth() -> Date {
    date(2026, 8, 10)
}

/// The code that a booking's text names.
pub(crate) fn code_in(text: &str) -> String {
    let (_, rest) = text.split_once("kod: ").expect("a code");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

/// Takes every free slot of `dates` behind the back of the service.
pub(crate) fn fill(world: &mut World, dates: impl IntoIterator<Item = Date>) {
    for day in dates {
        let key = Key::SlotDay(world.service.id, day);
        let mut slots = model::booking::SlotDay::default();
        slots.take("ZOP", (0..96).map(|quarter| quarter * 15), 0);
        world.records.insert(key, Record::SlotDay(slots));
    }
}

pub(crate) fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= to)
}

#[test]
fn a_slot_is_booked_and_the_next_one_finds_it_taken() {
    let mut world = world();
    let booked = world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK"));
    let code = code_in(&booked);
    assert_eq!(code.len(), 6);
    assert_eq!(
        booked,
        format!(
            "MeU Trutnov: objednano ZOP 10.8.2026 od 14:00, NOVAK. Pristupovy kod: {code}, plati 15 min pred i po. \
             Zruseni: STORNO {code} 10.8."
        )
    );
    assert_eq!(
        world.text(DVORAK, book(tenth(), time(14, 0, 0, 0), "DVORAK")),
        "Termin 10.8.2026 14:00 pro ZOP je obsazen. Volne: 13:30, 13:45, 14:15, 14:30. Dalsi: TERMIN ZOP 10.8."
    );
}

#[test]
fn the_last_seat_is_given_once() {
    let mut world = world();
    world.service.bookings.as_mut().unwrap().activities.get_mut("ZOP").unwrap().counters = 2;
    let at = time(14, 0, 0, 0);
    assert_eq!(world.label(NOVAK, book(tenth(), at, "NOVAK")), "C-BOOKED");
    assert_eq!(world.label(DVORAK, book(tenth(), at, "DVORAK")), "C-BOOKED");
    assert_eq!(world.label("420777000111", book(tenth(), at, "MALY")), "C-TAKEN");
}

#[test]
fn closed_days_name_the_next_free_slot() {
    let mut world = world();
    assert_eq!(
        world.text(NOVAK, book(date(2026, 8, 11), time(9, 0, 0, 0), "NOVAK")),
        "Na 11.8.2026 se nelze objednat. Nejblizsi volny termin: 12.8.2026 od 8:00. Dalsi: TERMIN ZOP 12.8."
    );
    fill(&mut world, [date(2026, 8, 12)]);
    assert!(world.text(NOVAK, free(date(2026, 8, 11), false)).contains("17.8.2026 od 8:00."));
    world.at(date(2026, 9, 1).at(9, 0, 0, 0));
    assert_eq!(
        world.text(NOVAK, book(date(2026, 9, 28), time(9, 0, 0, 0), "NOVAK")),
        "Na 28.9.2026 se nelze objednat. Nejblizsi volny termin: 30.9.2026 od 8:00. Dalsi: TERMIN ZOP 30.9.",
        "a holiday on a Monday"
    );
}

#[test]
fn times_that_are_not_offered() {
    let mut world = world();
    assert_eq!(
        world.text(NOVAK, book(tenth(), time(14, 7, 0, 0), "NOVAK")),
        "Termin 10.8.2026 14:07 se nenabizi. Nejblizsi volne: 13:45, 14:00, 14:15, 14:30. Dalsi: TERMIN ZOP 10.8."
    );
    assert_eq!(
        world.text(NOVAK, book(tenth(), time(17, 0, 0, 0), "NOVAK")),
        "Termin 10.8.2026 17:00 se nenabizi. Nejblizsi volne: 16:00, 16:15, 16:30, 16:45. Dalsi: TERMIN ZOP 10.8."
    );
    assert_eq!(world.label(NOVAK, book(tenth(), time(7, 45, 0, 0), "NOVAK")), "C-NOSLOT");
    assert_eq!(world.label(NOVAK, book(tenth(), time(16, 45, 0, 0), "NOVAK")), "C-BOOKED");
    fill(&mut world, [tenth()]);
    assert_eq!(
        world.text(NOVAK, book(tenth(), time(17, 0, 0, 0), "NOVAK")),
        "Dne 10.8.2026 neni pro ZOP volny termin. Nejblizsi: 12.8.2026 od 8:00."
    );
}

#[test]
fn the_nearest_slot_of_a_week() {
    let mut world = world();
    let text = world.text(NOVAK, nearest("NOVAK"));
    assert!(text.contains("objednano ZOP 3.8.2026 od 9:15, NOVAK."), "a quarter of an hour ahead: {text}");
    fill(&mut world, days(date(2026, 8, 3), tenth()));
    assert_eq!(
        world.text(DVORAK, nearest("DVORAK")),
        "Pro ZOP neni do 10.8.2026 volny termin. Zkuste: TERMIN ZOP datum."
    );
    let key = Key::SlotDay(world.service.id, tenth());
    if let Some(Record::SlotDay(day)) = world.records.get_mut(&key) {
        day.free("ZOP", [16 * 60 + 45], 0);
    }
    assert!(world.text(DVORAK, nearest("DVORAK")).contains("10.8.2026 od 16:45"));
}

#[test]
fn the_nearest_slot_is_a_quarter_of_an_hour_ahead_to_the_second() {
    for (now, start) in [((8, 45, 0), "9:00"), ((8, 45, 1), "9:15"), ((16, 30, 0), "16:45")] {
        let mut world = World::new(trutnov(), date(2026, 8, 3).at(now.0, now.1, now.2, 0));
        assert!(world.text(NOVAK, nearest("NOVAK")).contains(&format!("3.8.2026 od {start},")), "{start}");
    }
    let mut world = World::new(trutnov(), date(2026, 8, 3).at(16, 30, 1, 0));
    assert!(world.text(NOVAK, nearest("NOVAK")).contains("5.8.2026 od 8:00,"));
}

#[test]
fn free_slots_of_a_day() {
    let mut world = world();
    assert_eq!(
        world.text(NOVAK, free(tenth(), false)),
        "Volne terminy ZOP 10.8.2026: 8:00-16:45 (po 15 min). Objednani: OBJ ZOP 10.8. cas jmeno"
    );
    world.label(NOVAK, book(tenth(), time(8, 15, 0, 0), "NOVAK"));
    world.label(NOVAK, book(tenth(), time(8, 45, 0, 0), "NOVAKOVA"));
    assert!(world.text(NOVAK, free(tenth(), false)).contains(": 8:00, 8:30, 9:00-16:45 (po 15 min)"));
    assert!(
        world.text(NOVAK, free(date(2026, 8, 3), false)).contains(": 9:15-16:45 (po"),
        "today, after now"
    );
    fill(&mut world, [tenth()]);
    assert_eq!(
        world.text(NOVAK, free(tenth(), false)),
        "Dne 10.8.2026 neni pro ZOP volny termin. Nejblizsi: 12.8.2026 od 8:00."
    );
}

#[test]
fn a_closed_tomorrow_lists_the_next_open_day() {
    let mut world = world();
    assert_eq!(
        world.text(NOVAK, free(date(2026, 8, 4), true)),
        "Na 4.8.2026 se nelze objednat. Volne terminy ZOP 5.8.2026: 8:00-16:45. Objednani: OBJ ZOP 5.8. cas jmeno"
    );
}

#[test]
fn long_lists_end_at_a_whole_slot() {
    let mut world = world();
    let key = Key::SlotDay(world.service.id, tenth());
    let mut day = model::booking::SlotDay::default();
    day.take("ZOP", (32..68).step_by(2).map(|quarter| quarter * 15), 0);
    world.records.insert(key, Record::SlotDay(day));
    let text = world.text(NOVAK, free(tenth(), false));
    assert_eq!(text.len(), 158, "{text}");
    assert!(text.contains(": 8:15, 8:45, 9:15, "));
    assert!(text.contains("... (po 15 min). Objednani: OBJ ZOP 10.8. cas jmeno"));
}

#[test]
fn a_cancelled_slot_is_free_at_once() {
    let mut world = world();
    let code = code_in(&world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")));
    assert_eq!(
        world.text(NOVAK, cancel(&code, date(2026, 8, 12))),
        format!(
            "Objednavka s kodem {code} na den 12.8.2026 neexistuje nebo uz byla zrusena. Tvar: STORNO kod datum"
        )
    );
    assert_eq!(
        world.text(DVORAK, cancel(&code, tenth())),
        format!("Objednavka {code} na 10.8.2026 od 14:00 byla zrusena."),
        "from any phone"
    );
    assert_eq!(world.label(NOVAK, cancel(&code, tenth())), "C-CANCEL-NOTFOUND");
    assert_eq!(world.label(DVORAK, book(tenth(), time(14, 0, 0, 0), "DVORAK")), "C-BOOKED");
}

#[test]
fn four_live_bookings_of_a_phone() {
    let mut world = world();
    let mut codes = Vec::new();
    for (quarter, name) in ["EVA", "JAN", "PETR", "IVA"].iter().enumerate() {
        let at = time(10, 15 * quarter as i8, 0, 0);
        codes.push(code_in(&world.text(NOVAK, book(tenth(), at, name))));
    }
    let fifth = book(tenth(), time(11, 0, 0, 0), "OTA");
    assert_eq!(
        world.text(NOVAK, fifth.clone()),
        "Z tohoto cisla uz existuji 4 platne objednavky. Nejdrive prosim nekterou zruste: STORNO kod datum"
    );
    assert_eq!(world.label(NOVAK, nearest("OTA")), "C-LIMIT");
    world.text(NOVAK, cancel(&codes[1], tenth()));
    assert_eq!(world.label(NOVAK, fifth), "C-BOOKED");
    world.at(date(2026, 8, 10).at(10, 0, 0, 0));
    assert_eq!(world.label(NOVAK, nearest("ADA")), "C-BOOKED", "one has begun: three are live");
}

/// 25 October 2026 ends summer time, 29 March 2026 begins it.
#[test]
fn slots_are_local_times_on_the_days_of_the_change() {
    let mut service = trutnov();
    service.calendar.weekly[6] = vec![span((0, 0), (23, 0))];
    for (now, day, hours) in [
        (date(2026, 10, 20), date(2026, 10, 25), 23),
        (date(2026, 3, 24), date(2026, 3, 29), 22),
        (date(2026, 9, 15), date(2026, 9, 20), 23),
    ] {
        let mut world = World::new(service.clone(), now.at(9, 0, 0, 0));
        let offered: Vec<Time> = (0..96)
            .map(|quarter: i8| time(quarter / 4, quarter % 4 * 15, 0, 0))
            .filter(|at| {
                let phone = format!("42060212{:02}{:02}", at.hour(), at.minute());
                world.label(&phone, book(day, *at, "X")) == "C-BOOKED"
            })
            .collect();
        assert_eq!(offered.len(), hours * 4, "{day}");
        if hours == 22 {
            assert!(!offered.contains(&time(2, 0, 0, 0)) && !offered.contains(&time(2, 45, 0, 0)));
            assert!(offered.contains(&time(1, 45, 0, 0)) && offered.contains(&time(3, 0, 0, 0)));
        }
        assert_eq!(world.label(NOVAK, free(day, false)), "C-FREE-NONE");
    }
}
