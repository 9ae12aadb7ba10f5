//! What the simulator does wrong on purpose. Every switch may be thrown while it runs.

use codec::MessageState;
use model::{Seed, now::Draw};
use serde::{Deserialize, Serialize};

use crate::message::SourceStyle;

/// The misbehaviour of the SMSC; the default is none. Percentages are drawn from the configured seed, so one seed
/// and one order of events misbehave alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Share of submit_sm answered with ESME_RTHROTTLED.
    pub throttle_percent: u8,
    /// Share of submit_sm answered with `refuse_status`.
    pub refuse_percent: u8,
    /// The command_status of such a refusal; 0x45 (ESME_RSUBMITFAIL) unless set.
    pub refuse_status: u32,
    /// Share of submit_sm that are taken and never answered.
    pub drop_response_percent: u8,
    /// Milliseconds that a submit_sm_resp is late.
    pub delay_response_ms: u64,
    /// Share of submit_sm_resp written twice.
    pub duplicate_response_percent: u8,
    /// Share of submit_sm_resp preceded by one that nobody asked for.
    pub stray_response_percent: u8,
    /// What such a response is like.
    pub stray_response_form: StrayForm,
    /// The second of two responses carries another id, and it is that one which receipts name.
    pub duplicate_response_other_id: bool,
    /// The final state that receipts report.
    pub receipt_state: ReceiptState,
    /// Milliseconds between taking a message and its receipt.
    pub delay_receipt_ms: u64,
    /// The receipt goes out before the submit_sm_resp.
    pub receipt_before_response: bool,
    /// Each receipt goes out twice.
    pub receipt_twice: bool,
    /// So many receipts for messages that nobody submitted come before each right one.
    pub stray_receipts: u32,
    /// Receipts leave on another bind than the one that submitted, where there is another.
    pub receipt_on_sister_bind: bool,
    /// An ENROUTE receipt comes after the final one: an order that no receiver may believe.
    pub receipt_enroute_after_final: bool,
    /// How a receipt says what it says.
    pub receipt_form: ReceiptForm,
    /// Receipts come as data_sm instead of deliver_sm.
    pub receipt_as_data_sm: bool,
    /// How message ids are written in submit_sm_resp.
    pub response_id: IdForm,
    /// How the same ids are written in receipts.
    pub receipt_id: IdForm,
    /// How citizens' numbers are written into source_addr.
    pub source_style: SourceStyle,
    /// Citizens' messages come as data_sm, their text in message_payload.
    pub deliver_as_data_sm: bool,
    /// The parts of a message take different binds instead of following each other on one.
    pub scatter_parts: bool,
    /// Share of acknowledged deliver_sm sent once more, as if the acknowledgement had been lost.
    pub duplicate_deliver_percent: u8,
    /// Each link is closed upon its n-th submit_sm, which is neither taken nor answered; 0 for never.
    pub disconnect_after_submits: u32,
    /// The next deliver_sm is written and its link closed before the response is read; then the switch is off.
    pub cut_after_deliver_once: bool,
    /// Only this many octets of the next deliver_sm are written and its link closed; then the switch is off.
    pub cut_inside_deliver_once: u16,
    /// Each link is closed as soon as its bind has been accepted.
    pub drop_after_bind: bool,
    /// Binds are refused with this command_status; 0 for not.
    pub refuse_bind_status: u32,
    /// Binds are never answered.
    pub no_bind_answer: bool,
    /// enquire_link is never answered.
    pub no_enquire_link_answer: bool,
    /// unbind is never answered.
    pub no_unbind_answer: bool,
    /// Nothing is read from any link; the peer's send buffer fills up.
    pub stop_reading: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            throttle_percent: 0,
            refuse_percent: 0,
            refuse_status: codec::CommandStatus::ESME_RSUBMITFAIL.0,
            drop_response_percent: 0,
            delay_response_ms: 0,
            duplicate_response_percent: 0,
            stray_response_percent: 0,
            stray_response_form: StrayForm::default(),
            duplicate_response_other_id: false,
            receipt_state: ReceiptState::default(),
            delay_receipt_ms: 0,
            receipt_before_response: false,
            receipt_twice: false,
            stray_receipts: 0,
            receipt_on_sister_bind: false,
            receipt_enroute_after_final: false,
            receipt_form: ReceiptForm::default(),
            receipt_as_data_sm: false,
            response_id: IdForm::default(),
            receipt_id: IdForm::default(),
            source_style: SourceStyle::default(),
            deliver_as_data_sm: false,
            scatter_parts: false,
            duplicate_deliver_percent: 0,
            disconnect_after_submits: 0,
            cut_after_deliver_once: false,
            cut_inside_deliver_once: 0,
            drop_after_bind: false,
            refuse_bind_status: 0,
            no_bind_answer: false,
            no_enquire_link_answer: false,
            no_unbind_answer: false,
            stop_reading: false,
        }
    }
}

/// The state that a receipt reports (SMPP 3.4, 5.2.28, and the words of appendix B).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReceiptState {
    /// No receipt is sent, asked for or not.
    None,
    /// On its way; not final.
    Enroute,
    /// The handset has it.
    #[default]
    Delivrd,
    /// Its validity ended.
    Expired,
    /// Deleted.
    Deleted,
    /// Cannot be delivered.
    Undeliv,
    /// Accepted by an operator's agent.
    Acceptd,
    /// Nobody knows.
    Unknown,
    /// Rejected.
    Rejectd,
    /// Skipped (5.0).
    Skipped,
}

impl ReceiptState {
    /// The same as the codec knows it; `None` where no receipt is to be sent.
    #[must_use]
    pub fn message_state(self) -> Option<MessageState> {
        Some(match self {
            Self::None => return None,
            Self::Enroute => MessageState::Enroute,
            Self::Delivrd => MessageState::Delivered,
            Self::Expired => MessageState::Expired,
            Self::Deleted => MessageState::Deleted,
            Self::Undeliv => MessageState::Undeliverable,
            Self::Acceptd => MessageState::Accepted,
            Self::Unknown => MessageState::Unknown,
            Self::Rejectd => MessageState::Rejected,
            Self::Skipped => MessageState::Skipped,
        })
    }
}

/// A response that answers nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrayForm {
    /// Its sequence_number was never used.
    #[default]
    Unknown,
    /// Its sequence_number is 0.
    Zero,
    /// Its sequence_number is that of the next request, which has not come yet.
    Ahead,
    /// The sequence_number is right and the command is another's: data_sm_resp to a submit_sm.
    OtherCommand,
}

/// Where a receipt carries id and state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptForm {
    /// In its text only.
    Text,
    /// In TLVs only; the text is empty.
    Tlv,
    /// In both.
    #[default]
    Both,
}

/// How a message id, a number inside, is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdForm {
    /// Decimal or hexadecimal.
    pub base: IdBase,
    /// Hexadecimal letters are capitals.
    pub uppercase: bool,
    /// Zeros are put in front up to this many digits.
    pub width: u8,
}

/// The base of a message id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdBase {
    /// 0 to 9.
    #[default]
    Decimal,
    /// 0 to f.
    Hex,
}

impl IdForm {
    /// The id in this form.
    #[must_use]
    pub fn write(self, id: u64) -> String {
        let width = usize::from(self.width);
        match (self.base, self.uppercase) {
            (IdBase::Decimal, _) => format!("{id:0width$}"),
            (IdBase::Hex, false) => format!("{id:0width$x}"),
            (IdBase::Hex, true) => format!("{id:0width$X}"),
        }
    }
}

/// The randomness behind the percentages.
#[derive(Debug)]
pub(crate) struct Dice(Draw);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut octets = [0; 32];
        for (octet, part) in octets.iter_mut().zip(seed.to_be_bytes()) {
            *octet = part;
        }
        Self(Seed::new(octets, 0).draw())
    }

    /// True in `percent` of a hundred throws. 0 and 100 take no throw, so that an idle switch changes nothing.
    pub(crate) fn hits(&mut self, percent: u8) -> bool {
        match percent {
            0 => false,
            100.. => true,
            _ => self.0.below(100) < u32::from(percent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_about_as_often_as_asked() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            (0..10_000).map(|_| dice.hits(5)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1), throws(1));
        assert_ne!(throws(1), throws(2));
        let hits = throws(1).iter().filter(|hit| **hit).count();
        assert!((400..600).contains(&hits), "{hits}");
    }

    #[test]
    fn ids_are_written_as_smscs_write_them() {
        let id = |json| serde_json::from_str::<IdForm>(json).unwrap().write(0xBEEF);
        assert_eq!(id("{}"), "48879");
        assert_eq!(id(r#"{"width":10}"#), "0000048879");
        assert_eq!(id(r#"{"base":"hex"}"#), "beef");
        assert_eq!(id(r#"{"base":"hex","uppercase":true,"width":8}"#), "0000BEEF");
    }

    #[test]
    fn a_switch_that_does_not_exist_is_refused() {
        let error = serde_json::from_str::<Faults>(r#"{"throttle":5}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `throttle`"), "{error}");
    }
}
