//! From a template and typed values to a text that fits its parts.

use std::borrow::Cow;
use std::sync::Arc;

use ::text::gsm7::septets_of;
use ::text::parts::measure;
use jiff::civil::{Date, DateTime, Time};
use model::template::Piece;
use model::{Redacted, Service, Template};

use crate::fold::fold;
use crate::moment::{cz_date, cz_day, cz_time, vn_date, vn_time};

/// Longest values in septets, by place; the rest of a longer one is cut. A code has up to 32 letters and
/// digits and a few separators; who types more of these gets no longer reply for it.
const LONGEST: [(&str, usize); 6] =
    [("note", 40), ("unit", 40), ("name", 30), ("cname", 30), ("code", 40), ("rc", 40)];

/// The places that hold what citizens typed. Whoever forges a sender has them told to that sender's handset, in the
/// office's name: no link may stand there.
const TYPED: [&str; 3] = ["cname", "code", "rc"];

/// The places that are cut, in this order, until a text fits its parts.
const CUT: [&str; 4] = ["note", "unit", "slots", "place"];

/// A text that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Id of its template.
    pub template: Arc<str>,
    /// The text.
    pub text: Redacted<String>,
}

/// Renders a text that needs no decision, such as the roles `one_per_sms`, `parts` and `busy`.
///
/// `None` where the service has no text for `role`.
pub fn notice(service: &Service, role: &str, values: &[(&str, &str)]) -> Option<Rendered> {
    let template = service.templates.get(role)?;
    let named = |all: Values, (name, value): &(&str, &str)| all.text((*name).to_owned(), value);
    Some(render(template, values.iter().fold(Values::new(), named)))
}

/// What stands for the places of a template. The last value of a name wins.
#[derive(Default)]
pub(crate) struct Values(Vec<(Name, Value)>);

/// The name of a place, in two pieces: `d` and `2` for `{d2}`.
struct Name(Cow<'static, str>, &'static str);

impl Name {
    fn is(&self, name: &str) -> bool {
        name.strip_prefix(&*self.0).is_some_and(|suffix| suffix == self.1)
    }
}

enum Value {
    Text(String),
    /// Items and whether some were cut off.
    List(Vec<String>, bool),
    /// A day and how it is written; of all the ways a template uses one, and only that is spelt out.
    Day(Date, fn(Date, &mut String)),
    /// Likewise a time of the day.
    Time(Time, fn(Time, &mut String)),
}

impl Values {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A value, folded, without links where a citizen typed it, and cut to the longest of its place.
    pub(crate) fn text(self, name: impl Into<Cow<'static, str>>, value: &str) -> Self {
        let name = name.into();
        let mut value = fold(value);
        if TYPED.contains(&&*name) {
            value = without_links(&value);
        }
        if let Some((_, longest)) = LONGEST.iter().find(|(place, _)| *place == name) {
            value.truncate(prefix(&value, *longest).trim_end().len());
        }
        self.put(name, "", Value::Text(value))
    }

    pub(crate) fn number(self, name: &'static str, value: u64) -> Self {
        self.put(name, "", Value::Text(value.to_string()))
    }

    /// A list that is cut at a whole item.
    pub(crate) fn list(self, name: &'static str, items: Vec<String>) -> Self {
        self.put(name, "", Value::List(items, false))
    }

    /// A day, under all its names with `suffix`.
    pub(crate) fn day(self, suffix: &'static str, date: Date) -> Self {
        self.put("d", suffix, Value::Day(date, vn_date)).put("cd", suffix, Value::Day(date, cz_date)).put(
            "cds",
            suffix,
            Value::Day(date, cz_day),
        )
    }

    /// A moment, under all the names of its day and time with `suffix`.
    pub(crate) fn moment(self, suffix: &'static str, moment: DateTime) -> Self {
        self.day(suffix, moment.date()).put("t", suffix, Value::Time(moment.time(), vn_time)).put(
            "ct",
            suffix,
            Value::Time(moment.time(), cz_time),
        )
    }

    fn put(mut self, name: impl Into<Cow<'static, str>>, suffix: &'static str, value: Value) -> Self {
        self.0.push((Name(name.into(), suffix), value));
        self
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(held, _)| held.is(name)).map(|(_, value)| value)
    }

    /// Cuts a little off the first place of [`CUT`] that has anything left.
    fn shorten(&mut self) -> bool {
        CUT.iter().any(|place| {
            let value = self.0.iter_mut().rev().find(|(name, _)| name.is(place));
            value.is_some_and(|(_, value)| value.shorten())
        })
    }
}

impl Value {
    fn shorten(&mut self) -> bool {
        match self {
            Self::Text(text) => {
                let shorter = text.pop().is_some();
                text.truncate(text.trim_end().len());
                shorter
            }
            Self::List(items, cut) => {
                *cut = true;
                items.pop().is_some()
            }
            Self::Day(..) | Self::Time(..) => false,
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Text(value) => text.push_str(value),
            Self::List(items, cut) => {
                for (at, item) in items.iter().enumerate() {
                    text.push_str(if at == 0 { "" } else { ", " });
                    text.push_str(item);
                }
                if *cut {
                    text.push_str("...");
                }
            }
            Self::Day(day, write) => write(*day, text),
            Self::Time(time, write) => write(*time, text),
        }
    }
}

/// A value in which no dot makes a host's name: a blank stands behind one that letters follow, as in `ING. NOVAK`. The
/// dots of national codes stay, for a digit is in each group.
fn without_links(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('.') {
        text.push_str(before);
        text.push('.');
        let label = behind.bytes().take_while(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
        let (mut letters, mut digits) = (0, 0);
        label.for_each(|octet| *if octet.is_ascii_digit() { &mut digits } else { &mut letters } += 1);
        if letters >= 2 && digits == 0 {
            text.push(' ');
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// As much of a folded value as fits so many septets: `|` and its like take two.
fn prefix(value: &str, septets_max: usize) -> &str {
    let mut septets = 0;
    let end = value.char_indices().find(|(_, character)| {
        septets += septets_of(*character).unwrap_or(1);
        septets > septets_max
    });
    end.map_or(value, |(at, _)| &value[..at])
}

/// The text of a template. A value is put in as it is and never looked at for places of its own.
pub(crate) fn render(template: &Template, mut values: Values) -> Rendered {
    let parts_max = usize::from(template.max_parts.max(1));
    let mut text = fill(template, &values);
    while measure(&text).parts > parts_max && values.shorten() {
        text = fill(template, &values);
    }
    Rendered { template: template.id.clone(), text: Redacted(text) }
}

fn fill(template: &Template, values: &Values) -> String {
    let mut text = String::with_capacity(160);
    for piece in &template.pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Field(name) => {
                if let Some(value) = values.get(name) {
                    value.write(&mut text);
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
