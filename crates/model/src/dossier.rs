//! Dossiers: what an office knows of a citizen's application.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::redact::Redacted;

/// A dossier of one service, found by its printed code.
///
/// Two lifecycles share the record: the passport office's clerk events (docs/services/lookup.md) and the
/// ten national status codes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dossier {
    /// The code as printed on the receipt.
    pub code: String,
    /// The procedure, such as `passport`.
    pub kind: String,
    /// Who handles it, as named in replies.
    pub unit: String,
    /// When the office accepted it.
    pub accepted_at: Option<Timestamp>,
    /// When the fee was paid.
    pub fee_paid_at: Option<Timestamp>,
    /// What was paid, in whole units of the currency.
    pub fee_amount: Option<u64>,
    /// The day for which the result was promised.
    pub due_on: Option<Date>,
    /// The new day, where the first one was missed.
    pub new_due_on: Option<Date>,
    /// Where it stands.
    pub status: Status,
    /// When the status was set.
    pub status_at: Option<Timestamp>,
    /// Why papers are missing, or why it was refused or stopped; shown folded and cut to 40 characters.
    pub note: String,
    /// When the result was ready.
    pub ready_at: Option<Timestamp>,
    /// When the citizen took the result.
    pub picked_up_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Name of the applicant; never sent.
    pub applicant: Redacted<String>,
    /// Counts the changes; an editor gives the version that he saw.
    pub version: u64,
}

/// The national status codes 1 to 10, which serve every service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 1, moi dang ky.
    #[default]
    Registered,
    /// 2, duoc tiep nhan.
    Accepted,
    /// 3, khong duoc tiep nhan.
    NotAccepted,
    /// 4, dang xu ly.
    Processing,
    /// 5, yeu cau bo sung giay to.
    Supplement,
    /// 6, yeu cau thuc hien nghia vu tai chinh.
    FeeDue,
    /// 7, cong dan yeu cau rut ho so.
    Withdrawn,
    /// 8, dung xu ly. The passport office's negative decision.
    Stopped,
    /// 9, da xu ly xong.
    Ready,
    /// 10, da tra ket qua.
    Returned,
}

impl Status {
    /// Every status, in the order of the national codes.
    pub const ALL: [Self; 10] = [
        Self::Registered,
        Self::Accepted,
        Self::NotAccepted,
        Self::Processing,
        Self::Supplement,
        Self::FeeDue,
        Self::Withdrawn,
        Self::Stopped,
        Self::Ready,
        Self::Returned,
    ];

    /// The status of a national code, 1 to 10.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }
}

/// What a clerk or a case system says of a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DossierEvent {
    /// The office accepted it.
    Accepted,
    /// The fee was paid.
    FeePaid {
        /// In whole units of the currency.
        #[serde(default)]
        amount: Option<u64>,
    },
    /// One of the ten national status codes.
    Status {
        /// 1 to 10.
        code: u8,
        /// Why, where the status needs a reason.
        #[serde(default)]
        note: String,
    },
    /// The day for which the result is promised; a second one once the first has passed.
    Due {
        /// The day.
        on: Date,
    },
    /// Papers are missing.
    Supplement {
        /// Which.
        note: String,
    },
    /// The papers came; work goes on.
    Resumed,
    /// The result can be taken.
    Ready,
    /// The decision is negative.
    Refused {
        /// Why.
        note: String,
    },
    /// The citizen took the result.
    PickedUp,
    /// The citizen withdrew it.
    Withdrawn,
}

/// A dossier's look-up key: letters and digits of its code, upper case.
pub fn code_key(code: &str) -> SmolStr {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}
