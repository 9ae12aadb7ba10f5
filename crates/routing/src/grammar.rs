//! The compiled grammar of one service.

use model::{ErrorKind, Name};

use crate::args::Arg;
use crate::keywords::Keywords;
use crate::words::Words;

/// Everything that reading a text needs to know of one service.
#[derive(Debug, Default)]
pub(crate) struct Grammar {
    pub(crate) keywords: Keywords,
    pub(crate) rules: Vec<Rule>,
    pub(crate) args: Vec<Arg>,
    pub(crate) words: Words,
    /// Days ahead that a date may lie.
    pub(crate) horizon_days: i32,
    /// Index of the platform whose keywords it knows.
    pub(crate) platform: Option<usize>,
}

impl Grammar {
    /// The argument types by which a dossier's code is read.
    pub(crate) fn dossier_codes(&self) -> impl Iterator<Item = &Arg> {
        let rules = self.rules.iter().filter(|rule| &*rule.command == "dossier_status");
        let slots = rules.flat_map(|rule| &rule.slots).filter(|slot| slot.field == Field::Code);
        slots.filter_map(|slot| self.args.get(slot.arg))
    }
}

/// One rule: a keyword path (in the tree), then arguments.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: Name,
    /// As the file spells it.
    pub(crate) pattern: String,
    /// Name of the command.
    pub(crate) command: Name,
    pub(crate) slots: Vec<Slot>,
    /// Arguments are fields with separators between them.
    pub(crate) fields: bool,
    /// Blanks alone part the fields as well.
    pub(crate) blanks: bool,
    /// Kind of mistake for words left over.
    pub(crate) extra: Option<ErrorKind>,
}

/// An argument of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Index of the argument's type.
    pub(crate) arg: usize,
    pub(crate) field: Field,
    pub(crate) optional: bool,
}

/// The fields of the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Code,
    Queue,
    IdNumber,
    Name,
    Dob,
    Activity,
    Date,
    Time,
}

impl Field {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("code", Self::Code),
        ("queue", Self::Queue),
        ("id_number", Self::IdNumber),
        ("name", Self::Name),
        ("dob", Self::Dob),
        ("activity", Self::Activity),
        ("date", Self::Date),
        ("time", Self::Time),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// The types of arguments that may stand for it.
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Code => &["digits", "receipt", "word"],
            Self::Queue | Self::Activity => &["word"],
            Self::IdNumber => &["id_number"],
            Self::Name => &["name"],
            Self::Dob | Self::Date => &["date"],
            Self::Time => &["time"],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// The commands with fields: name, needed fields, fields that may be left out.
pub(crate) const COMMANDS: [(&str, &[Field], &[Field]); 8] = [
    ("dossier_status", &[Field::Code], &[]),
    ("queue_status", &[Field::Queue], &[]),
    ("subscriber_info", &[], &[Field::IdNumber]),
    ("register", &[Field::Name, Field::IdNumber, Field::Dob], &[]),
    ("book", &[Field::Activity, Field::Date, Field::Time, Field::Name], &[]),
    ("book_nearest", &[Field::Activity, Field::Name], &[]),
    ("free_slots", &[Field::Activity, Field::Date], &[]),
    ("cancel", &[Field::Code, Field::Date], &[]),
];
