//! An engine over a real store, turn by turn.
//!
//! As on a busy line, each turn brings so many look-ups and the SMSC's responses to the answers of the turn before.

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use codec::{CommandStatus, Sm};
use engine::{Config, Decided, Effect, Engine, Event, LinkConfig, LinkId, Profile, Reading, SubmitResult};
use jiff::Timestamp;
use model::{Address, Now};
use routing::Rules;
use store::{Options, Store, Writer};
use tempfile::TempDir;
use vault::MasterKey;

use crate::fill;

/// Citizens, each asking for a dossier of his own; so many that the loop guard (ten messages a minute of one
/// sender) never speaks up.
const CITIZENS: u32 = 180_000;
const LINK: LinkId = LinkId(0);

/// What the clock of a line moves on in a turn: 256 messages in each are 50,000 a second.
const TURN: Duration = Duration::from_millis(5);
/// When a line's clock starts, in seconds since 1970.
const STARTED: i64 = 1_785_000_000;

/// An engine over a store in a temporary folder, with a clock of its own so that each run does the same, and what the
/// SMSC has still to answer.
pub struct Line {
    engine: Engine,
    writer: Writer,
    now: Now,
    dossiers: u32,
    sent: u32,
    unanswered: Vec<u64>,
    _folder: TempDir,
}

impl Line {
    /// A line whose store holds so many dossiers; they must fit the cache.
    ///
    /// # Panics
    /// Where the store cannot be made.
    #[must_use]
    pub fn start(dossiers: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = MasterKey::from_octets(&[7; 32]);
        let wall = Timestamp::from_second(STARTED).expect("a moment");
        let now = Now { wall, monotonic: Duration::ZERO };
        let data = folder.path().join("data");
        let (store, recovery) = Store::open(&data, &key, Options::default()).expect("a new store opens");
        let link = LinkConfig {
            name: "bench".to_owned(),
            group: "bench".into(),
            receives: true,
            plan: &model::plan::VIET_NAM,
            profile: Profile::default(),
        };
        let config = Config { links: vec![link] };
        let rules = Arc::new(Rules::builtin());
        let (ledger, writer) = store.part();
        let (engine, _) = Engine::start(ledger, &recovery, rules, config, now).expect("the engine starts");
        let mut line =
            Self { engine, writer, now, dossiers, sent: 0, unanswered: Vec::new(), _folder: folder };
        line.turn(vec![Event::LinkUp { link: LINK, generation: 1, transmits: true, limit: u64::MAX }]);
        for events in fill::turns(fill::put_dossiers(dossiers, wall)) {
            line.turn(events);
        }
        line
    }

    /// One turn with the housekeeping after it; takes note of what was submitted.
    ///
    /// # Panics
    /// Where the store fails.
    pub fn turn(&mut self, events: Vec<Event>) {
        self.now.monotonic += TURN;
        self.now.wall += TURN;
        let Decided { work, effects } = self.engine.turn(events, self.now, [9; 32]).expect("a turn");
        let moved = self.engine.housekeep().expect("housekeeping");
        for work in work.into_iter().chain(moved) {
            if let Some(turn) = self.writer.write(work).expect("a write") {
                self.engine.give_back(turn);
            }
        }
        self.writer.housekeeping().expect("housekeeping");
        self.unanswered.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Submit { ticket, .. } => Some(*ticket),
            _ => None,
        }));
    }

    /// The next messages, and the responses to the last answers.
    pub fn events(&mut self, messages: u32) -> Vec<Event> {
        let responses = self.unanswered.drain(..).map(|ticket| {
            let message_id = format!("{ticket:X}");
            let result =
                SubmitResult::Response { status: CommandStatus::ESME_ROK, message_id: message_id.into() };
            Event::Submitted { link: LINK, ticket, result }
        });
        let mut events: Vec<Event> = responses.collect();
        let sms = self.messages(messages);
        events.extend(self.read(sms).into_iter().zip(self.sent..).map(|(reading, sequence_number)| {
            Event::Delivered { link: LINK, generation: 1, sequence_number, data_sm: false, reading }
        }));
        events
    }

    /// The next messages, as the SMSC hands them over.
    pub fn messages(&mut self, messages: u32) -> Vec<Sm> {
        let from = self.sent;
        self.sent = self.sent.wrapping_add(messages);
        (1..=messages).map(|number| look_up(from.wrapping_add(number), self.dossiers)).collect()
    }

    /// What the engine is told of messages.
    #[must_use]
    pub fn read(&self, messages: Vec<Sm>) -> Vec<Reading> {
        let reader = self.engine.message_reader();
        messages.into_iter().map(|sm| reader.read(LINK, sm, self.now.wall)).collect()
    }

    /// Answers of the last turn that the SMSC has still to respond to.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unanswered.len()
    }
}

fn look_up(number: u32, dossiers: u32) -> Sm {
    let citizen = number % CITIZENS;
    let text = format!("XNC {}", fill::code(citizen % dossiers));
    Sm {
        source: Address::new(1, 1, format!("84905{citizen:06}")),
        destination: Address::new(0, 1, "8383"),
        short_message: Bytes::from(text),
        ..Sm::default()
    }
}
