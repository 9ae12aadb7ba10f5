//! A start puts what is open back in order. It applies and never decides again.

use failpoints::{Bug, planted};
use model::outbox::{Body, OutboxEntry, PartState};
use model::{Key, Now, Record};
use store::Recovery;

use crate::dispatch::{Tickets, may_resend};
use crate::engine::Engine;
use crate::queue::Item;
use crate::settle::wants_receipt;

impl Engine {
    /// Rebuilds what lives in memory from the open records and from the last minute of the journal.
    pub(crate) fn restore(&mut self, recovery: &Recovery, now: Now) {
        let mut messages = Vec::new();
        for (key, record) in self.ledger.open_entries() {
            match (key, record) {
                (_, Record::Outbox(entry)) => messages.push((**entry).clone()),
                (Key::PartialMessage(id), Record::PartialMessage(message)) => {
                    self.partials.restore(id, message.since, now, self.clock.is_trusted());
                }
                (Key::Fingerprint(fingerprint), Record::Fingerprint(entry)) => {
                    self.fingerprints.restore(*fingerprint, entry.clone());
                }
                _ => self.deadlines.restore(key, record),
            }
        }
        self.deadlines.restored();
        self.fingerprints.restored();
        if !planted(Bug::RecentForgotten) {
            self.fingerprints.restore_recent(&recovery.recent, now.wall);
        }
        // In the order in which they were made: what waited longest leaves first.
        messages.sort_unstable_by_key(|entry| entry.id);
        for entry in &messages {
            self.restore_message(entry, now);
        }
    }

    fn restore_message(&mut self, entry: &OutboxEntry, now: Now) {
        self.restore_deadline(entry, now.wall);
        if entry.body == Body::Awaited {
            if let Some(subject) = &entry.subject {
                self.awaited.insert(entry.id, subject.clone());
            }
            return;
        }
        if entry.parts.contains(&PartState::Failed) {
            return;
        }
        let group = self.queues.group(&entry.group);
        let simple = entry.parts.len() == 1 && !wants_receipt(entry);
        for (part, state) in (0_u8..).zip(&entry.parts) {
            let item = Item { outbox: entry.id, part, class: entry.class, again: false, silent: false };
            match state {
                PartState::Accepted { message_id } => {
                    self.receipts.expect(group, message_id, (entry.id, part), Tickets::BEFORE);
                }
                // It was about to leave when the process ended and must not come twice.
                PartState::Sending => self.lose(item, group, simple, now.monotonic),
                _ => {}
            }
        }
        if !planted(Bug::UnsentForgotten) {
            self.enqueue(entry, may_resend(entry.class), now.wall);
        }
    }
}
