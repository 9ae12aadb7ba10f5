//! Counts and times.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What has been counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Messages that handsets have sent.
    pub messages: u64,
    /// Messages that are acknowledged in all their parts.
    pub acknowledged: u64,
    /// Messages refused for good.
    pub refused: u64,
    /// Messages whose attempts ran out.
    pub given_up: u64,
    /// deliver_sm (or data_sm) written, receipts included.
    pub delivered: u64,
    /// Of these, written again for want of an acknowledgement.
    pub redelivered: u64,
    /// Responses that asked for a later redelivery (any status but 0, 0x65 and 0x66).
    pub retry_later: u64,
    /// Deliveries that were not answered in time.
    pub unanswered: u64,
    /// Deliveries whose link died before they were answered.
    pub lost_with_link: u64,
    /// Acknowledged messages sent once more on purpose.
    pub duplicated: u64,
    /// submit_sm (or data_sm) received.
    pub submits: u64,
    /// Of these, taken.
    pub accepted: u64,
    /// Of these, taken for a text that a handset could not be given: no number, or no room.
    pub unkept: u64,
    /// Responses withheld on purpose.
    pub responses_dropped: u64,
    /// Whole texts that reached handsets.
    pub replies: u64,
    /// Of these, such as nothing was waiting for.
    pub unmatched: u64,
    /// Of these, such as repeat the handset's last text from that number with nothing asked in between.
    pub duplicates: u64,
    /// Receipts queued.
    pub receipts: u64,
    /// Receipts acknowledged.
    pub receipts_acknowledged: u64,
    /// PDUs of the peer that could not be read, that nobody asked for, or that may not be sent in their state.
    pub odd: u64,
    /// Binds accepted.
    pub binds: u64,
    /// Binds refused.
    pub binds_refused: u64,
}

/// The distribution of one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// Median, in microseconds.
    pub p50_us: u64,
    /// 90th percentile, in microseconds.
    pub p90_us: u64,
    /// 99th percentile, in microseconds.
    pub p99_us: u64,
    /// 99.9th percentile, in microseconds.
    pub p999_us: u64,
    /// Longest, in microseconds.
    pub max_us: u64,
}

/// The times that matter to a citizen and to an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latencies {
    /// From handing a deliver_sm to its link to its response, whatever it said.
    pub response: Latency,
    /// From the moment a message was due to its acknowledgement in all parts, redeliveries included.
    pub acknowledged: Latency,
    /// From the moment a message was due to its whole reply.
    pub reply: Latency,
}

/// The longest time that is told apart, in microseconds: five minutes.
const LONGEST_US: u64 = 300_000_000;

#[derive(Debug)]
pub(crate) struct Timer(Option<Histogram<u64>>);

impl Default for Timer {
    fn default() -> Self {
        Self(Histogram::new_with_max(LONGEST_US, 3).ok())
    }
}

impl Timer {
    pub(crate) fn record(&mut self, time: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST_US));
        }
    }

    fn latency(&self) -> Latency {
        let Some(histogram) = &self.0 else { return Latency::default() };
        Latency {
            count: histogram.len(),
            p50_us: histogram.value_at_quantile(0.5),
            p90_us: histogram.value_at_quantile(0.9),
            p99_us: histogram.value_at_quantile(0.99),
            p999_us: histogram.value_at_quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    pub(crate) response: Timer,
    pub(crate) acknowledged: Timer,
    pub(crate) reply: Timer,
}

impl Timers {
    pub(crate) fn latencies(&self) -> Latencies {
        Latencies {
            response: self.response.latency(),
            acknowledged: self.acknowledged.latency(),
            reply: self.reply.latency(),
        }
    }
}
