//! From a template and typed values to a text that fits its parts.

use std::borrow::Cow;

use ::text::gsm7::septets_of;
use ::text::parts::measure;
use jiff::civil::{Date, DateTime};
use model::template::Piece;
use model::{Name, Redacted, Service, Template};

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
    pub template: Name,
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
pub(crate) struct Values(Vec<Value>);

/// A value, with the places that it stands for.
enum Value {
    /// Under all of these names.
    Text(Names, String),
    /// Items and whether some were cut off.
    List(&'static str, Vec<String>, bool),
    /// A day, for all places that show one and have this suffix: `2` for `{d2}`. How it is written is the place's
    /// business; of all the ways a template uses one, and only that is spelt out.
    Day(&'static str, Date),
    /// Likewise a day and its time.
    Moment(&'static str, DateTime),
}

enum Names {
    One(Cow<'static, str>),
    All(&'static [&'static str]),
}

impl Names {
    fn contain(&self, name: &str) -> bool {
        match self {
            Self::One(one) => is(one, name),
            Self::All(all) => all.iter().any(|one| is(one, name)),
        }
    }
}

impl Values {
    pub(crate) fn new() -> Self {
        // As many as any text has.
        Self(Vec::with_capacity(6))
    }

    /// A value, folded, without links where a citizen typed it, and cut to the longest of its place.
    pub(crate) fn text(self, name: impl Into<Cow<'static, str>>, value: &str) -> Self {
        let name = name.into();
        let value = fit(&name, value);
        self.put(Value::Text(Names::One(name), value))
    }

    /// A code that a citizen typed, under both of its names.
    pub(crate) fn code(self, code: &str) -> Self {
        let value = fit("code", code);
        self.put(Value::Text(Names::All(&["code", "rc"]), value))
    }

    pub(crate) fn number(self, name: &'static str, value: u64) -> Self {
        self.put(Value::Text(Names::One(name.into()), value.to_string()))
    }

    /// A list that is cut at a whole item.
    pub(crate) fn list(self, name: &'static str, items: Vec<String>) -> Self {
        self.put(Value::List(name, items, false))
    }

    /// A day, under all its names with `suffix`.
    pub(crate) fn day(self, suffix: &'static str, date: Date) -> Self {
        self.put(Value::Day(suffix, date))
    }

    /// A moment, under all the names of its day and time with `suffix`.
    pub(crate) fn moment(self, suffix: &'static str, moment: DateTime) -> Self {
        self.put(Value::Moment(suffix, moment))
    }

    fn put(mut self, value: Value) -> Self {
        self.0.push(value);
        self
    }

    /// Writes the value of a place, where it has one.
    fn write(&self, place: &str, text: &mut String) {
        let _ = self.0.iter().rev().any(|value| value.write(place, text));
    }

    /// Cuts a little off the first place of [`CUT`] that has anything left.
    fn shorten(&mut self) -> bool {
        CUT.iter().any(|place| {
            let value = self.0.iter_mut().rev().find(|value| value.is(place));
            value.is_some_and(Value::shorten)
        })
    }
}

impl Value {
    /// Whether it stands for a place that can be cut.
    fn is(&self, place: &str) -> bool {
        match self {
            Self::Text(names, _) => names.contain(place),
            Self::List(name, ..) => is(name, place),
            Self::Day(..) | Self::Moment(..) => false,
        }
    }

    fn shorten(&mut self) -> bool {
        match self {
            Self::Text(_, text) => {
                let shorter = text.pop().is_some();
                text.truncate(text.trim_end().len());
                shorter
            }
            Self::List(_, items, cut) => {
                *cut = true;
                items.pop().is_some()
            }
            Self::Day(..) | Self::Moment(..) => false,
        }
    }

    /// Writes the value, where it stands for this place; whether it does.
    fn write(&self, place: &str, text: &mut String) -> bool {
        match self {
            Self::Text(names, value) if names.contain(place) => text.push_str(value),
            Self::List(name, items, cut) if is(name, place) => {
                for (at, item) in items.iter().enumerate() {
                    text.push_str(if at == 0 { "" } else { ", " });
                    text.push_str(item);
                }
                if *cut {
                    text.push_str("...");
                }
            }
            Self::Day(suffix, date) => return write_day(*date, stem(place, suffix), text),
            Self::Moment(suffix, moment) => {
                let place = stem(place, suffix);
                match place {
                    Some("t") => vn_time(moment.time(), text),
                    Some("ct") => cz_time(moment.time(), text),
                    _ => return write_day(moment.date(), place, text),
                }
            }
            Self::Text(..) | Self::List(..) => return false,
        }
        true
    }
}

/// Whether two names are one. They have few letters: a call that compares memory takes longer.
fn is(name: &str, other: &str) -> bool {
    name.len() == other.len() && name.bytes().zip(other.bytes()).all(|(one, other)| one == other)
}

/// The name of a place without its suffix, where it has that.
fn stem<'a>(place: &'a str, suffix: &str) -> Option<&'a str> {
    let (stem, end) = place.split_at_checked(place.len().checked_sub(suffix.len())?)?;
    is(end, suffix).then_some(stem)
}

/// Writes a day, where a place of this name shows one; whether it does.
fn write_day(date: Date, place: Option<&str>, text: &mut String) -> bool {
    match place {
        Some("d") => vn_date(date, text),
        Some("cd") => cz_date(date, text),
        Some("cds") => cz_day(date, text),
        _ => return false,
    }
    true
}

/// A value as it may stand at a place.
fn fit(place: &str, value: &str) -> String {
    let mut value = fold(value);
    if value.contains('.') && TYPED.contains(&place) {
        value = without_links(&value);
    }
    // No character takes more than two septets.
    let longest = LONGEST.iter().find(|(name, longest)| *longest < 2 * value.len() && is(name, place));
    if let Some((_, longest)) = longest {
        value.truncate(prefix(&value, *longest).trim_end().len());
    }
    value
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
    Rendered { template: template.id, text: Redacted(text) }
}

fn fill(template: &Template, values: &Values) -> String {
    let mut text = String::with_capacity(160);
    for piece in &template.pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Field(name) => values.write(name, &mut text),
        }
    }
    text
}

#[cfg(test)]
mod tests;
