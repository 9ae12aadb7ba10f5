//! The in-flight table: requests that await their response, by sequence number, each with its owner's ticket.

use std::{collections::VecDeque, time::Duration};

use codec::command_id::{self, RESPONSE_BIT};
use rustc_hash::FxHashMap;

/// Ended requests that are remembered, so that a second or late response still finds its ticket: at 1,000
/// requests a second the last second, and a scan of it costs microseconds.
const ENDED_MAX: usize = 1_024;

/// What a session had not finished when it ended. Each ticket is in one of the two lists, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Tickets whose request was never handed out for sending: send them elsewhere.
    pub unsent: Vec<u64>,
    /// Tickets whose request was handed out and has no response: the peer may or may not have them.
    pub unanswered: Vec<u64>,
}

/// One request that awaits its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) command_id: u32,
    pub(crate) ticket: u64,
    deadline: Option<Duration>,
}

/// A request that had its end.
#[derive(Clone, Copy, Debug)]
struct Ended {
    sequence_number: u32,
    command_id: u32,
    ticket: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    /// By our own numbers, which count up: no peer can choose what collides.
    pending: FxHashMap<u32, Pending>,
    /// Sequence numbers in the order they were sent, which is the order of deadlines; may hold ended ones.
    sent: VecDeque<u32>,
    ended: VecDeque<Ended>,
}

impl InFlight {
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(crate) fn contains(&self, sequence_number: u32) -> bool {
        self.pending.contains_key(&sequence_number)
    }

    /// Enters a request. The sequence number must be free.
    pub(crate) fn insert(
        &mut self,
        sequence_number: u32,
        command_id: u32,
        ticket: u64,
        deadline: Option<Duration>,
    ) {
        debug_assert!(!self.contains(sequence_number));
        self.pending.insert(sequence_number, Pending { command_id, ticket, deadline });
        self.sent.push_back(sequence_number);
    }

    /// Takes the request that a response answers: sequence number **and** command must match, or the response is
    /// a generic_nack.
    pub(crate) fn take(&mut self, sequence_number: u32, response_id: u32) -> Option<Pending> {
        let pending = self.pending.get(&sequence_number)?;
        if response_id != pending.command_id | RESPONSE_BIT && response_id != command_id::GENERIC_NACK {
            return None;
        }
        self.end(sequence_number)
    }

    /// The ticket of an ended request that a second or late response belongs to.
    pub(crate) fn ticket_of_ended(&self, sequence_number: u32, response_id: u32) -> Option<u64> {
        self.ended
            .iter()
            .rev()
            .find(|ended| {
                ended.sequence_number == sequence_number && ended.command_id | RESPONSE_BIT == response_id
            })
            .map(|ended| ended.ticket)
    }

    /// Takes the oldest request whose deadline has come.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Option<Pending> {
        let oldest = *self.sent.front()?;
        let pending = self.pending.get(&oldest)?;
        if pending.deadline.is_none_or(|deadline| deadline > now) {
            return None;
        }
        self.end(oldest)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.pending.get(self.sent.front()?)?.deadline
    }

    /// The tickets of all pending requests, oldest first; the table is empty after it.
    pub(crate) fn take_all(&mut self) -> Vec<u64> {
        let tickets =
            self.sent.iter().filter_map(|number| self.pending.get(number)).map(|p| p.ticket).collect();
        self.pending.clear();
        self.sent.clear();
        tickets
    }

    fn end(&mut self, sequence_number: u32) -> Option<Pending> {
        let pending = self.pending.remove(&sequence_number)?;
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended {
            sequence_number,
            command_id: pending.command_id,
            ticket: pending.ticket,
        });
        self.forget_ended();
        Some(pending)
    }

    /// Keeps the front of `sent` pending, and `sent` no longer than a small multiple of what is pending.
    fn forget_ended(&mut self) {
        while self.sent.front().is_some_and(|number| !self.pending.contains_key(number)) {
            self.sent.pop_front();
        }
        if self.sent.len() > 64 + 4 * self.pending.len() {
            let pending = &self.pending;
            self.sent.retain(|number| pending.contains_key(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use codec::command_id::{DELIVER_SM, GENERIC_NACK, SUBMIT_SM, SUBMIT_SM_RESP, UNBIND_RESP};

    use super::*;

    fn at(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    fn filled(count: u32) -> InFlight {
        let mut table = InFlight::default();
        for number in 1..=count {
            table.insert(number, SUBMIT_SM, u64::from(number) + 100, at(30 + u64::from(number)));
        }
        table
    }

    #[test]
    fn only_the_right_command_frees_the_slot_and_only_once() {
        let mut table = filled(2);
        assert_eq!(table.take(1, DELIVER_SM), None);
        assert_eq!(table.take(1, UNBIND_RESP), None);
        assert_eq!(table.take(9, SUBMIT_SM_RESP), None);
        assert_eq!(table.len(), 2);
        assert_eq!(table.take(1, SUBMIT_SM_RESP).map(|p| p.ticket), Some(101));
        assert_eq!(table.take(1, SUBMIT_SM_RESP), None);
        assert_eq!(table.ticket_of_ended(1, SUBMIT_SM_RESP), Some(101));
        assert_eq!(table.take(2, GENERIC_NACK).map(|p| p.ticket), Some(102));
        assert!(table.is_empty());
    }

    #[test]
    fn requests_expire_in_order_and_the_rest_is_handed_back() {
        let mut table = filled(4);
        table.take(1, SUBMIT_SM_RESP);
        table.take(3, SUBMIT_SM_RESP);
        assert_eq!(table.next_deadline(), at(32));
        assert_eq!(table.take_expired(Duration::from_secs(31)), None);
        assert_eq!(table.take_expired(Duration::from_secs(32)).map(|p| p.ticket), Some(102));
        assert_eq!(table.take_all(), [104]);
        assert_eq!(table.next_deadline(), None);
    }

    #[test]
    fn one_stuck_request_does_not_make_the_table_grow() {
        let mut table = filled(1);
        for number in 2..10_000 {
            table.insert(number, SUBMIT_SM, 0, at(60));
            table.take(number, SUBMIT_SM_RESP);
        }
        assert!(table.sent.len() <= 69, "{}", table.sent.len());
        assert!(table.ended.len() <= ENDED_MAX);
        assert_eq!(table.take_all(), [101]);
    }
}
