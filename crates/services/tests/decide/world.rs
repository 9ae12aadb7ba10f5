//! A store in memory, a clock that is set by hand, and somebody who draws passwords.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use model::key::TimerSubject;
use model::outcome::{FinalState, FinalSubject};
use model::request::{Command, ErrorKind, Rejection};
use model::{
    Account, Answer, ClerkCommand, CommandError, EventId, Interpretation, Key, Msisdn, Now, OutboxId,
    Outcome, Outgoing, Record, Redacted, Request, Seed, Service, Snapshot, Step,
};
use services::{decide, first_reads};
use text::parts::{Alphabet, measure};

/// Parts of numbers, names, ID numbers and passwords that the tests use.
const PERSONAL: [&str; 9] =
    ["905123", "701234", "602123", "777654", "DVORAK", "NGUYEN", "Nguy", "201499", "Ab3#"];

/// One service with its records.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) records: BTreeMap<Key, Record>,
    pub(crate) now: Timestamp,
    /// Messages with a text, in the order in which they were made.
    pub(crate) sent: Vec<Outgoing>,
    /// What became of the outbox: what waits for a password, and ids by what they are about.
    pub(crate) credentials: Vec<(OutboxId, FinalSubject)>,
    /// Whether passwords are drawn at once.
    pub(crate) draws: bool,
    turns: u64,
}

impl World {
    /// A service at a local time.
    pub(crate) fn new(service: Service, local: DateTime) -> Self {
        let mut world = Self {
            service,
            records: BTreeMap::new(),
            now: Timestamp::UNIX_EPOCH,
            sent: Vec::new(),
            credentials: Vec::new(),
            draws: true,
            turns: 0,
        };
        world.now = world.moment(local);
        world
    }

    /// The moment of a local time.
    pub(crate) fn moment(&self, local: DateTime) -> Timestamp {
        self.service.zone.to_timestamp(local).unwrap()
    }

    /// Sets the clock, forth only, and runs the timers that fall due.
    pub(crate) fn at(&mut self, local: DateTime) -> &mut Self {
        let until = self.moment(local);
        assert!(until >= self.now, "the clock goes forth");
        while let Some((due, subject)) = self.first_timer().filter(|(due, _)| *due <= until) {
            self.now = self.now.max(due);
            self.records.remove(&Key::Timer(due, subject.clone()));
            self.run(&Request::Timer(subject));
        }
        self.now = until;
        self
    }

    /// Sets the clock without running anything: the process was down.
    pub(crate) fn sleep_until(&mut self, local: DateTime) -> &mut Self {
        self.now = self.moment(local);
        self
    }

    pub(crate) fn first_timer(&self) -> Option<(Timestamp, TimerSubject)> {
        self.records.keys().find_map(|key| match key {
            Key::Timer(at, subject) => Some((*at, subject.clone())),
            _ => None,
        })
    }

    /// Decides as the engine does, applies the writes, draws passwords.
    pub(crate) fn run(&mut self, request: &Request) -> Outcome {
        self.turns += 1;
        let outcome = self.decide(request);
        let printed = format!("{request:?} {outcome:?}");
        for personal in PERSONAL {
            assert!(!printed.contains(personal), "{personal} would reach a log: {printed}");
        }
        for (key, record) in &outcome.writes {
            match record {
                Some(record) => self.records.insert(key.clone(), record.clone()),
                None => self.records.remove(key),
            };
        }
        for message in &outcome.messages {
            self.send(message);
        }
        outcome
    }

    fn decide(&self, request: &Request) -> Outcome {
        self.decide_and_read(request).0
    }

    /// What is decided, and what was read for it.
    pub(crate) fn decide_and_read(&self, request: &Request) -> (Outcome, Snapshot) {
        let mut snapshot = Snapshot::default();
        let now = Now { wall: self.now, monotonic: Duration::ZERO };
        let seed = || Seed::new([42; 32], self.turns);
        if let Request::Message { sender, interpretation } = request {
            let first = match decide(request, &self.service, &snapshot, now, seed()) {
                Step::Need(keys) => keys,
                Step::Done(_) => Vec::new(),
            };
            assert_eq!(first_reads(sender, interpretation, &self.service, self.now), first);
        }
        for _ in 0..4 {
            let step = decide(request, &self.service, &snapshot, now, seed());
            assert_eq!(step, decide(request, &self.service, &snapshot, now, seed()), "decisions are pure");
            match step {
                Step::Done(outcome) => return (outcome, snapshot),
                Step::Need(keys) => {
                    assert!(!keys.is_empty(), "a need names its keys");
                    for key in keys {
                        assert!(snapshot.get(&key).is_none(), "{key:?} was read already");
                        let record = self.records.get(&key).cloned();
                        snapshot.insert(key, record.map(Arc::new));
                    }
                }
            }
        }
        panic!("more than three rounds of reads");
    }

    fn send(&mut self, message: &Outgoing) {
        let Some(text) = &message.text else {
            let subject = message.subject.clone().expect("a waiting message says for what");
            let cause = EventId { sequence: self.turns, index: 0 };
            self.credentials.push((OutboxId { cause, ordinal: 0 }, subject));
            if self.draws {
                self.draw();
            }
            return;
        };
        let template = self.service.templates.values().find(|known| known.id == message.template).unwrap();
        let measured = measure(text);
        assert!(measured.parts <= usize::from(template.max_parts), "{}: {}", message.template, text.0);
        assert_eq!(measured.alphabet, Alphabet::Gsm7, "{}", message.template);
        assert!(!text.contains(['{', '}']), "{}", text.0);
        self.sent.push(message.clone());
    }

    /// Draws the password of the message that waits last.
    pub(crate) fn draw(&mut self) -> Outcome {
        let (outbox, subject) = self.credentials.last().cloned().expect("a message waits");
        let number = self.turns;
        self.run(&Request::Drawn {
            subject,
            outbox,
            password: Redacted(format!("Ab3#{number:06}")),
            hash: Redacted(format!("$argon2id$hash-{number}")),
        })
    }

    /// The last message with a password reached its end.
    pub(crate) fn conclude(&mut self, state: FinalState) -> Outcome {
        let (outbox, subject) = self.credentials.last().cloned().expect("there was a message");
        self.run(&Request::Final { subject, outbox, state })
    }

    /// A citizen's message.
    pub(crate) fn message(&mut self, from: &str, result: Result<Command, Rejection>) -> Outcome {
        let interpretation = Interpretation { service: self.service.id, rule: None, result };
        self.run(&Request::Message { sender: msisdn(from), interpretation })
    }

    /// The reply to a citizen's command; empty for silence.
    pub(crate) fn text(&mut self, from: &str, command: Command) -> String {
        let before = self.sent.len();
        let outcome = self.message(from, Ok(command));
        let texts: Vec<_> =
            self.sent[before..].iter().map(|message| message.text.clone().unwrap().0).collect();
        assert!(texts.len() <= 1, "one message in, one out");
        assert_eq!(texts.is_empty(), outcome.messages.is_empty());
        texts.concat()
    }

    /// The id of the reply to a citizen's command, or the word for silence.
    pub(crate) fn label(&mut self, from: &str, command: Command) -> String {
        self.message(from, Ok(command)).label.to_string()
    }

    /// The reply to a mistake.
    pub(crate) fn mistake(
        &mut self,
        kind: ErrorKind,
        command: Option<&str>,
        values: &[(&'static str, &str)],
    ) -> String {
        let values = values.iter().map(|(name, value)| (*name, (*value).into())).collect();
        let rejection = Rejection { kind, command: command.map(Into::into), values };
        let before = self.sent.len();
        self.message("84905123456", Err(rejection));
        self.sent[before..].iter().map(|message| message.text.clone().unwrap().0).collect()
    }

    /// A clerk's command.
    pub(crate) fn clerk(&mut self, command: ClerkCommand) -> Result<Answer, CommandError> {
        self.run(&Request::Command(command)).answer.expect("a command is answered")
    }

    pub(crate) fn account(&self, id_number: &str) -> Option<&Account> {
        match self.records.get(&Key::Account(self.service.id, id_number.into()))? {
            Record::Account(account) => Some(account),
            _ => None,
        }
    }
}

pub(crate) fn msisdn(digits: &str) -> Msisdn {
    Msisdn::new(digits).unwrap()
}
