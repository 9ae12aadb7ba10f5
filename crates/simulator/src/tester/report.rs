//! What a run came to.

use std::{collections::BTreeMap, fmt, time::Duration};

use codec::CommandStatus;
use serde::Serialize;

use super::{
    Options,
    books::{Books, UNDER_WAY_MAX},
    meter::{Percentiles, Second},
};
use crate::Pace;

/// That the sending ended before its end, for people.
const BROKE_OFF: &str = "broke off, nothing came any more";

/// The figures of a run; docs/LOAD.md says what each means. Serialized it is what `--json` writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// `closed` or `open`.
    pub pace: &'static str,
    /// Messages a second of the open loop.
    pub rate_wanted: Option<u32>,
    /// Receiving binds waited for.
    pub binds: usize,
    /// deliver_sm in flight on each at most.
    pub window: usize,
    /// Messages sent before those that count.
    pub warm_up: u64,
    /// Of these, without response or reply when the counting began.
    pub warm_up_missing: u64,
    /// Messages sent.
    pub messages: u64,
    /// Of these, answered with a deliver_sm_resp of ESME_ROK.
    pub acknowledged: u64,
    /// Of these, replied to in all parts, rightly or not.
    pub answered: u64,
    /// Of these, answered with another status; they are not sent again.
    pub refused: u64,
    /// How many with which status.
    pub refused_by_status: BTreeMap<String, u64>,
    /// Refused messages that were replied to all the same, which `answered` leaves out.
    pub refused_answered: u64,
    /// Of these, without response or reply at the end.
    pub missing: u64,
    /// Replies to citizens who waited for none.
    pub double: u64,
    /// Replies whose text is not right, or to no number.
    pub wrong: u64,
    /// PDUs that nobody asked for or that can't be read.
    pub odd: u64,
    /// Connections that ended while messages were counted.
    pub links_lost: u64,
    /// Messages of an open loop that were due when the sending ended, and had not left.
    pub unsent: u64,
    /// Nothing came for the time of our patience while there was more to send.
    pub broke_off: bool,
    /// A message was due and had to wait because 100,000 were under way already.
    pub capped: bool,
    /// From the first message to the last response or reply.
    pub elapsed_s: f64,
    /// Messages answered in a second, over all of that.
    pub answered_per_s: f64,
    /// Processor time of the load tester itself.
    pub load_cpu_s: f64,
    /// From deliver_sm to its response, whatever it said.
    pub response: Percentiles,
    /// From deliver_sm to the last part of the reply.
    pub reply: Percentiles,
    /// Second by second.
    pub series: Vec<Second>,
    /// Quantile and time in microseconds, of the response.
    pub response_curve: Vec<(f64, u64)>,
    /// The same of the reply.
    pub reply_curve: Vec<(f64, u64)>,
}

/// What of a run is not in its books.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) elapsed: Duration,
    pub(super) load_cpu: Duration,
    pub(super) warm_up_missing: u64,
    pub(super) links_lost: u64,
    pub(super) unsent: u64,
    pub(super) broke_off: bool,
    pub(super) capped: bool,
}

impl Report {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(super) fn new(options: &Options, books: Books, course: Course) -> Self {
        let missing = books.missing();
        let (counts, meter) = (books.counts, books.meter);
        let (response, reply) = (meter.response_percentiles(), meter.reply_percentiles());
        let [response_curve, reply_curve] = meter.curves();
        let rate_wanted = match options.pace {
            Pace::Flat => None,
            Pace::PerSecond(rate) => Some(rate),
        };
        let elapsed_s = course.elapsed.as_secs_f64();
        let statuses = counts.statuses.iter();
        Self {
            pace: if rate_wanted.is_some() { "open" } else { "closed" },
            rate_wanted,
            binds: options.binds,
            window: options.window,
            warm_up: options.warm_up,
            warm_up_missing: course.warm_up_missing,
            messages: counts.messages,
            acknowledged: counts.acknowledged,
            answered: counts.answered,
            refused: counts.refused,
            refused_by_status: statuses.map(|(it, count)| (CommandStatus(*it).to_string(), *count)).collect(),
            refused_answered: counts.refused_answered,
            missing,
            double: counts.double,
            wrong: counts.wrong,
            odd: counts.odd,
            links_lost: course.links_lost,
            unsent: course.unsent,
            broke_off: course.broke_off,
            capped: course.capped,
            elapsed_s,
            answered_per_s: if elapsed_s > 0.0 { counts.answered as f64 / elapsed_s } else { 0.0 },
            load_cpu_s: course.load_cpu.as_secs_f64(),
            response,
            reply,
            series: meter.into_series(),
            response_curve,
            reply_curve,
        }
    }

    /// Whether all was sent, and each message had its response and one right reply, or was refused.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.flaws().is_empty()
    }

    /// What a run without conditions of its own fails by, for people; nothing where it [is sound](Self::is_sound).
    #[must_use]
    pub fn flaws(&self) -> Vec<String> {
        let counts = [
            ("missing", self.missing),
            ("double", self.double),
            ("wrong", self.wrong),
            ("due and not sent", self.unsent),
        ];
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let mut flaws: Vec<_> = counts.map(|(name, count)| format!("{count} {name}")).collect();
        if self.broke_off {
            flaws.push(BROKE_OFF.to_owned());
        }
        flaws
    }
}

/// The table on standard output.
impl fmt::Display for Report {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = match self.rate_wanted {
            Some(rate) => format!("open loop, {rate} messages/s"),
            None => "closed loop".to_owned(),
        };
        writeln!(f, "{pace}, {} binds, window {}", self.binds, self.window)?;
        for (name, count) in [
            ("messages", self.messages),
            ("acknowledged", self.acknowledged),
            ("answered", self.answered),
            ("refused", self.refused),
            ("missing", self.missing),
            ("double", self.double),
            ("wrong", self.wrong),
        ] {
            writeln!(f, "{name:<18}{count:>12}")?;
        }
        for (status, count) in &self.refused_by_status {
            writeln!(f, "  {status}: {count}")?;
        }
        for (name, count) in [
            ("refused, yet replied to", self.refused_answered),
            ("PDUs out of place", self.odd),
            ("links lost", self.links_lost),
            ("missing of the warm-up", self.warm_up_missing),
            ("due and not sent", self.unsent),
        ] {
            if count > 0 {
                writeln!(f, "{name}: {count}")?;
            }
        }
        if self.broke_off {
            writeln!(f, "{BROKE_OFF}")?;
        }
        if self.capped {
            writeln!(f, "slowed down: {UNDER_WAY_MAX} messages were under way")?;
        }
        writeln!(f, "{:<18}{:>12.0}/s in {:.2} s", "answered", self.answered_per_s, self.elapsed_s)?;
        let per_message = self.load_cpu_s * 1e6 / self.messages.max(1) as f64;
        writeln!(f, "{:<18}{:>12.2} s, {per_message:.2} us a message", "CPU of the load", self.load_cpu_s)?;
        writeln!(f, "{:<18}{:>10}{:>10}{:>10}{:>10}{:>10}", "ms", "p50", "p90", "p99", "p99.9", "max")?;
        row(f, "deliver_sm_resp", &self.response)?;
        row(f, "reply", &self.reply)
    }
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of hours are far below 2^53")]
fn row(f: &mut fmt::Formatter<'_>, name: &str, times: &Percentiles) -> fmt::Result {
    write!(f, "{name:<18}")?;
    for us in [times.p50_us, times.p90_us, times.p99_us, times.p99_9_us, times.max_us] {
        write!(f, "{:>10.3}", us as f64 / 1_000.0)?;
    }
    writeln!(f)
}
