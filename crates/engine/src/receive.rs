//! What a link took from the SMSC → acknowledged, and decided once. Receipts branch off by `esm_class` alone.

use std::sync::Arc;

use codec::{CommandStatus, Sm};
use model::journal::Entry;
use model::outbox::Fingerprint;
use model::{Address, ErrorKind, Interpretation, Key, Name, Record, Redacted, Rejection, Service, ServiceId};

use crate::decide::apology;
use crate::engine::Engine;
use crate::event::LinkId;
use crate::fatal::Fatal;
use crate::fault::{self, FAULT};
use crate::fingerprint::{self, Acknowledged};
use crate::meters;
use crate::reading::{Content, Meaning, Message, Read, Reading, Understood};
use crate::settle::Route;
use crate::turn::{Delivery, Turn};

/// What tells a message from all others.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    delivery: Delivery,
    pub(crate) fingerprint: Fingerprint,
}

/// A citizen's message on its way in.
pub(crate) struct Inbound {
    pub(crate) arrival: Arrival,
    /// The way back: from the number that was written to, to whom it came from.
    pub(crate) route: Route,
    pub(crate) data_coding: u8,
    /// It is one part of several.
    part: bool,
}

impl Inbound {
    /// The link that it came over.
    pub(crate) fn link(&self) -> LinkId {
        self.arrival.delivery.link
    }
}

impl Engine {
    /// Takes a deliver_sm or data_sm and acknowledges it with the turn's commit, whatever it says.
    pub(crate) fn receive(
        &mut self,
        delivery: Delivery,
        reading: Reading,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        match reading.0 {
            Read::Message(message) => self.take_message(delivery, *message, turn)?,
            Read::Receipt(sm) => self.receipt(delivery.link, &sm, turn)?,
        }
        turn.respond(delivery, CommandStatus::ESME_ROK);
        Ok(())
    }

    fn take_message(
        &mut self,
        delivery: Delivery,
        mut message: Message,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let Some(group) = self.queues.group_of(delivery.link) else { return Ok(()) };
        let Some(link) = self.config.links.get(usize::from(delivery.link.0)) else { return Ok(()) };
        message.renew(&self.rules, self.edition, link, turn.now.wall);
        let arrival = Arrival { delivery, fingerprint: message.fingerprint };
        if let Some(act) = self.absorb(arrival, turn) {
            self.ignore(arrival, message.source, "redelivery", act, turn);
            return Ok(());
        }
        let citizen = match message.citizen() {
            Ok(citizen) => citizen,
            Err(reason) => {
                self.ignore(arrival, message.source, reason, false, turn);
                return Ok(());
            }
        };
        let Message { source, destination, data_coding, content, meaning, .. } = message;
        let route = Route { group, citizen, source: destination, destination: source };
        let part = matches!(content, Content::Part { .. });
        self.take_content(Inbound { arrival, route, data_coding, part }, content, meaning, turn)
    }

    /// Whether this is a message that was acknowledged before and comes again; then whether an act stood behind it.
    fn absorb(&mut self, Arrival { delivery, fingerprint }: Arrival, turn: &mut Turn) -> Option<bool> {
        let believed = self.clock.is_trusted();
        if let Some((act, left)) = self.fingerprints.absorb(fingerprint, turn.now.wall, believed) {
            turn.write(Key::Fingerprint(fingerprint), left.map(Record::Fingerprint));
            return Some(act);
        }
        self.fingerprints.absorb_sister(fingerprint, delivery.link, turn.now.monotonic)
    }

    /// Has what a message holds joined, answered or kept.
    pub(crate) fn take_content(
        &mut self,
        inbound: Inbound,
        content: Content,
        meaning: Meaning,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        match content {
            Content::Part { concat, data } => self.take_part(inbound, &data, concat, turn),
            Content::Text { text, doubtful } => {
                if doubtful {
                    let link = self.config.links.get(usize::from(inbound.link().0));
                    meters::doubtful(link.map_or("", |link| &link.name));
                }
                self.take_text(inbound, text, meaning, turn)
            }
            Content::Octets { octets, answered } => {
                self.keep_octets(&inbound, octets, turn);
                match self.service_at(meaning.service).filter(|_| answered) {
                    Some(service) => self.reject(&inbound, &service, ErrorKind::Unreadable, turn),
                    None => Ok(()),
                }
            }
        }
    }

    fn take_text(
        &mut self,
        inbound: Inbound,
        text: String,
        meaning: Meaning,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        // A part that completes a message counts as an act: taken again, alone, it would begin one that stays half.
        let mut treatment = Treatment { act: inbound.part, ..Treatment::default() };
        if let Some(service) = self.service_at(meaning.service) {
            let limit = service.limits.messages_per_minute;
            if self.guard.admit(&inbound.route.citizen, limit, turn.now.monotonic) {
                match meaning.understood {
                    Some(Understood { interpretation, first_reads }) => {
                        treatment.rule = interpretation.rule;
                        treatment.act =
                            inbound.part || interpretation.result.as_ref().is_ok_and(model::Command::is_act);
                        treatment.label =
                            self.answer(&inbound, interpretation, first_reads, &service, turn)?;
                    }
                    None => {
                        fault::note(service.id);
                        treatment.label = FAULT.into();
                        let outcome = apology(&inbound.route.citizen, &service);
                        self.settle(outcome, &service, Some(&inbound.route), turn);
                    }
                }
            } else {
                meters::ignored("loop_guard");
                treatment.label = "loop_guard".into();
            }
            self.meters.message(service.id, treatment.label);
            treatment.service = Some(service.id);
        } else {
            meters::ignored("no_service");
            treatment.label = "no_service".into();
        }
        self.journal_message(inbound, text, treatment, turn);
        Ok(())
    }

    fn journal_message(&mut self, inbound: Inbound, text: String, treatment: Treatment, turn: &mut Turn) {
        let Inbound { arrival, route, .. } = inbound;
        turn.entries.push(Entry::Message {
            index: turn.index(),
            group: self.queues.group_name(route.group),
            source: route.destination,
            destination: route.source,
            text: Redacted(text),
            fingerprint: arrival.fingerprint,
            service: treatment.service,
            rule: treatment.rule,
            label: treatment.label,
            act: treatment.act,
        });
        self.acknowledged(arrival, treatment.act, turn);
    }

    /// Decides what a message means, and sends what is to be sent, unless the sender is a robot that takes its time;
    /// the label of what was decided.
    fn answer(
        &mut self,
        inbound: &Inbound,
        interpretation: Interpretation,
        first_reads: Vec<Key>,
        service: &Service,
        turn: &mut Turn,
    ) -> Result<Name, Fatal> {
        let citizen = &inbound.route.citizen;
        let limit = service.limits.messages_per_minute;
        if interpretation.result.is_err() && !self.guard.admit_mistake(citizen, limit, turn.now.monotonic) {
            meters::ignored("loop_guard");
            return Ok("loop_guard".into());
        }
        let request = model::Request::Message { sender: *citizen, interpretation };
        let outcome = self.decide_after(first_reads, &request, service, turn)?;
        let label = outcome.label;
        self.settle(outcome, service, Some(&inbound.route), turn);
        Ok(label)
    }

    /// Keeps octets that are no text.
    fn keep_octets(&mut self, inbound: &Inbound, octets: Redacted<Vec<u8>>, turn: &mut Turn) {
        meters::ignored("quarantine");
        let Inbound { arrival, route, data_coding, .. } = inbound;
        turn.entries.push(Entry::Quarantine {
            group: self.queues.group_name(route.group),
            source: route.destination.clone(),
            destination: route.source.clone(),
            data_coding: *data_coding,
            octets,
            fingerprint: arrival.fingerprint,
        });
        self.acknowledged(*arrival, false, turn);
    }

    /// Keeps a message of which not even the sender can be read.
    pub(crate) fn keep_unreadable(&mut self, link: LinkId, body: Redacted<Vec<u8>>, turn: &mut Turn) {
        meters::ignored("unreadable");
        let group = self.queues.group_of(link).map(|group| self.queues.group_name(group));
        let group = group.unwrap_or_default();
        let fingerprint = fingerprint::of(&group, "", &Sm::default(), None, &body.0);
        turn.entries.push(Entry::Quarantine {
            group,
            source: Address::default(),
            destination: Address::default(),
            data_coding: 0,
            octets: body,
            fingerprint,
        });
    }

    /// Answers a message that has no readable text, if the sender is no robot.
    fn reject(
        &mut self,
        inbound: &Inbound,
        service: &Service,
        kind: ErrorKind,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let limit = service.limits.messages_per_minute;
        if self.guard.admit(&inbound.route.citizen, limit, turn.now.monotonic) {
            let result = Err(Rejection::new(kind));
            let interpretation = Interpretation { service: service.id, rule: None, result };
            let label = self.answer(inbound, interpretation, Vec::new(), service, turn)?;
            self.meters.message(service.id, label);
        }
        Ok(())
    }

    /// Acknowledges a message that is not run.
    fn ignore(
        &mut self,
        arrival: Arrival,
        source: Address,
        reason: &'static str,
        act: bool,
        turn: &mut Turn,
    ) {
        meters::ignored(reason);
        let fingerprint = arrival.fingerprint;
        turn.entries.push(Entry::Ignored { reason: reason.into(), source, fingerprint });
        self.acknowledged(arrival, act, turn);
    }

    /// Remembers what this turn acknowledges.
    pub(crate) fn acknowledged(&mut self, arrival: Arrival, act: bool, turn: &Turn) {
        let Arrival { delivery, fingerprint } = arrival;
        let Delivery { link, generation, sequence_number, .. } = delivery;
        let message = Acknowledged { link, generation, sequence_number, fingerprint, act };
        self.fingerprints.acknowledged(message, turn.now.monotonic);
    }

    /// The service at a place in the rules in force.
    pub(crate) fn service_at(&self, place: Option<usize>) -> Option<Arc<Service>> {
        self.rules.services().get(place?).cloned()
    }
}

/// What was made of a message, for the journal.
#[derive(Default)]
struct Treatment {
    service: Option<ServiceId>,
    rule: Option<Name>,
    label: Name,
    act: bool,
}
