//! One decision: what it knows, what it has read, and how it ends.

use std::borrow::Borrow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use model::calendar::CalendarEdits;
use model::outcome::Class;
use model::{
    Account, Answer, Booking, CommandError, Dossier, Key, Msisdn, Name, Now, Outcome, Outgoing, Queue,
    Record, Redacted, Seed, Service, Snapshot, Subscriber,
};

use crate::render::{self, Rendered, Values};

/// The records that must be read before the decision can go on.
#[derive(Debug)]
pub(crate) struct Need(pub(crate) Vec<Key>);

/// An outcome, or the records that it needs.
pub(crate) type Decision = Result<Outcome, Need>;

/// What one decision works with.
pub(crate) struct Case<'a> {
    pub(crate) service: &'a Service,
    pub(crate) now: Timestamp,
    pub(crate) seed: Seed,
    snapshot: &'a Snapshot,
}

impl<'a> Case<'a> {
    pub(crate) fn new(service: &'a Service, snapshot: &'a Snapshot, now: Now, seed: Seed) -> Self {
        Self { service, now: now.wall, seed, snapshot }
    }

    /// The office's wall clock.
    pub(crate) fn local_now(&self) -> DateTime {
        self.local(self.now)
    }

    /// A moment on the office's wall clock.
    pub(crate) fn local(&self, moment: Timestamp) -> DateTime {
        self.service.zone.to_datetime(moment)
    }

    /// Asks for all of `keys` in one round, where any is missing.
    pub(crate) fn require<K: Borrow<Key>>(&self, keys: impl IntoIterator<Item = K>) -> Result<(), Need> {
        let mut missing = Vec::new();
        for key in keys {
            if self.snapshot.get(key.borrow()).is_none() {
                missing.push(key.borrow().clone());
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(Need(missing)) }
    }

    /// What `key` holds; asks for it where it was not read.
    pub(crate) fn read(&self, key: &Key) -> Result<Option<&'a Record>, Need> {
        self.snapshot.get(key).ok_or_else(|| Need(vec![key.clone()]))
    }

    pub(crate) fn account(&self, id_number: &str) -> Result<Option<&'a Account>, Need> {
        let key = Key::Account(self.service.id, id_number.into());
        Ok(self.read(&key)?.and_then(|record| match record {
            Record::Account(account) => Some(&**account),
            _ => None,
        }))
    }

    pub(crate) fn booking(&self, key: &Key) -> Result<Option<&'a Booking>, Need> {
        Ok(self.read(key)?.and_then(|record| match record {
            Record::Booking(booking) => Some(&**booking),
            _ => None,
        }))
    }

    pub(crate) fn calendar_edits(&self) -> Result<Option<&'a CalendarEdits>, Need> {
        Ok(self.read(&Key::CalendarEdits(self.service.id))?.and_then(|record| match record {
            Record::CalendarEdits(edits) => Some(&**edits),
            _ => None,
        }))
    }

    pub(crate) fn dossier(&self, key: &Key) -> Result<Option<&'a Dossier>, Need> {
        Ok(self.read(key)?.and_then(|record| match record {
            Record::Dossier(dossier) => Some(&**dossier),
            _ => None,
        }))
    }

    pub(crate) fn queue(&self, key: &Key) -> Result<Option<&'a Queue>, Need> {
        Ok(self.read(key)?.and_then(|record| match record {
            Record::Queue(queue) => Some(queue),
            _ => None,
        }))
    }

    pub(crate) fn subscriber(&self, msisdn: &Msisdn) -> Result<Option<&'a Subscriber>, Need> {
        Ok(self.read(&Key::Subscriber(*msisdn))?.and_then(|record| match record {
            Record::Subscriber(subscriber) => Some(&**subscriber),
            _ => None,
        }))
    }

    /// The text of a role, where the pack has one.
    pub(crate) fn render(&self, role: &str, values: Values) -> Option<Rendered> {
        self.service.templates.get(role).map(|template| render::render(template, values))
    }

    /// The reply to a citizen's message, and nothing else.
    pub(crate) fn reply(&self, to: &Msisdn, role: &str, values: Values) -> Outcome {
        match self.render(role, values) {
            Some(Rendered { template, text }) => Outcome {
                messages: vec![Outgoing {
                    to: *to,
                    template,
                    text: Some(text),
                    class: Class::Answer,
                    not_before: None,
                    expires_at: None,
                    subject: None,
                }],
                label: template,
                ..Outcome::default()
            },
            // `tongdai check` refuses such a pack; a daemon that runs all the same loses one reply, not itself.
            None => label(format!("no_template:{role}")),
        }
    }
}

/// An outcome that changes and sends nothing.
pub(crate) fn label(label: impl Into<Name>) -> Outcome {
    Outcome { label: label.into(), ..Outcome::default() }
}

/// An outcome of writes alone.
pub(crate) fn writes(writes: Vec<(Key, Option<Record>)>, name: &str) -> Outcome {
    Outcome { writes, ..label(name) }
}

/// A command that was carried out.
pub(crate) fn done(version: u64, changes: Vec<(Key, Option<Record>)>, name: &str) -> Outcome {
    Outcome { answer: Some(Ok(Answer::Done { version })), ..writes(changes, name) }
}

/// A command that was not carried out.
pub(crate) fn refuse(error: CommandError, name: &str) -> Outcome {
    Outcome { answer: Some(Err(error)), ..label(name) }
}

/// A command with a wrong field.
pub(crate) fn invalid(field: &str, reason: &str) -> CommandError {
    CommandError::Invalid { field: field.to_owned(), reason: reason.to_owned() }
}

/// A command about something that is not there.
pub(crate) fn not_found(what: &str) -> CommandError {
    CommandError::NotFound { what: what.to_owned() }
}

/// Refuses a text that is longer than `characters`.
pub(crate) fn check_length(field: &str, value: &str, characters: usize) -> Result<(), CommandError> {
    if value.chars().count() <= characters {
        return Ok(());
    }
    Err(invalid(field, &format!("at most {characters} characters")))
}

/// A secret that a record holds, from one that a message names.
pub(crate) fn secret(value: &str) -> Redacted<String> {
    Redacted(value.to_owned())
}
