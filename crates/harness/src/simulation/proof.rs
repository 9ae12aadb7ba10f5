//! What the SMSC side saw, and the audit of it.

use std::sync::Arc;

use anyhow::Result;
use model::account::Delivery;
use model::{Key, Record, ServiceId};
use store::Store;

use super::process::master;
use super::world::{World, note};
use crate::auditor::{Books, Evidence, Invariant, audit};
use crate::world::hash;

/// See the module.
#[derive(Default)]
pub(super) struct Proof {
    pub(super) evidence: Evidence,
}

impl Proof {
    /// ESME_ROK came for a part of a text.
    pub(super) fn acknowledged(&mut self, text: usize, part: usize) {
        if let Some(part) = self.evidence.sent.get_mut(text).and_then(|sent| sent.parts.get_mut(part)) {
            part.acknowledged += 1;
        }
    }

    /// A text is handed over again after ten minutes, or by another bind: a look-up may be answered anew.
    pub(super) fn look_up_may_run_again(&mut self, text: usize) {
        let is_act = |text: &str| ["TK,", "OBJ ", "STORNO "].iter().any(|word| text.starts_with(word));
        if let Some(sent) = self.evidence.sent.get_mut(text)
            && sent.parts.len() == 1
            && !is_act(&sent.text)
        {
            sent.again += 1;
        }
    }
}

impl World {
    /// Holds everything against the books. The store is read and opened in copies.
    pub(super) fn audit(&mut self, when: &str) {
        if !self.findings.is_empty() {
            return;
        }
        note!(self, "audit {when}");
        match self.read_books() {
            Ok(books) => self.findings.extend(audit(&self.proof.evidence, &books)),
            Err(error) => self.find(Invariant::I6, format!("{when} the books can't be read: {error:#}")),
        }
        for at in 0..self.findings.len() {
            note!(self, "FINDING {}", self.findings[at]);
        }
    }

    fn read_books(&mut self) -> Result<Books> {
        let (disk, records) = (self.disk.fork(), self.records.fork());
        let mut opened = records.fork();
        let (store, _) = Store::open_with(Arc::new(disk.fork()), &mut opened, &master(), self.options())?;
        let books = Books::read_with(&disk, &records, &master(), &store)?;
        self.check_passwords(&store)?;
        Ok(books)
    }

    /// The password that a citizen was told last is the one that fits, unless the text with a newer one has failed: he is
    /// given another when he registers again.
    fn check_passwords(&mut self, store: &Store) -> Result<()> {
        for (phone, (id_number, password)) in self.people.told.clone() {
            let under_way = |record: &Record| matches!(record, Record::Outbox(entry) if entry.to.as_str() == phone && entry.subject.is_some());
            if store.open_entries().any(|(_, record)| under_way(record)) {
                // A newer one may not have reached him.
                continue;
            }
            let key = Key::Account(ServiceId::new("danang"), id_number.as_str().into());
            let fits = match store.get(&key)?.as_deref() {
                Some(Record::Account(account)) => {
                    account.delivery == Delivery::Failed
                        || account.password_hash.as_ref().is_some_and(|known| *known == hash(&password))
                }
                _ => false,
            };
            if !fits {
                self.find(
                    Invariant::I2,
                    format!("{phone} was told a password for {id_number} that does not fit"),
                );
            }
        }
        Ok(())
    }
}
