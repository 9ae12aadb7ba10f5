//! Words, keywords, argument types and rules.

use std::collections::BTreeMap;

use model::ErrorKind;
use serde::Deserialize;
use toml::Spanned;

/// `[words]` of a file, and the whole of a language's base table. All words are folded when compiled.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WordsTable {
    /// Greetings, thanks, words of the instruction: dropped wherever they stand.
    pub(crate) debris: Vec<String>,
    /// Thanks whose words are names as well: dropped at the head of the text, and where no digit follows.
    pub(crate) thanks: Vec<String>,
    /// Dropped at the head of the text only (they are names elsewhere).
    pub(crate) heads: Vec<String>,
    /// Dropped together with a number of the platform behind them.
    pub(crate) send_to: Vec<String>,
    /// A line that begins so ends the text.
    pub(crate) signatures: Vec<String>,
    /// Dropped before dates and times.
    pub(crate) prepositions: Vec<String>,
    /// Words behind the hour of a time.
    pub(crate) hour_words: Vec<String>,
    /// Words between the two ends of a range of times.
    pub(crate) range_words: Vec<String>,
    /// Month names in all their forms; a date is not read from them.
    pub(crate) months: Vec<String>,
    /// Weekday names in all their forms; likewise.
    pub(crate) weekdays: Vec<String>,
    /// Words for a day, with its distance from today.
    pub(crate) days: BTreeMap<String, i32>,
    /// Longest usual values of template fields.
    pub(crate) fields: BTreeMap<String, super::texts::Longest>,
}

/// `[keyword.WORD]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeywordTable {
    /// Other spellings.
    pub(crate) aliases: Vec<Spanned<String>>,
    /// Other spellings that a slip is never corrected to.
    pub(crate) exact: Vec<Spanned<String>>,
    /// `false`: a slip in this keyword is never corrected.
    pub(crate) correct: Option<bool>,
}

/// `[arg.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArgTable {
    #[serde(rename = "type")]
    pub(crate) kind: Spanned<String>,
    /// What the citizen's own language calls it, for `{field}`.
    pub(crate) title: Option<String>,
    /// A text of this type, used by checks.
    pub(crate) example: Option<Spanned<String>>,
    /// Kind of mistake where it is not there.
    pub(crate) missing: Option<ErrorKind>,
    /// Kind of mistake where it is wrong.
    pub(crate) bad: Option<ErrorKind>,
    /// Words that may stand before the value, or in its place in a copied template.
    #[serde(default)]
    pub(crate) labels: Vec<String>,
    /// `digits`: how many, exactly or from-to.
    pub(crate) digits: Option<Vec<u8>>,
    /// `digits`: blanks, dots, dashes and slashes inside are dropped.
    pub(crate) grouped: Option<bool>,
    /// `digits`, `receipt`: O, I and L read as digits.
    pub(crate) lookalikes: Option<bool>,
    /// `digits`: kind of mistake where a date stands before it.
    pub(crate) swapped: Option<ErrorKind>,
    /// `id_number`: shortest run of digits that is taken for one.
    pub(crate) min_run: Option<u8>,
    /// `id_number`: the twelve-digit number tells the year of birth.
    pub(crate) birth_year: Option<bool>,
    /// `word`: the words; or `queues`, `activities`.
    pub(crate) words: Option<Spanned<WordSource>>,
    /// `word`: one slip is corrected where one word is that near.
    pub(crate) correct: Option<bool>,
    /// `word`: separate letters and syllables are joined.
    pub(crate) joined: Option<bool>,
    /// `word`: what begins so was meant for one of the words.
    pub(crate) prefix: Option<String>,
    /// `date`: `coming`, `booked` or `birth`.
    pub(crate) year: Option<Spanned<String>>,
    /// `date`: days from today where it is left out.
    pub(crate) default_days: Option<i32>,
    /// `name`: most characters.
    pub(crate) max: Option<u16>,
    /// `name`: kind of mistake for a digit in it.
    pub(crate) with_digits: Option<ErrorKind>,
    /// `name`: kind of mistake where it begins with a word of that other argument.
    pub(crate) not_arg: Option<Spanned<String>>,
    /// `name`: it may not begin like a date or a time.
    pub(crate) not_moment: Option<bool>,
    /// `receipt`: fewest and most letters and digits, and fewest digits, of a code of another form.
    pub(crate) local: Option<[u8; 3]>,
}

/// Where the words of a `word` argument come from.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected \"queues\", \"activities\" or a list of words")]
pub(crate) enum WordSource {
    /// `queues` or `activities`.
    Table(String),
    /// The words themselves.
    List(Vec<String>),
}

/// `[[rule]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    pub(crate) id: Spanned<String>,
    #[serde(rename = "match")]
    pub(crate) pattern: Spanned<String>,
    pub(crate) command: Spanned<String>,
    /// Kind of mistake for words that are left over; none: they are ignored.
    pub(crate) extra: Option<ErrorKind>,
    /// `false`: fields must be parted by separators, blanks alone do not do.
    #[serde(default = "super::settings::yes")]
    pub(crate) blanks: bool,
}
