//! A service as its file describes it: texts, thresholds, calendars, activities.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::calendar::{Calendar, Span};
use crate::id::ServiceId;
use crate::plan::NumberingPlan;
use crate::request::ErrorKind;
use crate::template::Template;

/// Everything that a decider needs to know of a service and that is not a record.
///
/// The grammar (keywords, rules) is not here: it is compiled by `routing`.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// The numbers it answers on, digits only.
    pub numbers: Vec<String>,
    /// Bind groups that may carry it; empty for all.
    pub groups: Vec<String>,
    /// Numbering plan of its citizens.
    pub plan: &'static NumberingPlan,
    /// Local time of the office.
    pub zone: TimeZone,
    /// Reply templates by role, such as `dossier.ready` or `help`.
    pub templates: BTreeMap<String, Template>,
    /// The role that answers each kind of mistake.
    pub errors: BTreeMap<ErrorKind, String>,
    /// Form and example of each command, for `{form}` and `{ex}`.
    pub forms: BTreeMap<String, Form>,
    /// The office's hours.
    pub calendar: Calendar,
    /// Limits against misuse.
    pub limits: LimitSettings,
    /// Notices leave only inside these hours.
    pub notice_hours: Span,
    /// What one message costs, for the accounts; never derived from the number.
    pub tariff: Option<Tariff>,
    /// Dossier look-up.
    pub dossiers: Option<DossierSettings>,
    /// Waiting lines by code.
    pub queues: BTreeMap<String, QueueSettings>,
    /// Subscriber look-up.
    pub subscribers: Option<SubscriberSettings>,
    /// Accounts.
    pub accounts: Option<AccountSettings>,
    /// Bookings.
    pub bookings: Option<BookingSettings>,
}

/// How a command is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its form, such as `OBJ zkr datum cas jmeno`.
    pub form: String,
    /// An example that matches.
    pub example: String,
}

/// Limits against misuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// Messages of one sender that are answered within a minute (loop guard).
    pub messages_per_minute: u32,
    /// Wrong codes of one sender within an hour after which look-ups are refused.
    pub misses_per_hour: u32,
}

/// What a message costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    /// The price class, as the operator's bill names it.
    pub class: String,
    /// Price of a message of the citizen.
    pub price: u32,
    /// ISO 4217.
    pub currency: String,
}

/// Settings of a dossier look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierSettings {
    /// Which states there are and which one is told.
    pub lifecycle: Lifecycle,
}

/// The two lifecycles of dossiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lifecycle {
    /// Clerk events with a window: from some hours after acceptance and payment until some hours after the
    /// result was taken (the passport office).
    Window {
        /// Hours after the later of acceptance and payment.
        opens_after_h: u32,
        /// Hours after the result was taken.
        closes_after_h: u32,
        /// Days for which the end is told; then the code is unknown.
        ended_for_days: u32,
    },
    /// The ten national status codes.
    National,
}

/// Settings of a waiting line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// The queue's hours, where they differ from the office's.
    pub calendar: Option<Calendar>,
    /// Minutes between two publications.
    pub tick_minutes: u32,
    /// Minutes after which a figure is stale.
    pub stale_minutes: u32,
    /// Fewer people than this are few.
    pub few_below: u32,
    /// This many people or more are many.
    pub many_from: u32,
    /// Words for few, some and many.
    pub levels: [String; 3],
    /// The role of the reply with the figure.
    pub template: String,
}

/// Settings of a subscriber look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberSettings {
    /// Without an ID number nothing is told.
    pub require_id: bool,
    /// What stands for an empty field.
    pub empty_word: String,
}

/// Settings of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSettings {
    /// Hours until an issued password dies.
    pub password_hours: u32,
    /// Characters of an issued password.
    pub password_length: u32,
    /// How often an unchanged password is replaced; 0 for no limit.
    pub max_rotations: u32,
    /// Wrong passwords that lock the log-in.
    pub failed_logins_max: u32,
    /// Minutes for which it is locked.
    pub lock_minutes: u32,
}

/// Settings of bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingSettings {
    /// Minutes between two starts.
    pub grid_minutes: u16,
    /// Days ahead for an explicit date.
    pub horizon_days: u32,
    /// Days ahead for the nearest slot.
    pub nearest_days: u32,
    /// Minutes from now before which the nearest slot does not start.
    pub nearest_lead_minutes: u32,
    /// Digits of an access code.
    pub code_digits: u32,
    /// Live bookings that one phone may have.
    pub live_max: u32,
    /// Free times that a refusal offers.
    pub offers_max: u32,
    /// Local time on the day before at which a reminder leaves, where the office wants one.
    pub reminder_at: Option<jiff::civil::Time>,
    /// What can be booked, by abbreviation.
    pub activities: BTreeMap<String, Activity>,
}

/// Something that can be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What it is.
    pub title: String,
    /// Length in minutes; a multiple of the grid.
    pub minutes: u16,
    /// Counters that serve it.
    pub counters: u8,
    /// Whether it can be booked now.
    pub active: bool,
}
