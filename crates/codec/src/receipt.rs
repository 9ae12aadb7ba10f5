//! Delivery receipts: `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…` (3.4, appendix B) as it
//! is really sent, and the parameters that say the same.
//!
//! What is a receipt is decided by `esm_class` alone ([`crate::SmKind`]); only then is the text read.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use text::{gsm7::Shifts, latin1};

use crate::{
    Sm, SmKind,
    data_coding::{DefaultAlphabet, decode_text},
    time::Absolute,
    tlv::tag,
};

mod build;
mod ids;

pub use build::ReceiptText;
pub use ids::{ReceiptIds, Spellings, plain};

/// The state of a message at the SMSC (3.4, 5.2.28; 5.0 adds 0 and 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MessageState {
    /// Waits for its schedule_delivery_time.
    Scheduled,
    /// On its way.
    Enroute,
    /// On the handset.
    Delivered,
    /// Its validity ended first.
    Expired,
    /// Deleted at the SMSC.
    Deleted,
    /// Cannot be delivered.
    Undeliverable,
    /// Taken over, for instance by an operator's clerk.
    Accepted,
    /// Nobody knows, and nobody will.
    Unknown,
    /// Refused.
    Rejected,
    /// Left out by the SMSC (5.0).
    Skipped,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
        Self::Skipped,
    ];

    /// Whether no other state will follow. `Accepted` is taken for a step on the way: SMSCs send it and then
    /// DELIVRD.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Enroute | Self::Accepted)
    }

    /// By the value of the message_state parameter.
    #[must_use]
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.get(usize::from(octet)).copied()
    }

    /// The value of the message_state parameter.
    #[must_use]
    pub fn octet(self) -> u8 {
        self as u8
    }

    /// The word after `stat:`.
    #[must_use]
    pub fn stat(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
            Self::Skipped => "SKIPPED",
        }
    }

    /// By the word after `stat:`, in any case, the field's own words included; `None` for a word that nobody
    /// defined, which is no final state.
    #[must_use]
    pub fn from_stat(stat: &str) -> Option<Self> {
        let stat = stat.to_ascii_uppercase();
        Some(match stat.as_str() {
            "SCHEDULED" | "SCHEDLD" => Self::Scheduled,
            "ENROUTE" | "ACKED" | "BUFFRED" | "BUFFERD" | "BUFFERED" | "BUFFER" => Self::Enroute,
            "DELIVRD" | "DELIVERED" | "DELIVERD" => Self::Delivered,
            "EXPIRED" => Self::Expired,
            "DELETED" => Self::Deleted,
            "UNDELIV" | "UNDELIVERED" | "UNDELIVERABLE" | "FAILED" => Self::Undeliverable,
            "ACCEPTD" | "ACCEPTED" => Self::Accepted,
            "UNKNOWN" => Self::Unknown,
            "REJECTD" | "REJECTED" => Self::Rejected,
            "SKIPPED" => Self::Skipped,
            _ => return None,
        })
    }
}

/// What a receipt says. All is optional: a receipt that says nothing is still a receipt and starts no service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The SMSC's id as sent; compare by [`ReceiptIds`].
    pub message_id: Option<String>,
    /// The state, where it is one that somebody defined.
    pub state: Option<MessageState>,
    /// The word after `stat:` where `state` is `None`.
    pub unknown_stat: Option<String>,
    /// The error as sent: letters and any length occur.
    pub error: Option<String>,
    /// `submit date` as sent.
    pub submit_date: Option<String>,
    /// `done date` as sent; see [`date`].
    pub done_date: Option<String>,
}

impl Receipt {
    /// Reads a receipt or intermediate notification; `None` where `esm_class` says that it is none. Parameters
    /// win over the text.
    #[must_use]
    pub fn parse(sm: &Sm) -> Option<Self> {
        if sm.kind() == SmKind::Message {
            return None;
        }
        let mut receipt = read_text(sm);
        if let Some(id) = sm.tlvs.text(tag::RECEIPTED_MESSAGE_ID).filter(|id| !id.is_empty()) {
            receipt.message_id = Some(id);
        }
        if let Some(state) = sm.tlvs.octet(tag::MESSAGE_STATE).and_then(MessageState::from_octet) {
            receipt.state = Some(state);
            receipt.unknown_stat = None;
        }
        if let Some([_, high, low]) = sm.tlvs.get(tag::NETWORK_ERROR_CODE).map(AsRef::as_ref) {
            receipt.error = Some(u16::from_be_bytes([*high, *low]).to_string());
        }
        Some(receipt)
    }

    /// Reads the text: keys in any order and case, any of them missing, values up to the next blank.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        // What follows `text:` is the message's own: it may hold anything, keys included. It counts only where no
        // id stands before it.
        let head =
            key_start(&lower, "text").and_then(|end| Some(Self::fields(text.get(..end)?, lower.get(..end)?)));
        head.filter(|head| head.message_id.is_some()).unwrap_or_else(|| Self::fields(text, &lower))
    }

    fn fields(text: &str, lower: &str) -> Self {
        let field = |key: &str| value(text, lower, key);
        let stat = field("stat");
        let state = stat.and_then(MessageState::from_stat);
        Self {
            message_id: field("id").map(str::to_owned),
            state,
            unknown_stat: stat.filter(|_| state.is_none()).map(str::to_owned),
            error: field("err").map(str::to_owned),
            submit_date: field("submit date").or_else(|| field("submit_date")).map(str::to_owned),
            done_date: field("done date").or_else(|| field("done_date")).map(str::to_owned),
        }
    }
}

/// Reads the text of a receipt as it is announced, and where that names no message, as plain octets: behind the
/// header, then from the start. Some SMSCs copy data_coding and the UDHI bit of the message that they report on,
/// and write ASCII all the same. Septets, ASCII and Latin-1 agree in all that a receipt needs.
fn read_text(sm: &Sm) -> Receipt {
    let octets = sm.user_data().map_or_else(|_| Bytes::new(), |data| data.payload);
    let announced = decode_text(&octets, sm.data_coding, Shifts::default(), DefaultAlphabet::Latin1);
    let announced = announced.map_or_else(|_| Receipt::default(), |it| Receipt::from_text(&it.text));
    if announced.message_id.is_some() {
        return announced;
    }
    let plain = |octets: &Bytes| Receipt::from_text(&latin1::decode(octets));
    let readings = [announced, plain(&octets), plain(sm.user_octets())];
    let best = readings.into_iter().min_by_key(|it| (it.message_id.is_none(), it.state.is_none()));
    best.unwrap_or_default()
}

/// Keys that show that the value before them is empty.
const KEYS: [&str; 7] = ["id", "sub", "dlvrd", "stat", "err", "submit_date", "done_date"];
/// The first words of keys of two words.
const DATE_KEYS: [&str; 2] = ["submit", "done"];

/// Where `key:` starts, at the start of a word.
fn key_start(lower: &str, key: &str) -> Option<usize> {
    lower.match_indices(key).map(|(at, _)| at).find(|at| {
        let before = lower.get(..*at).and_then(|it| it.chars().next_back());
        let after = lower.get(*at + key.len()..).unwrap_or_default();
        before.is_none_or(|it| !it.is_alphanumeric() && it != '_') && after.trim_start().starts_with(':')
    })
}

fn value<'a>(text: &'a str, lower: &str, key: &str) -> Option<&'a str> {
    let start = key_start(lower, key)? + key.len();
    let after = text.get(start..)?.trim_start().strip_prefix(':')?;
    // One blank after the colon occurs; an empty value is followed by the next key.
    let after = after.trim_start_matches(' ');
    let value = after.split([' ', '\0', '\r', '\n', '\t', ',', ';']).next()?;
    let next = value.split_once(':').map_or("", |(next, _)| next);
    let is_next_key = KEYS.iter().any(|it| next.eq_ignore_ascii_case(it))
        || DATE_KEYS.iter().any(|it| value.eq_ignore_ascii_case(it));
    (!value.is_empty() && !is_next_key).then_some(value)
}

/// A receipt's date: YYMMDDhhmm, with seconds, or YYYYMMDDhhmmss; the wall clock of the SMSC, whose offset nobody
/// says. `None` for blanks, zeros and what is no date.
#[must_use]
pub fn date(field: &str) -> Option<Absolute> {
    let digits: Cow<'_, str> = match field.len() {
        10 => Cow::Owned(format!("{field}00")),
        12 => Cow::Borrowed(field),
        14 => Cow::Borrowed(field.strip_prefix("20")?),
        _ => return None,
    };
    match crate::time::SmppTime::parse(&format!("{digits}000+")) {
        Ok(crate::time::SmppTime::Absolute(time)) => Some(time),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
