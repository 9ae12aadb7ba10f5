//! Forms, templates, tests.

use serde::Deserialize;
use toml::Spanned;

/// `[form.COMMAND]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormTable {
    pub(crate) form: String,
    pub(crate) example: String,
}

/// The longest usual value of a template field: itself, or how many characters.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a number of characters, or the longest value as a text")]
pub(crate) enum Longest {
    /// So many characters.
    Characters(u16),
    /// This text.
    Text(String),
}

/// `[template."ROLE"]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateTable {
    pub(crate) id: String,
    pub(crate) text: Spanned<String>,
    #[serde(default = "one")]
    pub(crate) max_parts: u8,
}

fn one() -> u8 {
    1
}

/// `[[test]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestTable {
    pub(crate) text: Spanned<String>,
    /// Moment, RFC 3339; fixes relative dates.
    pub(crate) now: Option<Spanned<String>>,
    /// `command` with its fields, or `error`.
    pub(crate) expect: toml::Table,
}
