//! The services file as TOML spells it: one struct a table, every name with its place in the file.

pub(crate) mod grammar;
pub(crate) mod settings;
pub(crate) mod texts;
mod within;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(crate) type Named<T> = BTreeMap<Spanned<String>, T>;

/// One services file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Version of the format; 1.
    pub(crate) schema: Spanned<u32>,
    pub(crate) service: settings::ServiceTable,
    #[serde(default)]
    pub(crate) limits: settings::LimitsTable,
    pub(crate) tariff: Option<settings::TariffTable>,
    #[serde(default)]
    pub(crate) calendar: settings::CalendarTable,
    pub(crate) dossiers: Option<settings::DossiersTable>,
    #[serde(default)]
    pub(crate) queue: Named<settings::QueueTable>,
    pub(crate) subscribers: Option<settings::SubscribersTable>,
    pub(crate) accounts: Option<settings::AccountsTable>,
    pub(crate) bookings: Option<settings::BookingsTable>,
    #[serde(default)]
    pub(crate) activity: Named<settings::ActivityTable>,
    #[serde(default)]
    pub(crate) words: grammar::WordsTable,
    #[serde(default)]
    pub(crate) keyword: Named<grammar::KeywordTable>,
    #[serde(default)]
    pub(crate) arg: Named<Spanned<grammar::ArgTable>>,
    #[serde(default)]
    pub(crate) rule: Vec<grammar::RuleTable>,
    #[serde(default)]
    pub(crate) errors: Named<Spanned<String>>,
    #[serde(default)]
    pub(crate) form: Named<texts::FormTable>,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, texts::Longest>,
    #[serde(default)]
    pub(crate) template: Named<texts::TemplateTable>,
    #[serde(default)]
    pub(crate) test: Vec<texts::TestTable>,
}
