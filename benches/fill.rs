//! Dossiers for a store, and a store filled with them through the engine, without a daemon around it: ten million
//! dossiers over an API take an hour.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use engine::{Config, Engine, Event};
use jiff::{SignedDuration, Timestamp, ToSpan};
use model::dossier::Status;
use model::queue::Sample;
use model::{ClerkCommand, Dossier, Now, ServiceId};
use routing::Rules;
use store::{Options, Store};
use vault::MasterKey;

/// The service that the dossiers and waiting lines are of.
const SERVICE: &str = "hue-xnc";
/// Its waiting lines.
const QUEUES: [&str; 3] = ["STTXC", "STTNC", "STTKQ"];
/// The code of the first dossier; the others follow.
const FIRST_CODE: u32 = 10_000_000;
/// Dossiers written in one turn, as bulk writers do.
const AT_ONCE: usize = 500;

/// Makes a store at `data` with so many dossiers that are being worked on and a sample of each waiting line.
pub fn fill(data: &Path, key: &Path, dossiers: u32) -> anyhow::Result<()> {
    let key = MasterKey::read(key).context("the key can't be read")?;
    let (store, recovery) = Store::open(data, &key, Options::default())?;
    let started = instant();
    let now = || Now { wall: wall(), monotonic: started.elapsed() };
    let rules = Arc::new(Rules::builtin());
    let start = Now { monotonic: Duration::ZERO, ..now() };
    let (ledger, mut writer) = store.part();
    let (mut engine, _) = Engine::start(ledger, &recovery, rules, Config { links: Vec::new() }, start)?;
    let samples = QUEUES.iter().map(|queue| queue_sample(queue, start.wall));
    for events in turns(samples.chain(put_dossiers(dossiers, start.wall))) {
        let decided = engine.turn(events, now(), [9; 32])?;
        for work in decided.work.into_iter().chain(engine.housekeep()?) {
            writer.write(work)?;
        }
        writer.housekeeping()?;
    }
    let (work, ledger) = engine.close(now())?;
    if let Some(work) = work {
        writer.write(work)?;
    }
    Ok(writer.close(ledger)?)
}

/// What the engine is to be given in each turn.
pub(crate) fn turns(commands: impl Iterator<Item = ClerkCommand>) -> impl Iterator<Item = Vec<Event>> {
    let mut events = commands.zip(0..).map(|(command, slot)| Event::Command {
        slot,
        actor: "bench".to_owned(),
        command: Box::new(command),
    });
    std::iter::from_fn(move || {
        let turn: Vec<Event> = events.by_ref().take(AT_ONCE).collect();
        (!turn.is_empty()).then_some(turn)
    })
}

/// So many dossiers that are being worked on since three days.
pub(crate) fn put_dossiers(dossiers: u32, now: Timestamp) -> impl Iterator<Item = ClerkCommand> {
    (0..dossiers).map(move |number| put_dossier(number, now))
}

fn put_dossier(number: u32, now: Timestamp) -> ClerkCommand {
    let accepted = Some(now - SignedDuration::from_hours(72));
    let dossier = Dossier {
        code: code(number),
        kind: "passport".to_owned(),
        accepted_at: accepted,
        fee_paid_at: accepted,
        due_on: now.to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(10.days()).ok(),
        status: Status::Processing,
        applicant: "Nguyen Van An".into(),
        ..Dossier::default()
    };
    ClerkCommand::PutDossier {
        service: ServiceId::new(SERVICE),
        dossier: Box::new(dossier),
        expected_version: None,
    }
}

/// The code of a dossier.
pub(crate) fn code(number: u32) -> String {
    (FIRST_CODE + number).to_string()
}

fn queue_sample(queue: &str, now: Timestamp) -> ClerkCommand {
    let sample = Sample {
        waiting: 37,
        open_counters: Some(4),
        mean_service_s: 240,
        est_minutes: None,
        measured_at: now,
        sequence: 1,
        source: "bench".to_owned(),
    };
    ClerkCommand::QueueSample { service: ServiceId::new(SERVICE), queue: queue.to_owned(), sample }
}

#[allow(clippy::disallowed_methods, reason = "a bench is about real time")]
fn instant() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "a bench is about real time")]
fn wall() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_has_at_most_so_many_dossiers_and_none_is_left_out() {
        let now = Timestamp::from_second(1_785_000_000).unwrap();
        let sizes = |dossiers| turns(put_dossiers(dossiers, now)).map(|turn| turn.len()).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(500), [500]);
        assert_eq!(sizes(1_001), [500, 500, 1]);
    }
}
