//! What a received message says, and which records its answer begins with, as far as that takes nothing that the
//! engine remembers: a pure step that another thread can take before the engine's turn.

use std::fmt;
use std::sync::Arc;

use codec::data_coding::{Coding, decode_text, unpack};
use codec::{Concat, Sm, SmKind, UserData};
use failpoints::{Bug, Point, planted};
use jiff::Timestamp;
use model::outbox::Fingerprint;
use model::plan::{NumberingPlan, Party};
use model::{Address, Interpretation, Key, Msisdn, Redacted};
use routing::Rules;

use crate::config::{Config, LinkConfig};
use crate::event::LinkId;
use crate::fault::fence;
use crate::fingerprint;
use crate::partial::{PART_OCTETS_MAX, PARTS_MAX};

/// The longest text that a service is asked about, in octets: no handset sends more, and it bounds a turn.
const OCTETS_MAX: usize = 4 * 1024;

/// Reads messages by the rules that were in force when it was made. It holds nothing else, costs nothing to clone, and
/// may be taken to another thread.
#[derive(Debug, Clone)]
pub struct MessageReader {
    rules: Arc<Rules>,
    edition: Edition,
    config: Arc<Config>,
}

/// Which rules of one engine, counted from its start.
pub(crate) type Edition = u32;

impl MessageReader {
    pub(crate) fn new(rules: Arc<Rules>, edition: Edition, config: Arc<Config>) -> Self {
        Self { rules, edition, config }
    }

    /// Reads a deliver_sm or data_sm that came over `link`. Days that the text does not name are counted from `wall`.
    pub fn read(&self, link: LinkId, sm: Sm, wall: Timestamp) -> Reading {
        let is_message = sm.kind() == SmKind::Message || planted(Bug::ReceiptAsMessage);
        match self.config.links.get(usize::from(link.0)).filter(|_| is_message) {
            Some(link) => Reading(Read::Message(Box::new(Message::read(self, link, sm, wall)))),
            None => Reading(Read::Receipt(Box::new(sm))),
        }
    }
}

/// What a [`MessageReader`] made of a deliver_sm or data_sm.
pub struct Reading(pub(crate) Read);

impl Reading {
    /// The records that an answer begins with, so that they can be at hand when the message is decided.
    pub(crate) fn first_reads(&self) -> &[Key] {
        match &self.0 {
            Read::Message(message) => {
                message.meaning.understood.as_ref().map_or(&[], |understood| &understood.first_reads)
            }
            Read::Receipt(_) => &[],
        }
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Read::Receipt(_) => "Reading(receipt)",
            Read::Message(_) => "Reading(message)",
        })
    }
}

/// Boxed, as events are moved several times on their way.
pub(crate) enum Read {
    /// No message of a citizen; it is looked at where receipts are.
    Receipt(Box<Sm>),
    Message(Box<Message>),
}

/// A message of somebody.
pub(crate) struct Message {
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) data_coding: u8,
    pub(crate) fingerprint: Fingerprint,
    /// Who wrote, or why he is not answered.
    sender: Result<Msisdn, &'static str>,
    pub(crate) content: Content,
    pub(crate) meaning: Meaning,
    /// Of the rules that were asked. A number, as all threads would count on the rules themselves.
    edition: Edition,
}

/// What was in it.
pub(crate) enum Content {
    /// One part of several, unpacked.
    Part { concat: Concat, data: UserData },
    /// A whole text; whether its octets do not fit the coding that was announced.
    Text { text: String, doubtful: bool },
    /// No text. Of the parts of one message only the first is answered.
    Octets { octets: Redacted<Vec<u8>>, answered: bool },
}

/// What the rules say of it; other rules may say something else.
pub(crate) struct Meaning {
    /// The sender is one of our own numbers.
    own_number: bool,
    /// The place in the rules of the service that was written to.
    pub(crate) service: Option<usize>,
    /// What a whole text means to it; none as well where reading it panicked.
    pub(crate) understood: Option<Understood>,
}

/// What a text means to a service.
pub(crate) struct Understood {
    pub(crate) interpretation: Interpretation,
    /// The records that the service will ask for first.
    pub(crate) first_reads: Vec<Key>,
}

impl Message {
    fn read(reader: &MessageReader, link: &LinkConfig, sm: Sm, wall: Timestamp) -> Self {
        let data = sm.user_data();
        let (concat, payload) = match &data {
            Ok(data) => (data.concat, data.payload.as_ref()),
            Err(_) => (None, sm.user_octets().as_ref()),
        };
        let sender = match link.plan.party(&sm.source) {
            Party::Citizen(citizen) => Ok(citizen),
            Party::ShortCode => Err("short_code"),
            Party::Alphanumeric => Err("alphanumeric"),
            Party::Empty => Err("no_sender"),
        };
        let known_as = sender.as_ref().map_or(sm.source.digits.as_str(), Msisdn::as_str);
        let fingerprint = fingerprint::of(&link.group, known_as, &sm, concat, payload);
        let concat = concat.filter(|concat| concat.total > 1);
        let content = match data.ok().filter(|data| is_for_reader(data, sm.data_coding)) {
            Some(mut data) => {
                data.payload = unpack(&data, sm.data_coding, link.profile.segments.default_alphabet);
                match concat {
                    Some(concat) => Content::Part { concat, data },
                    None => Content::whole(link, &data, sm.data_coding),
                }
            }
            None => Content::octets(sm.user_octets(), concat.is_none_or(|concat| concat.number == 1)),
        };
        let rules = &reader.rules;
        let meaning = Meaning::find(rules, link, sender.as_ref().ok(), &sm.destination, content.text(), wall);
        let edition = reader.edition;
        let Sm { source, destination, data_coding, .. } = sm;
        Self { source, destination, data_coding, fingerprint, sender, content, meaning, edition }
    }

    /// Asks the rules in force, where they are not those that were asked.
    pub(crate) fn renew(&mut self, rules: &Rules, edition: Edition, link: &LinkConfig, wall: Timestamp) {
        if self.edition != edition {
            self.edition = edition;
            let sender = self.sender.as_ref().ok();
            self.meaning = Meaning::find(rules, link, sender, &self.destination, self.content.text(), wall);
        }
    }

    /// Who may be answered; else why not.
    pub(crate) fn citizen(&self) -> Result<Msisdn, &'static str> {
        if self.meaning.own_number { Err("own_number") } else { self.sender }
    }
}

impl Content {
    /// What all octets of a message say.
    pub(crate) fn whole(link: &LinkConfig, data: &UserData, data_coding: u8) -> Self {
        match decode_text(&data.payload, data_coding, data.shifts, link.profile.segments.default_alphabet) {
            Ok(decoded) => Self::Text { text: decoded.text, doubtful: decoded.doubtful },
            Err(_) => Self::octets(&data.payload, true),
        }
    }

    fn octets(octets: &[u8], answered: bool) -> Self {
        Self::Octets { octets: Redacted(octets.iter().copied().take(OCTETS_MAX).collect()), answered }
    }

    /// The whole text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl Meaning {
    /// Asks the rules. They are pure, but they are asked about what anybody may write: a panic over one text costs
    /// that text.
    pub(crate) fn find(
        rules: &Rules,
        link: &LinkConfig,
        sender: Option<&Msisdn>,
        destination: &Address,
        text: Option<&str>,
        wall: Timestamp,
    ) -> Self {
        let own_number = sender.is_some_and(|sender| rules.place(sender.as_str()).is_some());
        let service = service_place(rules, &link.group, link.plan, destination);
        let answered = sender.filter(|_| !own_number);
        let understood = text.zip(service).zip(answered).and_then(|((text, service), sender)| {
            fence(|| Understood::find(rules, service, sender, text, wall)).flatten()
        });
        Self { own_number, service, understood }
    }
}

impl Understood {
    fn find(rules: &Rules, service: usize, sender: &Msisdn, text: &str, wall: Timestamp) -> Option<Self> {
        failpoints::reached(Point::TextRead);
        let interpretation = rules.interpret_at(service, text, wall)?;
        let settings = rules.services().get(service)?;
        let first_reads = services::first_reads(sender, &interpretation, settings, wall);
        Some(Self { interpretation, first_reads })
    }
}

/// The place of a number's service, where it is carried on this group.
pub(crate) fn service_place(
    rules: &Rules,
    group: &str,
    plan: &NumberingPlan,
    destination: &Address,
) -> Option<usize> {
    let digits = destination.digits.trim().trim_start_matches('+');
    let place = rules.place(digits).or_else(|| match plan.party(destination) {
        Party::Citizen(number) => rules.place(number.as_str()),
        _ => None,
    })?;
    let service = rules.services().get(place)?;
    let carries = service.groups.is_empty() || service.groups.iter().any(|name| name == group);
    carries.then_some(place)
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
