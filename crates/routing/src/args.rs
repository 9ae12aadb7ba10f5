//! The types of arguments: each reads a value at a place of the cleaned text, or says why there is none.

pub(crate) mod date;
pub(crate) mod digits;
pub(crate) mod fields;
pub(crate) mod id_number;
pub(crate) mod name;
pub(crate) mod receipt;
pub(crate) mod time;
pub(crate) mod word;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil;
use model::ErrorKind;
use model::account::IdType;

use crate::clean::Cleaned;
use crate::local_time::LocalTime;
use crate::words::{self, Words};

/// An argument as a file describes it.
#[derive(Debug)]
pub(crate) struct Arg {
    pub(crate) name: String,
    pub(crate) title: Arc<str>,
    pub(crate) example: String,
    pub(crate) kind: Kind,
    pub(crate) missing: ErrorKind,
    pub(crate) bad: ErrorKind,
    pub(crate) labels: words::Phrases,
}

/// The type of an argument, with its settings.
#[derive(Debug)]
pub(crate) enum Kind {
    Digits(digits::Digits),
    Receipt(receipt::Receipt),
    IdNumber(id_number::IdNumber),
    Word(Box<word::WordList>),
    Date(date::DateArg),
    Time,
    Name(name::NameArg),
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// As it stands in the text, or made of what stands there.
    Text(Cow<'a, str>),
    /// A word of a list, as the file spells it.
    Word(&'a Arc<str>),
    Id(Cow<'a, str>, IdType),
    Date(civil::Date),
    /// Taken because none was given.
    DefaultDate(civil::Date),
    Time(civil::Time),
}

/// What an argument found.
#[derive(Debug)]
pub(crate) enum Read<'a> {
    /// A value and where it ends.
    Found(Value<'a>, usize),
    /// A value of the right form that means nothing here (gone by, too far ahead): the command is refused.
    Refused(ErrorKind, usize),
    /// Nothing of this type.
    Miss(Miss),
}

/// Why an argument found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Miss {
    pub(crate) kind: ErrorKind,
    /// What stands there was meant for this argument, or tells for sure that it is missing.
    pub(crate) claimed: bool,
    /// Where it was looked for.
    pub(crate) at: usize,
}

/// What the arguments look at.
pub(crate) struct Context<'a> {
    pub(crate) cleaned: &'a Cleaned,
    pub(crate) words: &'a Words,
    /// Local time of the office.
    pub(crate) now: &'a LocalTime<'a>,
    /// Days ahead that a date may lie.
    pub(crate) horizon_days: i32,
    /// All arguments of the service.
    pub(crate) args: &'a [Arg],
    /// A slip was corrected already: nothing else is.
    pub(crate) strict: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn text(&self) -> &'a str {
        &self.cleaned.text
    }

    /// Whether the label of a date, a time or a name stands at `at`: a copied form, no value.
    pub(crate) fn is_label(&self, at: usize) -> bool {
        let end = words::letters_end(self.text(), at);
        let copied = |arg: &Arg| matches!(arg.kind, Kind::Date(_) | Kind::Time | Kind::Name(_));
        end > at
            && self.args.iter().any(|arg| copied(arg) && arg.labels.end_at(self.text(), at, end).is_some())
    }
}

impl Arg {
    /// Reads the argument at or behind `at`.
    pub(crate) fn read<'a>(&'a self, context: &Context<'a>, at: usize) -> Read<'a> {
        match &self.kind {
            Kind::Digits(digits) => digits.read(self, context, at),
            Kind::Receipt(receipt) => receipt.read(self, context, at),
            Kind::IdNumber(id) => id.read(self, context, at),
            Kind::Word(list) => list.read(self, context, at),
            Kind::Date(date) => date.read(self, context, at),
            Kind::Time => time::read(self, context, at),
            Kind::Name(name) => name.read(self, context, at),
        }
    }

    pub(crate) fn missing(&self, at: usize, claimed: bool) -> Read<'static> {
        Read::Miss(Miss { kind: self.missing, claimed, at })
    }

    pub(crate) fn bad(&self, at: usize, claimed: bool) -> Read<'static> {
        Read::Miss(Miss { kind: self.bad, claimed, at })
    }

    /// The place behind labels and words in angle brackets at `at`, and whether there were any.
    pub(crate) fn skip_labels(&self, context: &Context<'_>, at: usize) -> (usize, bool) {
        let mut at = words::skip_separators(context.text(), at);
        let mut any = false;
        loop {
            let end = words::letters_end(context.text(), at);
            let label = self.labels.end_at(context.text(), at, end).or_else(|| context.cleaned.angle_end(at));
            match label {
                Some(end) => at = words::skip_separators(context.text(), end),
                None => return (at, any),
            }
            any = true;
        }
    }
}
