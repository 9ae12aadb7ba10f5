//! +420 739 547 765: the rules beside the scenarios.

use jiff::civil::{date, time};
use model::key::TimerSubject;
use model::outcome::Class;
use model::request::Command;
use model::{ClerkCommand, Interpretation, Key, Msisdn, Record, Request};
use proptest::prelude::*;

use crate::offices::{span, trutnov};
use crate::trutnov::{DVORAK, NOVAK, book, cancel, code_in, days, fill, free, monday, nearest, tenth, world};
use crate::world::World;

#[test]
fn a_time_gone_by_and_a_slot_that_starts_now() {
    let mut world = world();
    let today = date(2026, 8, 3);
    let past = "Zadany termin uz uplynul. Volne terminy: TERMIN zkr datum. Napoveda: HELP";
    assert_eq!(world.text(NOVAK, book(today, time(9, 0, 0, 0), "NOVAK")), past);
    assert_eq!(world.text(NOVAK, book(date(2026, 7, 29), time(9, 0, 0, 0), "NOVAK")), past);
    assert_eq!(world.text(NOVAK, free(date(2026, 8, 2), false)), past);
    assert_eq!(world.label(NOVAK, book(today, time(9, 15, 0, 0), "NOVAK")), "C-BOOKED");
}

#[test]
fn sixty_days_ahead_and_no_further() {
    let mut service = trutnov();
    service.calendar.weekly = std::array::from_fn(|_| vec![span((8, 0), (9, 0))]);
    let mut world = World::new(service, monday());
    assert_eq!(world.label(NOVAK, book(date(2026, 10, 2), time(8, 0, 0, 0), "NOVAK")), "C-BOOKED");
    assert_eq!(
        world.text(NOVAK, book(date(2026, 10, 3), time(8, 0, 0, 0), "NOVAK")),
        "Objednat se lze nejvyse 60 dni dopredu. Volne terminy: TERMIN ZOP datum"
    );
    assert_eq!(world.label(NOVAK, free(date(2026, 10, 2), false)), "C-FREE");
    assert_eq!(world.label(NOVAK, free(date(2026, 10, 3), false)), "C-HORIZON");
}

#[test]
fn the_same_booking_twice() {
    let mut world = world();
    world.label(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK"));
    assert_eq!(
        world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")),
        "Pro NOVAK uz je na 10.8.2026 objednano ZOP. Zmena: nejdrive STORNO kod datum, potom nova objednavka."
    );
    assert_eq!(world.label(NOVAK, book(tenth(), time(15, 0, 0, 0), "NOVAK")), "C-DUP", "another time");
    assert_eq!(world.label(NOVAK, book(tenth(), time(15, 0, 0, 0), "NOVAKOVA")), "C-BOOKED", "another name");
    assert_eq!(world.label(NOVAK, book(date(2026, 8, 12), time(14, 0, 0, 0), "NOVAK")), "C-BOOKED");
    assert_eq!(world.label(DVORAK, book(tenth(), time(15, 15, 0, 0), "NOVAK")), "C-BOOKED", "another phone");
}

#[test]
fn no_slot_left_that_day_or_at_all() {
    let mut world = world();
    fill(&mut world, [tenth()]);
    assert_eq!(
        world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")),
        "Termin 10.8.2026 14:00 pro ZOP je obsazen, ten den uz neni volno. Nejblizsi: 12.8.2026 od 8:00."
    );
    fill(&mut world, days(tenth(), date(2026, 10, 2)));
    assert!(
        world
            .text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK"))
            .ends_with("Nejblizsi: 3.8.2026 od 9:15."),
        "nothing after it, so the first before it"
    );
    fill(&mut world, days(date(2026, 8, 3), tenth()));
    let none = "Na 10.8.2026 se nelze objednat a do 60 dni neni pro ZOP volny termin.";
    assert_eq!(world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")), none);
    assert_eq!(world.text(NOVAK, free(tenth(), false)), none);
    for (command, date) in
        [(free(date(2026, 8, 4), true), "4.8.2026"), (free(date(2026, 8, 11), false), "11.8.2026")]
    {
        assert_eq!(world.text(NOVAK, command), none.replace("10.8.2026", date));
    }
}

#[test]
fn wrong_codes_lock_even_the_right_one_out() {
    let mut world = world();
    let code = code_in(&world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")));
    for number in 0..5 {
        assert_eq!(world.label(DVORAK, cancel(&format!("00000{number}"), tenth())), "C-CANCEL-NOTFOUND");
    }
    world.at(date(2026, 8, 3).at(9, 29, 30, 0));
    assert_eq!(
        world.text(DVORAK, cancel(&code, tenth())),
        "Prilis mnoho nespravnych kodu. Zkuste to prosim znovu za 31 min."
    );
    assert_eq!(world.text(DVORAK, cancel(&code, tenth())), "");
    assert_eq!(
        world.label(DVORAK, book(tenth(), time(15, 0, 0, 0), "DVORAK")),
        "C-BOOKED",
        "booking goes on"
    );
    world.at(date(2026, 8, 3).at(10, 0, 0, 0));
    assert_eq!(world.label(DVORAK, cancel(&code, tenth())), "C-CANCELLED");
}

#[test]
fn a_slot_can_be_given_back_until_it_starts() {
    for (now, label) in [((13, 59, 59), "C-CANCELLED"), ((14, 0, 0), "C-CANCEL-NOTFOUND")] {
        let mut world = world();
        let code = code_in(&world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")));
        world.at(tenth().at(now.0, now.1, now.2, 0));
        assert_eq!(world.label(NOVAK, cancel(&code, tenth())), label);
    }
}

#[test]
fn unknown_and_inactive_activities() {
    let mut world = world();
    world.service.bookings.as_mut().unwrap().activities.get_mut("PTP").unwrap().active = false;
    for activity in ["XYZ", "PTP"] {
        let command =
            Command::FreeSlots { activity: activity.to_owned(), date: tenth(), date_defaulted: false };
        assert_eq!(world.label(NOVAK, command), "C-BAD-ACT");
    }
}

#[test]
fn long_activities_need_room_for_their_whole_length() {
    let mut service = trutnov();
    service.bookings.as_mut().unwrap().activities.get_mut("ZOP").unwrap().minutes = 30;
    let mut world = World::new(service, monday());
    assert_eq!(world.label(NOVAK, book(tenth(), time(16, 45, 0, 0), "NOVAK")), "C-NOSLOT");
    assert_eq!(world.label(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")), "C-BOOKED");
    for minute in [45, 15] {
        let hour = if minute == 45 { 13 } else { 14 };
        assert_eq!(world.label(DVORAK, book(tenth(), time(hour, minute, 0, 0), "D")), "C-TAKEN");
    }
    assert_eq!(world.label(DVORAK, book(tenth(), time(13, 30, 0, 0), "D")), "C-BOOKED");
}

#[test]
fn slots_keep_to_the_grid_and_lie_whole_within_one_span() {
    let mut service = trutnov();
    service.calendar.weekly[0] = vec![span((8, 10), (9, 5)), span((9, 50), (10, 50))];
    service.bookings.as_mut().unwrap().activities.get_mut("PCD").unwrap().minutes = 40;
    let mut world = World::new(service, monday());
    assert!(world.text(NOVAK, free(tenth(), false)).contains(": 8:15-8:45, 10:00-10:30 (po"));
    let of_pcd = Command::FreeSlots { activity: "PCD".to_owned(), date: tenth(), date_defaulted: false };
    assert!(world.text(NOVAK, of_pcd).contains(": 8:15, 10:00 (po"), "40 minutes take three intervals");
    assert_eq!(world.label(NOVAK, book(tenth(), time(8, 10, 0, 0), "NOVAK")), "C-NOSLOT");
    assert_eq!(world.label(NOVAK, book(tenth(), time(9, 0, 0, 0), "NOVAK")), "C-NOSLOT");
}

#[test]
fn clerks_change_hours_days_and_capacities() {
    let mut world = world();
    let service = world.service.id;
    let day = |spans| ClerkCommand::PutDay { service, date: tenth(), spans };
    world.clerk(day(Some(Vec::new()))).unwrap();
    assert_eq!(world.label(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")), "C-CLOSED");
    world.clerk(day(Some(vec![span((9, 0), (10, 0))]))).unwrap();
    assert!(world.text(NOVAK, free(tenth(), false)).contains(": 9:00-9:45 (po"));
    world.clerk(day(None)).unwrap();
    assert_eq!(world.label(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")), "C-BOOKED");
    let capacity = |counters| ClerkCommand::PutCapacity { service, activity: "ZOP".to_owned(), counters };
    world.clerk(capacity(2)).unwrap();
    assert_eq!(world.label(DVORAK, book(tenth(), time(14, 0, 0, 0), "DVORAK")), "C-BOOKED");
    world.clerk(capacity(0)).unwrap();
    assert_eq!(world.label(DVORAK, free(tenth(), false)), "C-CLOSED-NONE");
    let mut weekly: [Vec<_>; 7] = Default::default();
    weekly[1] = vec![span((8, 0), (12, 0))];
    world.clerk(capacity(1)).unwrap();
    world.clerk(ClerkCommand::PutWeeklyHours { service, weekly }).unwrap();
    assert_eq!(world.label(DVORAK, free(date(2026, 8, 11), false)), "C-FREE");
    assert_eq!(world.label(DVORAK, free(date(2026, 8, 12), false)), "C-CLOSED");
}

#[test]
fn a_reminder_on_the_eve_where_the_office_wants_one() {
    let mut service = trutnov();
    service.bookings.as_mut().unwrap().reminder_at = Some(time(17, 0, 0, 0));
    let mut world = World::new(service, monday());
    let code = code_in(&world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")));
    let gone = code_in(&world.text(NOVAK, book(tenth(), time(15, 0, 0, 0), "DVORAK")));
    world.text(NOVAK, cancel(&gone, tenth()));
    world.text(NOVAK, nearest("MALA"));
    let before = world.sent.len();
    world.at(date(2026, 8, 9).at(16, 59, 59, 0));
    assert_eq!(world.sent.len(), before, "neither early nor for today's visit");
    world.at(date(2026, 8, 10).at(13, 0, 0, 0));
    assert_eq!(world.sent.len(), before + 1, "nor for the cancelled one");
    let reminder = world.sent.last().unwrap();
    assert_eq!(
        reminder.text.as_ref().unwrap().0,
        format!(
            "MeU Trutnov: pripominame ZOP 10.8.2026 od 14:00, NOVAK, kod {code}. Zruseni: STORNO {code} 10.8."
        )
    );
    assert_eq!((reminder.class, reminder.not_before), (Class::Notice, None));
}

#[test]
fn a_reminder_that_outlived_its_booking_is_silent() {
    let mut world = world();
    let code = code_in(&world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")));
    let subject = TimerSubject::RemindBooking(world.service.id, tenth(), code.as_str().into());
    let due = Request::Timer(subject);
    assert_eq!(&*world.run(&due).label, "C-REMIND");
    world.text(NOVAK, cancel(&code, tenth()));
    assert!(world.run(&due).messages.is_empty());
}

#[test]
fn codes_stay_taken_after_a_cancellation() {
    let mut world = world();
    let mut codes = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let code = code_in(&world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK")));
        world.text(NOVAK, cancel(&code, tenth()));
        assert!(codes.insert(code));
    }
}

#[test]
fn a_code_that_is_taken_is_passed_over_until_none_of_those_drawn_is_left() {
    for command in [book(tenth(), time(14, 0, 0, 0), "NOVAK"), nearest("NOVAK")] {
        let mut bookings = std::collections::BTreeMap::new();
        for _ in 0..12 {
            // The same turn of the same world, but for the codes.
            let mut world = world();
            world.records.clone_from(&bookings);
            assert_eq!(world.label(NOVAK, command.clone()), "C-BOOKED");
            let known = bookings.len();
            bookings.extend(world.records.into_iter().filter(|(key, _)| matches!(key, Key::Booking(..))));
            assert_eq!(bookings.len(), known + 1);
        }
        let mut world = world();
        world.records = bookings;
        assert_eq!(world.label(NOVAK, command), "C-BUSY");
    }
}

#[test]
fn of_the_drawn_codes_one_is_looked_up_while_it_is_free() {
    for command in [book(tenth(), time(14, 0, 0, 0), "NOVAK"), nearest("NOVAK")] {
        let world = world();
        let interpretation = Interpretation { service: world.service.id, rule: None, result: Ok(command) };
        let sender = Msisdn::new(NOVAK).unwrap();
        let (outcome, read) = world.decide_and_read(&Request::Message { sender, interpretation });
        assert_eq!(&*outcome.label, "C-BOOKED");
        assert_eq!(read.keys().filter(|key| matches!(key, Key::Booking(..))).count(), 1);
    }
}

#[test]
fn a_booking_is_forgotten_a_month_after_its_day() {
    let mut world = world();
    let text = world.text(NOVAK, book(tenth(), time(14, 0, 0, 0), "NOVAK"));
    world.text(NOVAK, book(date(2026, 9, 9), time(14, 0, 0, 0), "NOVAK"));
    world.text(DVORAK, book(tenth(), time(15, 0, 0, 0), "DVORAK"));
    world.text(DVORAK, cancel(&code_in(&text), tenth()));
    let count = |world: &World| {
        let kinds = |key: &&Key| !matches!(key, Key::Limits(..) | Key::Timer(..));
        world.records.keys().filter(kinds).count()
    };
    world.at(date(2026, 9, 9).at(23, 59, 59, 0));
    assert_eq!(count(&world), 7, "three bookings, two days, two phones");
    world.at(date(2026, 9, 10).at(0, 0, 0, 0));
    assert_eq!(count(&world), 2, "a booking of yesterday and its day");
    world.at(date(2026, 10, 10).at(0, 0, 0, 0));
    assert_eq!(count(&world), 0);
    assert_eq!(world.first_timer(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever citizens send, no seat is given twice, no code of a day is reused, and the day's record, the
    /// phones' records and the bookings tell the same.
    #[test]
    fn seats_codes_and_records_agree(
        steps in prop::collection::vec((0_u8..4, 0_u8..6, 0_u16..12, any::<bool>()), 1..60),
        counters in 1_u8..4,
    ) {
        let mut world = world();
        world.service.bookings.as_mut().unwrap().activities.get_mut("ZOP").unwrap().counters = counters;
        let mut codes: Vec<String> = Vec::new();
        for (kind, phone, quarter, flag) in steps {
            let phone = format!("42060212345{phone}");
            let command = match kind {
                0 | 1 => {
                    let at = time(8 + (quarter / 4) as i8, (quarter % 4 * 15) as i8, 0, 0);
                    book(tenth(), at, if flag { "NOVAK" } else { "DVORAK" })
                }
                2 => nearest("NOVAK"),
                _ => match codes.get(usize::from(quarter)) {
                    Some(code) => cancel(code, tenth()),
                    None => free(tenth(), flag),
                },
            };
            let text = world.text(&phone, command);
            if text.contains("10.8.2026") && text.contains("kod: ") {
                codes.push(code_in(&text));
            }
        }
        let live: Vec<_> = world.records.values().filter_map(|record| match record {
            Record::Booking(booking) if booking.state == model::booking::BookingState::Booked => Some(booking),
            _ => None,
        }).collect();
        let mut seats: Vec<_> = live.iter().map(|booking| (booking.date, booking.start, booking.seat)).collect();
        seats.sort_unstable();
        let all = seats.len();
        seats.dedup();
        prop_assert_eq!(seats.len(), all);
        prop_assert!(live.iter().all(|booking| booking.seat < counters));
        let taken: u32 = world.records.values().map(|record| match record {
            Record::SlotDay(day) => day.taken.values().flat_map(|minutes| minutes.values()).map(|m| m.count_ones()).sum(),
            _ => 0,
        }).sum();
        prop_assert_eq!(taken as usize, all);
        let of_phones: usize = world.records.iter().map(|(key, record)| match (key, record) {
            (Key::PhoneBookings(..), Record::PhoneBookings(bookings)) => bookings.live.len(),
            _ => 0,
        }).sum();
        prop_assert_eq!(of_phones, all);
    }
}
