//! Citizens who write, repeat themselves and take bookings back; clerks and feeds that ask until they are answered.

use std::collections::BTreeMap;
use std::time::Duration;

use codec::Sm;
use engine::Event;
use jiff::{SignedDuration, Timestamp};
use model::dossier::{DossierEvent, Status};
use model::queue::Sample;
use model::{Answer, ClerkCommand, CommandError, Dossier, Msisdn, Redacted, ServiceId, Subscriber};

use super::texts::{self, Writing, user_data};
use super::world::{Step, World, note};
use crate::auditor::{Part, Sent, digits_of};
use crate::handset::Handsets;

/// How long a clerk waits before he asks again.
const CLERK_PATIENCE: Duration = Duration::from_secs(10);

/// All that is to be written and asked.
#[derive(Default)]
pub(super) struct People {
    messages: Vec<Message>,
    pub(super) commands: Vec<Command>,
    handsets: Handsets,
    /// The password that each phone was told last, and the log-in name.
    pub(super) told: BTreeMap<String, (String, String)>,
    slot: u64,
}

/// One text that somebody writes.
struct Message {
    group: usize,
    text: usize,
    pieces: Vec<Sm>,
}

/// One command of a clerk or a feed.
pub(super) struct Command {
    actor: String,
    command: ClerkCommand,
    slot: u64,
    done: bool,
}

impl People {
    /// Whether every command was answered.
    pub(super) fn is_done(&self) -> bool {
        self.commands.iter().all(|command| command.done)
    }
}

impl World {
    /// Draws who writes what and when.
    pub(super) fn plan_people(&mut self) {
        let count = 10 + self.chance.people.below(25);
        for number in 0..count {
            let writing = texts::first(number, &self.plan.begin.1, &mut self.chance.people);
            let at = self.chance.people.ms(1_000, whole_ms(self.plan.busy));
            self.plan_records(&writing, number);
            let text = self.plan_writing(writing, at);
            if self.chance.people.percent(30) {
                let pause = self.chance.people.ms(500, 300_000);
                self.after(at + pause, Step::Speak { message: text });
            }
        }
        for sequence in 1..=self.chance.people.below(6) {
            let at = self.chance.people.ms(0, whole_ms(self.plan.busy));
            self.plan_sample(sequence, at);
        }
        self.plan_clerks();
    }

    /// What feeds and clerks must have brought before a text means something.
    fn plan_records(&mut self, writing: &Writing, number: u64) {
        if let Some((service, code)) = &writing.dossier {
            let service = ServiceId::new(*service);
            let dossier = Dossier {
                code: code.clone(),
                unit: "UBND".to_owned(),
                accepted_at: Some(self.wall() - SignedDuration::from_hours(200)),
                fee_paid_at: Some(self.wall() - SignedDuration::from_hours(199)),
                due_on: "2026-08-20".parse().ok(),
                status: Status::from_code(4).unwrap_or_default(),
                ..Dossier::default()
            };
            let dossier = Box::new(dossier);
            let put = ClerkCommand::PutDossier { service, dossier, expected_version: None };
            self.plan_command(Duration::from_millis(100 + number), put);
            if self.chance.people.percent(30) {
                let at = self.chance.people.ms(1_000, whole_ms(self.plan.busy));
                let (code, event) = (code.clone(), DossierEvent::Ready);
                self.plan_command(at, ClerkCommand::DossierEvent { service, code, event, at: None });
            }
        }
        if let (Some(name), Ok(msisdn)) = (&writing.subscriber, Msisdn::new(&writing.from)) {
            let subscriber = Subscriber {
                msisdn,
                operator: None,
                organisation: false,
                full_name: Redacted(Some(name.clone())),
                birth_date: Redacted("1980-05-12".parse().ok()),
                doc_type: Some("CMND".to_owned()),
                doc_number: Redacted(Some(format!("30149{number:04}"))),
                doc_issued_on: "2010-03-01".parse().ok(),
                doc_issued_by: Some("CA".to_owned()),
                updated_at: None,
            };
            self.plan_command(
                Duration::from_millis(100 + number),
                ClerkCommand::PutSubscriber(Box::new(subscriber)),
            );
        }
    }

    fn plan_sample(&mut self, sequence: u64, at: Duration) {
        let sample = Sample {
            waiting: u32::try_from(100 + sequence).unwrap_or(100),
            open_counters: None,
            mean_service_s: 60,
            est_minutes: Some(60),
            measured_at: self.wall().checked_add(at).unwrap_or(Timestamp::MAX),
            sequence,
            source: "counter".to_owned(),
        };
        let (service, queue) = (ServiceId::new("hue-xnc"), "STTXC".to_owned());
        self.plan_command(at, ClerkCommand::QueueSample { service, queue, sample });
    }

    fn plan_clerks(&mut self) {
        let service = ServiceId::new("trutnov");
        for counters in [2, 1, 3] {
            let at = self.chance.people.ms(0, whole_ms(self.plan.busy));
            let (service, activity) = (service, "ZOP".to_owned());
            self.plan_command(at, ClerkCommand::PutCapacity { service, activity, counters });
        }
        if let (true, Ok(date)) = (self.chance.people.percent(40), "2026-08-06".parse()) {
            let at = self.chance.people.ms(0, whole_ms(self.plan.busy));
            self.plan_command(at, ClerkCommand::PutDay { service, date, spans: Some(Vec::new()) });
        }
    }

    fn plan_command(&mut self, at: Duration, command: ClerkCommand) {
        let place = self.people.commands.len();
        let actor = format!("clerk {place}");
        self.people.commands.push(Command { actor, command, slot: 0, done: false });
        self.after(at, Step::Ask { command: place });
    }

    /// Plans one text; its place among the messages.
    fn plan_writing(&mut self, writing: Writing, at: Duration) -> usize {
        let group = self.smscs.iter().position(|smsc| smsc.name == writing.group).unwrap_or(0);
        if writing.citizen {
            let words = self.proof.evidence.citizens.entry(writing.from.clone()).or_default();
            words.extend(writing.words);
        }
        let part = |sm| Part { octets: user_data(sm), acknowledged: 0 };
        self.proof.evidence.sent.push(Sent {
            group: writing.group.to_owned(),
            from: writing.from,
            to: writing.to.to_owned(),
            answered: writing.citizen && !writing.text.is_empty(),
            text: writing.text,
            parts: writing.pieces.iter().map(part).collect(),
            citizen: writing.citizen,
            ..Sent::default()
        });
        let text = self.proof.evidence.sent.len() - 1;
        self.people.messages.push(Message { group, text, pieces: writing.pieces });
        let message = self.people.messages.len() - 1;
        self.after(at, Step::Speak { message });
        message
    }

    /// Somebody presses "send".
    pub(super) fn speak(&mut self, message: usize) {
        let Message { group, text, pieces } = &self.people.messages[message];
        let (group, text, mut pieces) =
            (*group, *text, pieces.clone().into_iter().enumerate().collect::<Vec<_>>());
        let sent = &mut self.proof.evidence.sent[text];
        sent.times += 1;
        note!(self, "{} writes {:?} in {} parts", sent.from, sent.text, pieces.len());
        self.tally.count("texts written");
        if pieces.len() > 1 && self.chance.people.percent(50) {
            pieces.reverse();
        }
        for (part, sm) in pieces {
            let delay = self.chance.people.ms(0, 1_500);
            self.give(group, sm, Some((text, part)), delay);
        }
    }

    /// A clerk asks, unless he was answered.
    pub(super) fn ask(&mut self, command: usize) {
        if self.people.commands[command].done {
            return;
        }
        self.people.slot += 1;
        let slot = self.people.slot;
        let it = &mut self.people.commands[command];
        it.slot = slot;
        let event = Event::Command { slot, actor: it.actor.clone(), command: Box::new(it.command.clone()) };
        self.tell_engine(event);
        self.after(CLERK_PATIENCE, Step::Ask { command });
    }

    /// A clerk is answered.
    pub(super) fn answered(&mut self, slot: u64, result: &Result<Answer, CommandError>) {
        let Some(it) = self.people.commands.iter_mut().find(|it| it.slot == slot && !it.done) else { return };
        // "Later" is no answer: he asks again.
        it.done = !matches!(result, Err(CommandError::Conflict { .. }));
        if result.is_ok() {
            self.proof.evidence.commands.push(it.actor.clone());
        }
        note!(self, "{} is answered: {}", it.actor, result.is_ok());
        self.tally.count("commands answered");
    }

    /// A citizen reads what his handset shows.
    pub(super) fn show(&mut self, sm: &Sm) {
        self.people.handsets.take(sm);
        let to = digits_of(&sm.destination);
        while let Some(received) = self.people.handsets.read(&sm.destination.digits) {
            note!(self, "{to} reads {:?}", received.text);
            if let Some((id_number, password)) = log_in(&received.text) {
                self.people.told.insert(to.clone(), (id_number, password));
            }
            let storno = received.text.find("Zruseni: STORNO ").map(|at| received.text[at + 9..].to_owned());
            if let Some(storno) = storno.filter(|_| self.chance.people.percent(40)) {
                let known =
                    self.proof.evidence.sent.iter().any(|sent| sent.text == storno && sent.from == to);
                let at = self.chance.people.seconds(1, 60);
                if !known {
                    self.plan_writing(texts::storno(&to, &storno), at);
                }
            }
        }
    }
}

/// The log-in name and the password of a text that tells them.
fn log_in(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix("TK: ")?;
    let (id_number, rest) = rest.split_once(", MK: ").or_else(|| rest.split_once(", MK moi: "))?;
    let password = rest.split(' ').next()?.trim_end_matches('.');
    Some((id_number.to_owned(), password.to_owned()))
}

pub(super) fn whole_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
