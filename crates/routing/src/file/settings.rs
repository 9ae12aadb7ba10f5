//! Numbers, thresholds, hours, activities: what is no grammar and no text.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::within::{Positive, Within};

/// `[service]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceTable {
    pub(crate) id: Spanned<String>,
    pub(crate) numbers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    /// Numbering plan: `vn` or `cz`.
    pub(crate) country: Spanned<String>,
    pub(crate) zone: Spanned<String>,
    /// Base table of words: `vi`, `cs`, `en`; none where the file brings all its words itself.
    pub(crate) language: Option<Spanned<String>>,
    /// Services of one platform know each other's keywords.
    pub(crate) platform: Option<String>,
    pub(crate) notice_hours: Option<Spanned<String>>,
}

/// `[limits]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsTable {
    pub(crate) messages_per_minute: Positive,
    pub(crate) misses_per_hour: Positive,
}

impl Default for LimitsTable {
    fn default() -> Self {
        Self { messages_per_minute: Within(10), misses_per_hour: Within(10) }
    }
}

/// `[tariff]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TariffTable {
    pub(crate) class: String,
    pub(crate) price: u32,
    pub(crate) currency: String,
}

/// `[calendar]`, of the office or of a queue.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CalendarTable {
    /// Holiday table: `vn` or `cz`.
    pub(crate) holidays: Option<Spanned<String>>,
    pub(crate) mon: Vec<Spanned<String>>,
    pub(crate) tue: Vec<Spanned<String>>,
    pub(crate) wed: Vec<Spanned<String>>,
    pub(crate) thu: Vec<Spanned<String>>,
    pub(crate) fri: Vec<Spanned<String>>,
    pub(crate) sat: Vec<Spanned<String>>,
    pub(crate) sun: Vec<Spanned<String>>,
    /// Closed days of the office's own, with their reason.
    pub(crate) closed: BTreeMap<Spanned<String>, String>,
    /// Days with hours of their own.
    pub(crate) open: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
}

/// `[dossiers]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "lifecycle", rename_all = "lowercase")]
pub(crate) enum DossiersTable {
    /// From some hours after acceptance and payment to some hours after collection.
    Window { opens_after_h: u32, closes_after_h: u32, ended_for_days: u32 },
    /// The ten national status codes.
    National {},
}

/// `[queue.CODE]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueTable {
    pub(crate) template: Spanned<String>,
    #[serde(default = "three")]
    pub(crate) tick_minutes: Positive,
    #[serde(default = "six")]
    pub(crate) stale_minutes: u32,
    #[serde(default = "twenty")]
    pub(crate) few_below: u32,
    #[serde(default = "sixty")]
    pub(crate) many_from: u32,
    /// Words for few, some and many.
    pub(crate) levels: [String; 3],
    pub(crate) calendar: Option<CalendarTable>,
}

fn three() -> Positive {
    Within(3)
}

fn six() -> u32 {
    6
}

fn twenty() -> u32 {
    20
}

fn sixty() -> u32 {
    60
}

/// `[subscribers]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribersTable {
    #[serde(default)]
    pub(crate) require_id: bool,
    pub(crate) empty_word: String,
}

/// `[accounts]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountsTable {
    pub(crate) password_hours: Positive,
    /// As short as a citizen's own password may be, and as long.
    pub(crate) password_length: Within<8, 64>,
    #[serde(default)]
    pub(crate) max_rotations: u32,
    pub(crate) failed_logins_max: Positive,
    pub(crate) lock_minutes: u32,
}

/// `[bookings]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookingsTable {
    pub(crate) grid_minutes: Spanned<u16>,
    pub(crate) horizon_days: Positive,
    pub(crate) nearest_days: Positive,
    pub(crate) nearest_lead_minutes: u32,
    /// Fewer are guessed, more are mistyped.
    pub(crate) code_digits: Within<4, 9>,
    pub(crate) live_max: Positive,
    pub(crate) offers_max: Positive,
    pub(crate) reminder_at: Option<Spanned<String>>,
}

/// `[activity.ABBREVIATION]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityTable {
    pub(crate) title: String,
    pub(crate) minutes: Spanned<u16>,
    pub(crate) counters: u8,
    #[serde(default = "yes")]
    pub(crate) active: bool,
}

pub(crate) fn yes() -> bool {
    true
}
