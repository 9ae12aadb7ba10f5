//! A mix: what citizens ask, how often, and which replies are right. docs/LOAD.md describes the file.

use std::collections::BTreeMap;

use codec::{command_id, data_coding::DefaultAlphabet};
use memchr::memmem;
use serde::Deserialize;
use text::{gsm7::Shifts, parts::Alphabet, ucs2};

use super::{
    template::{self, CAPTURE_MAX, Template},
    value::{ValueSpec, Values},
    wire,
};
use crate::message::service_address;

/// The mix that fits the four built-in services.
const BUILT_IN: &str = include_str!("../../../../deploy/load/mix.toml");

/// Kinds of messages in a mix, follow-ups included: they are looked through for each message.
const KINDS_MAX: usize = 1_000;

/// A mix that can't be used. Returned by [`Mix::parse`]; correct the file.
#[derive(Debug, thiserror::Error)]
pub enum MixError {
    /// Not TOML, or not these keys.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A value that means nothing.
    #[error("value `{0}`: {1}")]
    Value(String, &'static str),
    /// A text whose braces or octets don't fit.
    #[error("text `{0}`: {1}")]
    Text(String, &'static str),
    /// A field that nothing is known of.
    #[error("there is no value `{0}`")]
    UnknownValue(String),
    /// Nothing to send.
    #[error("{0}")]
    Messages(&'static str),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MixSpec {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    values: BTreeMap<String, ValueSpec>,
    message: Vec<MessageSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageSpec {
    weight: f64,
    from: String,
    to: String,
    text: String,
    #[serde(default)]
    reply: Vec<String>,
    then: Option<ThenSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThenSpec {
    text: String,
    #[serde(default)]
    reply: Vec<String>,
    take: BTreeMap<String, TakeSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TakeSpec {
    after: String,
    until: Option<String>,
}

/// What is sent and what is expected.
#[derive(Debug)]
pub struct Mix {
    values: Values,
    kinds: Vec<Kind>,
}

/// One kind of message, as octets with gaps.
#[derive(Debug)]
struct Kind {
    /// The draw that picks it lies below this and not below that of the kind before; 0 for follow-ups.
    until: u64,
    from: Template,
    /// From behind the digits of source_addr up to sm_length, which it ends with.
    middle: Vec<u8>,
    text: Template,
    /// Any reply is right where there are none.
    reply: Vec<Words>,
    then: Option<Then>,
}

/// Words of a reply in either alphabet; `None` where GSM-7 lacks them.
#[derive(Debug)]
struct Words {
    gsm7: Option<Template>,
    ucs2: Template,
}

#[derive(Debug)]
struct Then {
    kind: u16,
    takes: Vec<TakeSpec>,
}

/// A message that follows from a reply.
#[derive(Debug)]
pub(super) struct FollowUp {
    pub(super) kind: u16,
    /// Of the message that was replied to: its values are this one's.
    pub(super) index: u64,
    captures: Vec<String>,
}

impl Mix {
    /// The mix that is compiled in.
    pub fn built_in() -> Result<Self, MixError> {
        Self::parse(BUILT_IN)
    }

    /// The text of the mix that is compiled in, to begin a file of one's own with.
    #[must_use]
    pub fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Reads a mix file.
    pub fn parse(toml: &str) -> Result<Self, MixError> {
        let spec: MixSpec = toml::from_str(toml)?;
        let values = Values::new(spec.seed, spec.values)?;
        if spec.message.iter().any(|message| !(message.weight > 0.0 && message.weight.is_finite())) {
            return Err(MixError::Messages("a weight is a number over 0"));
        }
        let total: f64 = spec.message.iter().map(|message| message.weight).sum();
        let mut mix = Self { values, kinds: Vec::new() };
        let mut sum = 0.0;
        for message in spec.message {
            sum += message.weight;
            mix.add(message, sum / total)?;
        }
        if mix.kinds.is_empty() || mix.kinds.len() > KINDS_MAX {
            return Err(MixError::Messages("a mix has 1 to 1,000 messages"));
        }
        Ok(mix)
    }

    fn add(&mut self, spec: MessageSpec, until: f64) -> Result<(), MixError> {
        // A share of 1 is all of the 64 bits; `as` saturates.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1, saturating")]
        let until = (until * 18_446_744_073_709_551_616.0) as u64;
        let mut kind = self.kind(until, &spec.from, &spec.to, &spec.text, &spec.reply, &[])?;
        let Some(then) = spec.then else {
            self.kinds.push(kind);
            return Ok(());
        };
        let (names, takes): (Vec<_>, Vec<_>) = then.take.into_iter().unzip();
        let follow_up = self.kind(0, &spec.from, &spec.to, &then.text, &then.reply, &names)?;
        let number = u16::try_from(self.kinds.len() + 1).map_err(|_| MixError::Messages("too many"))?;
        kind.then = Some(Then { kind: number, takes });
        self.kinds.extend([kind, follow_up]);
        Ok(())
    }

    fn kind(
        &self,
        until: u64,
        from: &str,
        to: &str,
        text: &str,
        reply: &[String],
        captures: &[String],
    ) -> Result<Kind, MixError> {
        let wrong = |what| move || MixError::Text(text.to_owned(), what);
        let number =
            |digits: &str| digits.bytes().all(|it| it.is_ascii_digit()) && (1..=20).contains(&digits.len());
        let numbers = "a number has 1 to 20 digits";
        if !number(to) {
            return Err(MixError::Text(to.to_owned(), numbers));
        }
        let from_pieces = template::read(from)?;
        let is_number = from_pieces.iter().all(|piece| match piece {
            template::Piece::Literal(digits) => number(digits),
            template::Piece::Field { name, .. } => {
                self.values.find(name).is_some_and(|value| self.values.words(value).is_empty())
            }
        });
        let sender = Template::new(&from_pieces, Alphabet::Gsm7, &self.values, &[])?;
        let sender = sender.filter(|it| is_number && (1..=18).contains(&it.length_max(&self.values)));
        let sender = sender.ok_or_else(|| MixError::Text(from.to_owned(), "a sender has up to 18 digits"))?;
        let pieces = template::read(text)?;
        let (template, data_coding) = match Template::new(&pieces, Alphabet::Gsm7, &self.values, captures)? {
            Some(template) => (template, 0x00),
            None => {
                let template = Template::new(&pieces, Alphabet::Ucs2, &self.values, captures)?;
                (template.ok_or_else(wrong("it has characters that no alphabet has"))?, 0x08)
            }
        };
        let room = if data_coding == 0 { 160 } else { 140 };
        if template.length_max(&self.values) > room {
            return Err(wrong("it may not fit one part: 160 septets or 70 units of UCS-2")());
        }
        let reply = reply.iter().map(|words| self.words(words)).collect::<Result<_, _>>()?;
        Ok(Kind { until, from: sender, middle: middle(to, data_coding), text: template, reply, then: None })
    }

    fn words(&self, words: &str) -> Result<Words, MixError> {
        let pieces = template::read(words)?;
        let ucs2 = Template::new(&pieces, Alphabet::Ucs2, &self.values, &[])?;
        let ucs2 = ucs2.ok_or_else(|| MixError::Text(words.to_owned(), "no alphabet has its characters"))?;
        Ok(Words { gsm7: Template::new(&pieces, Alphabet::Gsm7, &self.values, &[])?, ucs2 })
    }

    /// The kind of the message with this index.
    pub(super) fn pick(&self, index: u64) -> u16 {
        let draw = self.values.draw(index, 0);
        let picked = self.kinds.iter().position(|kind| draw < kind.until);
        // The last share ends at 2^64 - 1, which a draw may just be.
        picked.and_then(|kind| u16::try_from(kind).ok()).unwrap_or_default()
    }

    /// Appends a deliver_sm; the sender's number, 0 where there is no such kind.
    pub(super) fn write_deliver(
        &self,
        kind: u16,
        index: u64,
        follow_up: Option<&FollowUp>,
        sequence_number: u32,
        out: &mut Vec<u8>,
    ) -> u64 {
        let Some(kind) = self.kinds.get(usize::from(kind)) else { return 0 };
        let captures = follow_up.map(|it| it.captures.as_slice()).unwrap_or_default();
        let start = out.len();
        let header =
            wire::Header { length: 0, command_id: command_id::DELIVER_SM, status: 0, sequence_number };
        header.write(out);
        // No service_type; an international number in E.164.
        out.extend_from_slice(&[0, 1, 1]);
        let digits = out.len();
        kind.from.write(&self.values, index, &[], out);
        let number = out.get(digits..).and_then(wire::number).unwrap_or_default();
        out.extend_from_slice(&kind.middle);
        let text = out.len();
        kind.text.write(&self.values, index, captures, out);
        let sm_length = u8::try_from(out.len() - text).unwrap_or_default();
        if let Some(octet) = out.get_mut(text - 1) {
            *octet = sm_length;
        }
        let length = u32::try_from(out.len() - start).unwrap_or_default();
        if let Some(octets) = out.get_mut(start..start + 4) {
            octets.copy_from_slice(&length.to_be_bytes());
        }
        number
    }

    /// Whether a reply to the message with this index is right. `scratch` is room to write in.
    pub(super) fn is_right(
        &self,
        kind: u16,
        index: u64,
        data_coding: u8,
        reply: &[u8],
        scratch: &mut Vec<u8>,
    ) -> bool {
        let Some(kind) = self.kinds.get(usize::from(kind)) else { return false };
        if kind.reply.is_empty() {
            return true;
        }
        let decoded;
        let (in_gsm7, reply) = match data_coding {
            0x00 => (true, reply),
            0x08 => (false, reply),
            _ => {
                decoded = ucs2::encode(&decode(data_coding, reply));
                (false, decoded.as_slice())
            }
        };
        kind.reply.iter().any(|words| {
            let Some(words) = (if in_gsm7 { words.gsm7.as_ref() } else { Some(&words.ucs2) }) else {
                return false;
            };
            scratch.clear();
            words.write(&self.values, index, &[], scratch);
            memmem::find(reply, scratch).is_some()
        })
    }

    /// What follows from a reply: nothing where the kind has no follow-up or the reply lacks what it takes.
    pub(super) fn follow_up(&self, kind: u16, index: u64, data_coding: u8, reply: &[u8]) -> Option<FollowUp> {
        let then = self.kinds.get(usize::from(kind))?.then.as_ref()?;
        let text = decode(data_coding, reply);
        let captures: Option<Vec<String>> = then.takes.iter().map(|take| take.find(&text)).collect();
        Some(FollowUp { kind: then.kind, index, captures: captures? })
    }
}

impl TakeSpec {
    fn find(&self, text: &str) -> Option<String> {
        let (_, behind) = text.split_once(self.after.as_str())?;
        let taken = match &self.until {
            Some(until) => behind.split_once(until.as_str())?.0,
            None => behind,
        };
        let fits = !taken.is_empty() && taken.chars().count() <= CAPTURE_MAX;
        fits.then(|| taken.to_owned())
    }
}

/// A reply's text; empty where it is none.
fn decode(data_coding: u8, octets: &[u8]) -> String {
    codec::data_coding::decode_text(octets, data_coding, Shifts::default(), DefaultAlphabet::Gsm7)
        .map(|decoded| decoded.text)
        .unwrap_or_default()
}

/// The octets of a deliver_sm between source_addr and its text, with room for sm_length at their end.
fn middle(to: &str, data_coding: u8) -> Vec<u8> {
    let to = service_address(to);
    let mut octets = vec![0, to.ton, to.npi];
    octets.extend_from_slice(to.digits.as_bytes());
    // NUL; esm_class, protocol_id, priority_flag; no schedule_delivery_time and validity_period;
    // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id, sm_length.
    octets.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, data_coding, 0, 0]);
    octets
}

#[cfg(test)]
mod tests;
