//! A whole turn of the engine over a real store: decoding to decisions, sealing, one record of the journal with its
//! `fdatasync`, and what it changes.
//!
//! As on a busy line, each turn brings so many look-ups and the SMSC's responses to the answers of the turn before;
//! the housekeeping between two turns (segments made ahead, steps of a checkpoint) is timed with it.

#![allow(missing_docs, reason = "criterion's macros make the entry point")]
#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use codec::{CommandStatus, Sm};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Config, Effect, Engine, Event, LinkConfig, LinkId, Profile, SubmitResult};
use jiff::{SignedDuration, Timestamp};
use model::{Address, ClerkCommand, Dossier, Now, ServiceId};
use routing::Rules;
use store::{Options, Store};
use tempfile::TempDir;
use vault::MasterKey;

/// Dossiers in the store; all fit the cache.
const DOSSIERS: u32 = 10_000;
/// Citizens, each asking for a dossier of his own; so many that the loop guard (ten messages a minute of one
/// sender) never speaks up.
const CITIZENS: u32 = 180_000;
/// Dossiers written in one turn while the store is filled.
const SEEDED_AT_ONCE: u32 = 500;
const LINK: LinkId = LinkId(0);

/// An engine over a store in a temporary folder, and what the SMSC has still to answer.
struct Line {
    engine: Engine,
    started: Instant,
    sent: u32,
    unanswered: Vec<u64>,
    _folder: TempDir,
}

impl Line {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = MasterKey::from_octets(&[7; 32]);
        let started = instant();
        let now = Now { wall: wall(), monotonic: Duration::ZERO };
        let data = folder.path().join("data");
        let (store, recovery) = Store::open(&data, &key, Options::default()).expect("a new store opens");
        let link = LinkConfig {
            name: "bench".to_owned(),
            group: "bench".into(),
            plan: &model::plan::VIET_NAM,
            profile: Profile::default(),
        };
        let config = Config { links: vec![link] };
        let rules = Arc::new(Rules::builtin());
        let (engine, _) = Engine::start(store, &recovery, rules, config, now).expect("the engine starts");
        let mut line = Self { engine, started, sent: 0, unanswered: Vec::new(), _folder: folder };
        line.turn(vec![Event::LinkUp { link: LINK, generation: 1, transmits: true, limit: u64::MAX }]);
        for first in (0..DOSSIERS).step_by(SEEDED_AT_ONCE as usize) {
            line.turn((first..first + SEEDED_AT_ONCE).map(|number| put_dossier(number, now.wall)).collect());
        }
        line
    }

    /// One turn with the housekeeping after it; takes note of what was submitted.
    fn turn(&mut self, events: Vec<Event>) {
        let now = Now { wall: wall(), monotonic: self.started.elapsed() };
        let effects = self.engine.turn(events, now, [9; 32]).expect("a turn");
        self.engine.housekeep().expect("housekeeping");
        self.unanswered.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Submit { ticket, .. } => Some(*ticket),
            _ => None,
        }));
    }

    /// The next messages, and the responses to the last answers.
    fn events(&mut self, messages: u32) -> Vec<Event> {
        let responses = self.unanswered.drain(..).map(|ticket| {
            let message_id = format!("{ticket:X}");
            let result = SubmitResult::Response { status: CommandStatus::ESME_ROK, message_id };
            Event::Submitted { link: LINK, ticket, result }
        });
        let mut events: Vec<Event> = responses.collect();
        for _ in 0..messages {
            self.sent = self.sent.wrapping_add(1);
            events.push(look_up(self.sent));
        }
        events
    }
}

fn look_up(number: u32) -> Event {
    let citizen = number % CITIZENS;
    let text = format!("XNC {}", code(citizen % DOSSIERS));
    let sm = Sm {
        source: Address::new(1, 1, format!("84905{citizen:06}")),
        destination: Address::new(0, 1, "8383"),
        short_message: Bytes::from(text),
        ..Sm::default()
    };
    Event::Delivered { link: LINK, generation: 1, sequence_number: number, data_sm: false, sm }
}

fn put_dossier(number: u32, now: Timestamp) -> Event {
    let accepted = Some(now - SignedDuration::from_hours(72));
    let dossier = Dossier {
        code: code(number),
        kind: "passport".to_owned(),
        accepted_at: accepted,
        fee_paid_at: accepted,
        due_on: Some(jiff::civil::date(2099, 1, 5)),
        status: model::dossier::Status::Processing,
        applicant: "Nguyen Van An".into(),
        ..Dossier::default()
    };
    let service = ServiceId::new("hue-xnc");
    let command = ClerkCommand::PutDossier { service, dossier: Box::new(dossier), expected_version: None };
    Event::Command { slot: u64::from(number), actor: "bench".to_owned(), command }
}

fn code(dossier: u32) -> String {
    format!("{}", 10_000_000 + dossier)
}

#[allow(clippy::disallowed_methods, reason = "a bench is about real time")]
fn instant() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "a bench is about real time")]
fn wall() -> Timestamp {
    Timestamp::now()
}

fn turns(criterion: &mut Criterion) {
    let mut line = Line::start();
    let mut group = criterion.benchmark_group("turn");
    for messages in [1, 64, 256] {
        group.throughput(Throughput::Elements(u64::from(messages)));
        group.bench_function(format!("{messages}_look_ups"), |bencher| {
            bencher.iter_custom(|turns| {
                let mut spent = Duration::ZERO;
                for _ in 0..turns {
                    let events = line.events(messages);
                    let began = instant();
                    line.turn(events);
                    spent += began.elapsed();
                }
                assert_eq!(line.unanswered.len(), messages as usize, "every look-up is answered");
                spent
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots().sample_size(50);
    targets = turns
}
criterion_main!(benches);
