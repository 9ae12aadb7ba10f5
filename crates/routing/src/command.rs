//! From the values that a rule's arguments read to a typed command.

use std::sync::Arc;

use jiff::civil::{Date, Time};
use model::account::IdType;
use model::{Command, ErrorKind, Redacted};
use smallvec::SmallVec;

use crate::args::{Arg, Kind, Value, id_number};
use crate::grammar::{Field, Rule};
use crate::local_time::LocalTime;

/// The values of one match, by field; no command has more.
#[derive(Debug, Default)]
pub(crate) struct Values<'a>(pub(crate) SmallVec<[(Field, Value<'a>); 4]>);

impl<'a> Values<'a> {
    fn get(&self, field: Field) -> Option<&Value<'a>> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, value)| value)
    }

    pub(crate) fn activity(&self) -> Option<&'a Arc<str>> {
        match self.get(Field::Activity)? {
            Value::Word(activity) => Some(activity),
            _ => None,
        }
    }

    /// Moves a text out; it counts as given all the same.
    fn take(&mut self, field: Field) -> String {
        match self.0.iter_mut().find(|(known, _)| *known == field) {
            Some((_, Value::Text(text) | Value::Id(text, _))) => std::mem::take(text).into_owned(),
            Some((_, Value::Word(word))) => str::to_owned(word),
            _ => String::new(),
        }
    }

    fn date(&self, field: Field) -> Date {
        match self.get(field) {
            Some(Value::Date(date) | Value::DefaultDate(date)) => *date,
            _ => Date::default(),
        }
    }

    fn time(&self) -> Time {
        match self.get(Field::Time) {
            Some(Value::Time(time)) => *time,
            _ => Time::midnight(),
        }
    }

    fn take_id(&mut self) -> Option<(String, IdType)> {
        let Value::Id(_, id_type) = *self.get(Field::IdNumber)? else { return None };
        Some((self.take(Field::IdNumber), id_type))
    }

    /// How many were really written.
    pub(crate) fn given(&self) -> usize {
        self.0.iter().filter(|(_, value)| !matches!(value, Value::DefaultDate(_))).count()
    }
}

/// The command of a rule whose arguments were all read, with their texts; which fields there are was checked with the
/// file.
pub(crate) fn build(
    rule: &Rule,
    args: &[Arg],
    values: &mut Values<'_>,
    now: &LocalTime<'_>,
) -> Result<Command, ErrorKind> {
    let command = match &*rule.command {
        "dossier_status" => Command::DossierStatus { code: values.take(Field::Code) },
        "queue_status" => Command::QueueStatus { queue: values.take(Field::Queue) },
        "subscriber_info" => {
            Command::SubscriberInfo { id_number: values.take_id().map(|(digits, _)| Redacted(digits)) }
        }
        "register" => return register(rule, args, values),
        "book" => {
            let (date, time) = (values.date(Field::Date), values.time());
            // A slot that starts now is gone by.
            if date.to_datetime(time) <= now.get() {
                return Err(ErrorKind::PastDate);
            }
            Command::Book {
                activity: values.take(Field::Activity),
                date,
                time,
                name: Redacted(values.take(Field::Name)),
            }
        }
        "book_nearest" => Command::BookNearest {
            activity: values.take(Field::Activity),
            name: Redacted(values.take(Field::Name)),
        },
        "free_slots" => Command::FreeSlots {
            activity: values.take(Field::Activity),
            date: values.date(Field::Date),
            date_defaulted: matches!(values.get(Field::Date), Some(Value::DefaultDate(_))),
        },
        "cancel" => {
            Command::Cancel { code: Redacted(values.take(Field::Code)), date: values.date(Field::Date) }
        }
        text => Command::Text { command: text.to_owned() },
    };
    Ok(command)
}

/// Whether two commands ask for the same: a dossier's code is compared by its letters and digits.
pub(crate) fn same(a: &Command, b: &Command) -> bool {
    match (a, b) {
        (Command::DossierStatus { code: a }, Command::DossierStatus { code: b }) => {
            let sign = |octet: &u8| octet.is_ascii_alphanumeric();
            a.bytes().filter(sign).eq(b.bytes().filter(sign))
        }
        _ => a == b,
    }
}

fn register(rule: &Rule, args: &[Arg], values: &mut Values<'_>) -> Result<Command, ErrorKind> {
    let (id_number, id_type) = values.take_id().ok_or(ErrorKind::BadId)?;
    let dob = values.date(Field::Dob);
    let checked = rule.slots.iter().any(
        |slot| matches!(args.get(slot.arg).map(|arg| &arg.kind), Some(Kind::IdNumber(id)) if id.birth_year),
    );
    if checked && !id_number::agrees(&id_number, id_type, dob) {
        return Err(ErrorKind::IdDobMismatch);
    }
    Ok(Command::Register {
        name: Redacted(values.take(Field::Name)),
        id_number: Redacted(id_number),
        id_type,
        dob: Redacted(dob),
    })
}
