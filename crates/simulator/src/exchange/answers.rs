//! What the answer to a delivery means, and when it is sent again.

use std::time::Duration;

use codec::CommandStatus;

use super::{BindId, Due, Exchange, Kind, Order};
use crate::ledger::{MessageRef, Outcome};

impl Exchange {
    /// Takes the answer to a delivery; `None` where none came in time.
    pub(super) fn answered(
        &mut self,
        from: BindId,
        ticket: u64,
        status: Option<CommandStatus>,
        now: Duration,
    ) {
        if let Some(link) = self.links.get_mut(&from) {
            link.in_flight.remove(&ticket);
        }
        let Some(delivery) = self.deliveries.get_mut(&ticket).filter(|it| it.link == Some(from)) else {
            return;
        };
        delivery.link = None;
        if status.is_some() {
            self.timers.response.record(now.saturating_sub(delivery.handed_out_at));
        }
        match status {
            Some(CommandStatus::ESME_ROK) => self.acknowledged(ticket, now),
            Some(status @ CommandStatus::ESME_RX_R_APPN) => {
                self.settle(ticket, Outcome::Refused(status), now)
            }
            Some(status @ CommandStatus::ESME_RX_P_APPN) => self.refuse_all(ticket, status, now),
            Some(_) => {
                self.stats.retry_later += 1;
                self.retry(ticket, now);
            }
            None => {
                self.stats.unanswered += 1;
                self.retry(ticket, now);
            }
        }
    }

    fn acknowledged(&mut self, ticket: u64, now: Duration) {
        let Some(delivery) = self.deliveries.get_mut(&ticket) else { return };
        self.testimony.acknowledged(delivery.witnessed);
        let Kind::Part(message) = delivery.kind else {
            if delivery.kind == Kind::Receipt {
                self.stats.receipts_acknowledged += 1;
            }
            self.deliveries.remove(&ticket);
            return;
        };
        if !self.dice.hits(self.faults.duplicate_deliver_percent) {
            self.settle(ticket, Outcome::Acknowledged, now);
            return;
        }
        delivery.kind = Kind::Repeat;
        self.stats.duplicated += 1;
        self.ready.push_back(ticket);
        self.settle_part(message, Outcome::Acknowledged, now);
    }

    /// The acknowledgement came after the delivery was given up: it is not handed over again, but may be on its way.
    pub(super) fn acknowledged_late(&mut self, ticket: u64, now: Duration) {
        let Some(delivery) = self.deliveries.get(&ticket) else { return };
        self.testimony.acknowledged(delivery.witnessed);
        self.stats.receipts_acknowledged += u64::from(delivery.kind == Kind::Receipt);
        self.settle(ticket, Outcome::Acknowledged, now);
    }

    /// Ends a delivery for good.
    fn settle(&mut self, ticket: u64, outcome: Outcome, now: Duration) {
        let Some(delivery) = self.deliveries.remove(&ticket) else { return };
        if let Kind::Part(message) = delivery.kind {
            self.settle_part(message, outcome, now);
        }
    }

    fn settle_part(&mut self, message: MessageRef, outcome: Outcome, now: Duration) {
        let Some(record) = self.ledger.get_mut(message) else { return };
        record.settle_part(outcome, now);
        if record.open > 0 {
            return;
        }
        match record.outcome {
            Outcome::Acknowledged => {
                self.stats.acknowledged += 1;
                self.timers.acknowledged.record(now.saturating_sub(record.due_at));
            }
            Outcome::Refused(_) => self.stats.refused += 1,
            Outcome::GivenUp => self.stats.given_up += 1,
            Outcome::Waiting => {}
        }
    }

    /// ESME_RX_P_APPN: an SMSC that follows the specification drops all that is queued for the number.
    fn refuse_all(&mut self, ticket: u64, status: CommandStatus, now: Duration) {
        let Some(destination) = self.deliveries.get(&ticket).map(|delivery| delivery.sm.destination.clone())
        else {
            return;
        };
        let mut dropped: Vec<u64> = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.link.is_none() && delivery.sm.destination == destination)
            .map(|(ticket, _)| *ticket)
            .collect();
        dropped.sort_unstable();
        for ticket in dropped {
            self.settle(ticket, Outcome::Refused(status), now);
        }
    }

    fn retry(&mut self, ticket: u64, now: Duration) {
        let Some(delivery) = self.deliveries.get(&ticket) else { return };
        if delivery.attempts >= self.config.redelivery.attempts_max {
            self.settle(ticket, Outcome::GivenUp, now);
            return;
        }
        let wait = self.config.redelivery.wait(delivery.attempts);
        self.plan(now + wait, Due::Ready(ticket));
    }

    /// A link is gone. What it had not sent (`unsent`) and what had no answer goes to the front of the queue in
    /// its old order, to be delivered over the next bind at once, as SMSCs do.
    pub(crate) fn disconnected(&mut self, id: BindId, unsent: &[u64], now: Duration) {
        let Some(link) = self.links.remove(&id) else { return };
        let untaken = link.orders.iter().filter_map(|order| match order {
            Order::Deliver { ticket, .. } => Some(*ticket),
            _ => None,
        });
        for ticket in untaken.chain(unsent.iter().copied()) {
            self.take_back(ticket);
        }
        for ticket in link.in_flight.into_iter().rev() {
            let Some(delivery) = self.deliveries.get_mut(&ticket) else { continue };
            if delivery.link.take().is_some() {
                self.stats.lost_with_link += 1;
            }
            if delivery.attempts >= self.config.redelivery.attempts_max {
                self.settle(ticket, Outcome::GivenUp, now);
            } else {
                self.ready.push_front(ticket);
            }
        }
        self.dispatch(now);
    }

    /// Undoes the counts of a delivery that was handed to a link and not written.
    fn take_back(&mut self, ticket: u64) {
        let Some(delivery) = self.deliveries.get_mut(&ticket) else { return };
        if delivery.attempts > 1 && delivery.kind != Kind::Repeat {
            self.stats.redelivered -= 1;
        }
        delivery.attempts -= 1;
        delivery.link = None;
        self.stats.delivered -= 1;
        if let Kind::Part(message) = delivery.kind
            && let Some(record) = self.ledger.get_mut(message)
        {
            record.deliveries -= 1;
        }
    }
}
