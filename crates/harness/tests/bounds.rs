//! What clerks may send is refused before a record outgrows the store, which would end the process.

use std::sync::Arc;

use harness::World;
use jiff::ToSpan;
use jiff::civil::{date, time};
use model::{ClerkCommand, CommandError, ServiceId, Span};
use routing::Rules;

#[test]
fn a_calendar_full_of_days_is_refused_and_never_too_long() {
    let mut world =
        World::start(Arc::new(Rules::builtin()), "2026-08-03T07:00:00Z".parse().unwrap()).unwrap();
    let service = ServiceId::new("trutnov");
    let spans: Vec<Span> =
        (8..16).map(|hour| Span { from: time(hour, 0, 0, 0), to: time(hour, 30, 0, 0) }).collect();
    let weekly = std::array::from_fn(|_| spans.clone());
    world.command(ClerkCommand::PutWeeklyHours { service, weekly }).unwrap().unwrap();
    let mut taken = 0;
    for offset in 1..=200 {
        let date = date(2026, 8, 3).checked_add(offset.days()).unwrap();
        let command = ClerkCommand::PutDay { service, date, spans: Some(spans.clone()) };
        match world.command(command).unwrap() {
            Ok(_) => taken += 1,
            Err(CommandError::Invalid { .. }) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!((40..150).contains(&taken), "{taken} days of eight spans");
    // Closed days, of which a town has most, have room beside them.
    let closed = ClerkCommand::PutDay { service, date: date(2027, 5, 1), spans: Some(Vec::new()) };
    world.command(closed).unwrap().unwrap();
}
