//! Receipts as an SMSC writes them, for the simulator.

use std::fmt::Write;

use bytes::Bytes;

use super::MessageState;
use crate::{Sm, Tlvs, encode::SM_LENGTH_MAX, esm_class::SMSC_RECEIPT, time::Absolute, tlv::tag};

/// Characters of the message that a receipt repeats (3.4, appendix B).
const TEXT_CHARACTERS: usize = 20;

/// What a receipt is to say.
#[derive(Clone, Debug)]
pub struct ReceiptText<'a> {
    /// The id in the spelling of the receipts.
    pub message_id: &'a str,
    /// The state to report.
    pub state: MessageState,
    /// `err:`; three digits in the specification.
    pub error: &'a str,
    /// When the message was submitted.
    pub submit_date: Absolute,
    /// When it came to this state.
    pub done_date: Absolute,
    /// The message's text; its first 20 characters are repeated where they are ASCII.
    pub text: &'a str,
}

impl ReceiptText<'_> {
    /// The text of appendix B.
    #[must_use]
    pub fn text(&self) -> String {
        let delivered = u8::from(self.state == MessageState::Delivered);
        let (id, stat, error) = (self.message_id, self.state.stat(), self.error);
        let (submitted, done) = (minutes(self.submit_date), minutes(self.done_date));
        let mut out = format!(
            "id:{id} sub:001 dlvrd:{delivered:03} submit date:{submitted} done date:{done} stat:{stat} err:{error} text:"
        );
        out.extend(self.text.chars().take(TEXT_CHARACTERS).filter(|it| it.is_ascii() && !it.is_control()));
        // Between two characters: ids and errors are what somebody configured.
        let end = (0..=SM_LENGTH_MAX).rev().find(|at| out.is_char_boundary(*at));
        out.truncate(end.unwrap_or_default());
        out
    }

    /// The parameters that say the same: receipted_message_id and message_state.
    #[must_use]
    pub fn tlvs(&self) -> Tlvs {
        let mut id = self.message_id.as_bytes().to_vec();
        id.push(0);
        Tlvs::new().with(tag::RECEIPTED_MESSAGE_ID, id).with(tag::MESSAGE_STATE, vec![self.state.octet()])
    }

    /// The deliver_sm for a submitted message, its addresses exchanged.
    #[must_use]
    pub fn deliver_sm(&self, submitted: &Sm, with_text: bool, with_tlvs: bool) -> Sm {
        let text = if with_text { self.text() } else { String::new() };
        Sm {
            service_type: submitted.service_type.clone(),
            source: submitted.destination.clone(),
            destination: submitted.source.clone(),
            esm_class: SMSC_RECEIPT,
            short_message: Bytes::from(text.into_bytes()),
            tlvs: if with_tlvs { self.tlvs() } else { Tlvs::new() },
            ..Sm::default()
        }
    }
}

fn minutes(date: Absolute) -> String {
    let mut out = String::with_capacity(10);
    for field in [date.year, date.month, date.day, date.hour, date.minute] {
        // Writing to a String does not fail.
        let _ = write!(out, "{field:02}");
    }
    out
}
