//! PDU → segment → whole message. Receipts branch off by `esm_class` alone.

use std::sync::Arc;

use codec::data_coding::{Coding, decode_text, unpack};
use codec::{CommandStatus, Sm, SmKind, UserData};
use failpoints::{Bug, Point, planted};
use model::journal::Entry;
use model::outbox::Fingerprint;
use model::plan::{NumberingPlan, Party};
use model::{Address, ErrorKind, Interpretation, Key, Msisdn, Record, Redacted, Rejection, Service};

use crate::decide::apology;
use crate::engine::Engine;
use crate::event::LinkId;
use crate::fatal::Fatal;
use crate::fault::{FAULT, caught};
use crate::fingerprint::{self, Acknowledged};
use crate::meters;
use crate::partial::{PART_OCTETS_MAX, PARTS_MAX};
use crate::settle::Route;
use crate::turn::{Delivery, Turn};

/// The longest text that a service is asked about, in octets: no handset sends more, and it bounds a turn.
const OCTETS_MAX: usize = 4 * 1024;

/// A citizen's message on its way in.
pub(crate) struct Inbound<'a> {
    pub(crate) delivery: Delivery,
    pub(crate) sm: &'a Sm,
    /// The bind group's name and place.
    pub(crate) group: Arc<str>,
    pub(crate) place: usize,
    pub(crate) plan: &'static NumberingPlan,
    pub(crate) fingerprint: Fingerprint,
    /// It is one part of several.
    pub(crate) part: bool,
}

impl Inbound<'_> {
    /// The way back: from the number that was written to, to whom it came from.
    fn route(&self, citizen: &Msisdn) -> Route {
        Route {
            group: self.place,
            citizen: *citizen,
            source: self.sm.destination.clone(),
            destination: self.sm.source.clone(),
        }
    }
}

impl Engine {
    /// Takes a deliver_sm or data_sm and acknowledges it with the turn's commit, whatever it says.
    pub(crate) fn receive(&mut self, delivery: Delivery, sm: &Sm, turn: &mut Turn) -> Result<(), Fatal> {
        match sm.kind() {
            SmKind::Message => self.take_message(delivery, sm, turn)?,
            _ if planted(Bug::ReceiptAsMessage) => self.take_message(delivery, sm, turn)?,
            _ => self.receipt(delivery.link, sm, turn)?,
        }
        turn.respond(delivery, CommandStatus::ESME_ROK);
        Ok(())
    }

    fn take_message(&mut self, delivery: Delivery, sm: &Sm, turn: &mut Turn) -> Result<(), Fatal> {
        let Some(link) = self.config.links.get(usize::from(delivery.link.0)) else { return Ok(()) };
        let (group, plan) = (Arc::clone(&link.group), link.plan);
        let alphabet = link.profile.segments.default_alphabet;
        let place = self.queues.group(&group);
        let data = sm.user_data();
        let (concat, payload) = match &data {
            Ok(data) => (data.concat, data.payload.as_ref()),
            Err(_) => (None, sm.user_octets().as_ref()),
        };
        let party = plan.party(&sm.source);
        let sender = match &party {
            Party::Citizen(citizen) => citizen.as_str(),
            _ => &sm.source.digits,
        };
        let fingerprint = fingerprint::of(&group, sender, sm, concat, payload);
        let concat = concat.filter(|concat| concat.total > 1);
        let inbound = Inbound { delivery, sm, group, place, plan, fingerprint, part: concat.is_some() };
        let believed = self.clock.is_trusted();
        if let Some((act, left)) = self.fingerprints.absorb(fingerprint, turn.now.wall, believed) {
            turn.write(Key::Fingerprint(fingerprint), left.map(Record::Fingerprint));
            self.ignore(&inbound, "redelivery", act, turn);
            return Ok(());
        }
        let link = inbound.delivery.link;
        if let Some(act) = self.fingerprints.absorb_sister(fingerprint, link, turn.now.monotonic) {
            self.ignore(&inbound, "redelivery", act, turn);
            return Ok(());
        }
        let citizen = match self.citizen(party) {
            Ok(citizen) => citizen,
            Err(reason) => {
                self.ignore(&inbound, reason, false, turn);
                return Ok(());
            }
        };
        let Some(mut data) = data.ok().filter(|data| is_for_reader(data, sm.data_coding)) else {
            self.keep_octets(&inbound, sm.user_octets(), turn);
            // Of the parts of one message only the first is answered.
            let later = concat.is_some_and(|concat| concat.number != 1);
            return if later { Ok(()) } else { self.reject(&inbound, &citizen, ErrorKind::Unreadable, turn) };
        };
        data.payload = unpack(&data, sm.data_coding, alphabet);
        match concat {
            Some(concat) => self.take_part(&inbound, &citizen, &data, concat, turn),
            None => self.take_whole(&inbound, &citizen, &data, sm.data_coding, turn),
        }
    }

    /// Decodes a whole message and has it answered.
    pub(crate) fn take_whole(
        &mut self,
        inbound: &Inbound<'_>,
        citizen: &Msisdn,
        data: &UserData,
        data_coding: u8,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let link = self.config.links.get(usize::from(inbound.delivery.link.0));
        let alphabet = link.map(|link| link.profile.segments.default_alphabet).unwrap_or_default();
        match decode_text(&data.payload, data_coding, data.shifts, alphabet) {
            Ok(decoded) => {
                if decoded.doubtful {
                    meters::doubtful(link.map_or("", |link| &link.name));
                }
                self.take_text(inbound, citizen, decoded.text, turn)
            }
            Err(_) => self.quarantine(inbound, citizen, &data.payload, turn),
        }
    }

    fn take_text(
        &mut self,
        inbound: &Inbound<'_>,
        citizen: &Msisdn,
        text: String,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        // A part that completes a message counts as an act: taken again, alone, it would begin one that stays half.
        let mut entry = Decided { act: inbound.part, ..Decided::default() };
        if let Some((service, number)) =
            self.service_for(&inbound.group, inbound.plan, &inbound.sm.destination)
        {
            entry.service = Some(Arc::clone(&service));
            if self.guard.admit(citizen, service.limits.messages_per_minute, turn.now.monotonic) {
                let meaning = caught(&service.id, || {
                    failpoints::reached(Point::TextRead);
                    self.rules.interpret(&number, &text, turn.now.wall)
                });
                match meaning {
                    Some(Some(meaning)) => {
                        entry.rule = meaning.rule.clone();
                        entry.act = inbound.part || meaning.result.as_ref().is_ok_and(model::Command::is_act);
                        entry.label = self.answer(inbound, citizen, meaning, &service, turn)?;
                    }
                    Some(None) => entry.label = "no_rule".into(),
                    None => {
                        entry.label = FAULT.into();
                        let outcome = apology(citizen, &service);
                        self.settle(outcome, &service, Some(&inbound.route(citizen)), turn);
                    }
                }
            } else {
                meters::ignored("loop_guard");
                entry.label = "loop_guard".into();
            }
            self.meters.message(&service.id, &entry.label);
        } else {
            meters::ignored("no_service");
            entry.label = "no_service".into();
        }
        self.journal_message(inbound, text, entry, turn);
        Ok(())
    }

    fn journal_message(&mut self, inbound: &Inbound<'_>, text: String, decided: Decided, turn: &mut Turn) {
        turn.entries.push(Entry::Message {
            index: turn.index(),
            group: inbound.group.clone(),
            source: inbound.sm.source.clone(),
            destination: inbound.sm.destination.clone(),
            text: Redacted(text),
            fingerprint: inbound.fingerprint,
            service: decided.service.map(|service| service.id.clone()),
            rule: decided.rule,
            label: decided.label,
            act: decided.act,
        });
        self.acknowledged(inbound, decided.act, turn);
    }

    /// Decides what a message means, and sends what is to be sent, unless the sender is a robot that takes its time;
    /// the label of what was decided.
    fn answer(
        &mut self,
        inbound: &Inbound<'_>,
        citizen: &Msisdn,
        interpretation: Interpretation,
        service: &Service,
        turn: &mut Turn,
    ) -> Result<Arc<str>, Fatal> {
        let limit = service.limits.messages_per_minute;
        if interpretation.result.is_err() && !self.guard.admit_mistake(citizen, limit, turn.now.monotonic) {
            meters::ignored("loop_guard");
            return Ok("loop_guard".into());
        }
        let request = model::Request::Message { sender: *citizen, interpretation };
        let outcome = self.decide(&request, service, turn)?;
        let label = outcome.label.clone();
        self.settle(outcome, service, Some(&inbound.route(citizen)), turn);
        Ok(label)
    }

    /// Keeps octets that are no text, and tells the citizen as the service does it.
    fn quarantine(
        &mut self,
        inbound: &Inbound<'_>,
        citizen: &Msisdn,
        octets: &[u8],
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        self.keep_octets(inbound, octets, turn);
        self.reject(inbound, citizen, ErrorKind::Unreadable, turn)
    }

    fn keep_octets(&mut self, inbound: &Inbound<'_>, octets: &[u8], turn: &mut Turn) {
        meters::ignored("quarantine");
        let Inbound { sm, group, fingerprint, .. } = inbound;
        turn.entries.push(Entry::Quarantine {
            group: group.clone(),
            source: sm.source.clone(),
            destination: sm.destination.clone(),
            data_coding: sm.data_coding,
            octets: Redacted(octets.iter().copied().take(OCTETS_MAX).collect()),
            fingerprint: *fingerprint,
        });
        self.acknowledged(inbound, false, turn);
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

    /// Answers a message that has no readable text, if its number has a service and the sender is no robot.
    fn reject(
        &mut self,
        inbound: &Inbound<'_>,
        citizen: &Msisdn,
        kind: ErrorKind,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let found = self.service_for(&inbound.group, inbound.plan, &inbound.sm.destination);
        let Some((service, _)) = found else { return Ok(()) };
        if self.guard.admit(citizen, service.limits.messages_per_minute, turn.now.monotonic) {
            let result = Err(Rejection::new(kind));
            let interpretation = Interpretation { service: service.id.clone(), rule: None, result };
            let label = self.answer(inbound, citizen, interpretation, &service, turn)?;
            self.meters.message(&service.id, &label);
        }
        Ok(())
    }

    /// Acknowledges a message that is not run.
    fn ignore(&mut self, inbound: &Inbound<'_>, reason: &'static str, act: bool, turn: &mut Turn) {
        meters::ignored(reason);
        turn.entries.push(Entry::Ignored {
            reason: reason.into(),
            source: inbound.sm.source.clone(),
            fingerprint: inbound.fingerprint,
        });
        self.acknowledged(inbound, act, turn);
    }

    /// Remembers what this turn acknowledges.
    pub(crate) fn acknowledged(&mut self, inbound: &Inbound<'_>, act: bool, turn: &Turn) {
        let Delivery { link, generation, sequence_number, .. } = inbound.delivery;
        let fingerprint = inbound.fingerprint;
        let message = Acknowledged { link, generation, sequence_number, fingerprint, act };
        self.fingerprints.acknowledged(message, turn.now.monotonic);
    }

    /// Who may be answered; else why not.
    fn citizen(&self, party: Party) -> Result<Msisdn, &'static str> {
        match party {
            Party::Citizen(citizen) if self.rules.by_number(citizen.as_str()).is_some() => Err("own_number"),
            Party::Citizen(citizen) => Ok(citizen),
            Party::ShortCode => Err("short_code"),
            Party::Alphanumeric => Err("alphanumeric"),
            Party::Empty => Err("no_sender"),
        }
    }

    /// The service of a number on this group, and the number in the pack's form.
    pub(crate) fn service_for(
        &self,
        group: &str,
        plan: &NumberingPlan,
        destination: &Address,
    ) -> Option<(Arc<Service>, String)> {
        let digits = destination.digits.trim().trim_start_matches('+');
        let found = match self.rules.by_number(digits) {
            Some(service) => Some((service, digits.to_owned())),
            None => match plan.party(destination) {
                Party::Citizen(number) => {
                    self.rules.by_number(number.as_str()).map(|service| (service, number.as_str().to_owned()))
                }
                _ => None,
            },
        };
        let (service, number) = found?;
        let carries = service.groups.is_empty() || service.groups.iter().any(|name| name == group);
        carries.then(|| (Arc::clone(service), number))
    }
}

/// What was made of a message, for the journal.
#[derive(Default)]
struct Decided {
    service: Option<Arc<Service>>,
    rule: Option<Arc<str>>,
    label: Arc<str>,
    act: bool,
}

/// Whether a message is a text of bearable length, and not binary for a program. A port alone costs no text: there
/// is no program behind a short code, and a citizen can be read all the same.
fn is_for_reader(data: &UserData, data_coding: u8) -> bool {
    let (octets_max, parts_max) = match data.concat {
        Some(concat) if concat.total > 1 => (PART_OCTETS_MAX, PARTS_MAX),
        _ => (OCTETS_MAX, u8::MAX),
    };
    let for_program = data.ports.is_some() && Coding::of(data_coding) == Coding::Octets;
    !for_program
        && data.payload.len() <= octets_max
        && data.concat.is_none_or(|concat| concat.total <= parts_max)
}

#[cfg(test)]
mod tests {
    use codec::user_data::Ports;

    use super::*;

    #[test]
    fn a_port_costs_no_text_but_binary_for_a_program_is_none() {
        let ports = Some(Ports { destination: 2_948, source: 9_200 });
        let data = UserData { ports, ..UserData::default() };
        for (data_coding, text) in [(0x00, true), (0x08, true), (0xF0, true), (0x04, false), (0xF5, false)] {
            assert_eq!(is_for_reader(&data, data_coding), text, "{data_coding:#04x}");
        }
        assert!(is_for_reader(&UserData::default(), 0x04));
    }
}
