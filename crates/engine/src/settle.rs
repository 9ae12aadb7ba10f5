//! Outcomes → state changes and outgoing messages, in the turn's one commit.

use jiff::{SignedDuration, Timestamp};
use model::journal::Entry;
use model::outbox::{Body, OutboxEntry, PartState, Parts};
use model::outcome::{Class, FinalSubject};
use model::request::Request;
use model::{Address, Msisdn, OutboxId, Outcome, Outgoing, Redacted, Service};
use services::Rendered;
use store::StoreError;

use crate::engine::Engine;
use crate::event::Effect;
use crate::fatal::Fatal;
use crate::fault::FAULT;
use crate::partial::international;
use crate::queue::Item;
use crate::turn::Turn;

/// The way to one citizen.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) group: usize,
    pub(crate) citizen: Msisdn,
    pub(crate) source: Address,
    pub(crate) destination: Address,
}

/// An answer that needs no decision.
pub(crate) fn reply(to: &Msisdn, rendered: Rendered) -> Outgoing {
    Outgoing {
        to: *to,
        template: rendered.template,
        text: Some(rendered.text),
        class: Class::Answer,
        not_before: None,
        expires_at: None,
        subject: None,
    }
}

/// How long a text is worth something, where the service says nothing: an answer for a day, a one-time code as long
/// as it is good for anything, what has consequences longer than a week-end.
fn life(class: Class) -> SignedDuration {
    match class {
        Class::Answer | Class::Credential | Class::Charged | Class::Notice => SignedDuration::from_hours(24),
        Class::Code => SignedDuration::from_mins(10),
        Class::Legal | Class::Bulk => SignedDuration::from_hours(72),
    }
}

/// Whether somebody waits to hear what became of a message.
pub(crate) fn wants_receipt(entry: &OutboxEntry) -> bool {
    entry.subject.is_some()
        || matches!(entry.class, Class::Credential | Class::Code | Class::Charged | Class::Legal)
}

impl Engine {
    /// Takes over what a decision changes and sends. `route` is the way back to the citizen who wrote.
    pub(crate) fn settle(
        &mut self,
        outcome: Outcome,
        service: &Service,
        route: Option<&Route>,
        turn: &mut Turn,
    ) {
        for (key, record) in outcome.writes {
            self.deadlines.watch_new(&key, record.as_ref());
            turn.write(key, record);
        }
        for message in outcome.messages {
            self.post(message, service, route, turn);
        }
    }

    /// Puts a message into the outbox; it leaves after the commit.
    fn post(&mut self, message: Outgoing, service: &Service, route: Option<&Route>, turn: &mut Turn) {
        let id = turn.next_outbox();
        let route = match route {
            Some(route) if route.citizen == message.to => route.clone(),
            _ => self.route_to(service, &message.to),
        };
        let expires_at = message.expires_at.unwrap_or_else(|| after(turn.now.wall, life(message.class)));
        let mut entry = OutboxEntry {
            id,
            service: service.id,
            to: message.to,
            group: self.queues.group_name(route.group),
            source: route.source,
            destination: route.destination,
            template: message.template,
            class: message.class,
            body: Body::Awaited,
            not_before: message.not_before,
            expires_at,
            subject: message.subject,
            reference: reference(id),
            parts: Parts::new(),
            attempts: 0,
            resent: 0,
        };
        match (message.text, &entry.subject) {
            (Some(text), _) => {
                entry.parts = self.unsent_parts(route.group, &text);
                entry.body = Body::Text(text);
                self.enqueue(&entry, false, turn.now.wall);
            }
            (None, Some(subject)) => {
                turn.effect(self.draw(id, subject));
                self.awaited.insert(id, subject.clone());
            }
            (None, None) => {
                tracing::error!(service = %service.id, template = %entry.template, "a message without a text");
                return;
            }
        }
        if wants_receipt(&entry) {
            self.deadlines.outbox(expires_at, id);
        }
        turn.write_outbox(entry);
    }

    /// Parts of a text, by how its group cuts texts.
    pub(crate) fn unsent_parts(&self, group: usize, text: &str) -> Parts {
        let profile = self.queues.profile_of(group, &self.config);
        let profile = profile.map(|link| link.profile.segments).unwrap_or_default();
        let parts = match (profile.method, profile.default_alphabet) {
            // Nearly all: counted without building the parts.
            (codec::segment::Method::Udh, codec::data_coding::DefaultAlphabet::Gsm7) => {
                text::parts::measure(text).parts
            }
            _ => codec::segment::segment(text, 0, profile).len(),
        };
        Parts::from_elem(PartState::Unsent, parts)
    }

    /// Queues every part of a message that is not known to have left.
    pub(crate) fn enqueue(&mut self, entry: &OutboxEntry, again: bool, wall: Timestamp) {
        let group = self.queues.group(&entry.group);
        for (part, state) in (0_u8..).zip(&entry.parts) {
            if *state != PartState::Unsent {
                continue;
            }
            let class = if entry.is_unasked() { entry.class.max(Class::Notice) } else { entry.class };
            let item = Item { outbox: entry.id, part, class, again, silent: false };
            match entry.not_before.filter(|not_before| *not_before > wall) {
                Some(not_before) => self.queues.delay(group, item, not_before),
                None => self.queues.push(group, item),
            }
        }
    }

    /// The way of a message that answers nothing: a group that the service names, else the first of its country.
    fn route_to(&mut self, service: &Service, citizen: &Msisdn) -> Route {
        let links = &self.config.links;
        let named = links.iter().find(|link| service.groups.iter().any(|name| **name == *link.group));
        let same_plan = || links.iter().find(|link| std::ptr::eq(link.plan, service.plan));
        let link = named.or_else(same_plan).or_else(|| links.first());
        let profile = link.map(|link| link.profile.clone()).unwrap_or_default();
        let name = link.map(|link| link.group).unwrap_or_default();
        let number = service.numbers.first().map_or("", String::as_str);
        let (ton, npi) = profile.source_ton_npi;
        let source = Address::new(ton, npi, number);
        let (ton, npi) = profile.destination_ton_npi;
        let destination = Address { ton, npi, ..international(citizen) };
        Route { group: self.queues.group(&name), citizen: *citizen, source, destination }
    }

    /// Asks for a password.
    pub(crate) fn draw(&self, outbox: OutboxId, subject: &FinalSubject) -> Effect {
        /// Where a pack that had accounts when the message was made has none any more.
        const LENGTH: u32 = 10;
        let service = self.rules.service(subject.service().as_str());
        let accounts = service.and_then(|service| service.accounts.as_ref());
        let length = accounts.map_or(LENGTH, |accounts| accounts.password_length);
        Effect::DrawPassword { outbox, subject: subject.clone(), length }
    }

    /// A password was drawn: the second turn of an account writes its hash and seals the text.
    pub(crate) fn drawn(
        &mut self,
        outbox: OutboxId,
        subject: FinalSubject,
        password: Redacted<String>,
        hash: Redacted<String>,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let entry = turn.outbox(&self.ledger, outbox)?;
        let Some(mut entry) = entry.filter(|entry| entry.body == Body::Awaited) else { return Ok(()) };
        let Some(service) = self.rules.service(subject.service().as_str()).cloned() else { return Ok(()) };
        let request = Request::Drawn { subject: subject.clone(), outbox, password, hash };
        let mut outcome = self.decide(&request, &service, turn)?;
        if *outcome.label == *FAULT {
            // It is drawn once more after a while; the citizen waits for it.
            return Ok(());
        }
        let place = outcome.messages.iter().position(|it| it.text.is_some() && it.to == entry.to);
        match place.map(|place| outcome.messages.remove(place)) {
            Some(Outgoing { text: Some(text), template, not_before, .. }) => {
                let sealed = match self.ledger.secrets().keep(outbox, &text, turn.now.wall) {
                    Ok(sealed) => sealed,
                    // No slot is free: a new password is drawn once one is.
                    Err(StoreError::SecretsFull) => return Ok(()),
                    Err(error) => return Err(error.into()),
                };
                let group = self.queues.group(&entry.group);
                entry.parts = self.unsent_parts(group, &text);
                entry.body = Body::Secret { sealed };
                entry.template = template;
                entry.not_before = not_before.or(entry.not_before);
                self.enqueue(&entry, false, turn.now.wall);
                turn.write_outbox(entry);
            }
            _ => turn.write(model::Key::Outbox(outbox), None),
        }
        self.awaited.remove(&outbox);
        turn.entries.push(Entry::Drawn { outbox });
        self.settle(outcome, &service, None, turn);
        Ok(())
    }
}

/// `moment` plus `span`, at most the end of time.
pub(crate) fn after(moment: Timestamp, span: SignedDuration) -> Timestamp {
    moment.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// A reference for user data headers that the next messages to the same citizen do not repeat.
fn reference(id: OutboxId) -> u8 {
    let [low, ..] = id.cause.sequence.to_le_bytes();
    let [index, ..] = id.cause.index.to_le_bytes();
    let [ordinal, ..] = id.ordinal.to_le_bytes();
    low.wrapping_mul(31).wrapping_add(index.wrapping_mul(7)).wrapping_add(ordinal)
}
