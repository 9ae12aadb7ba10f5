//! Times, by second and in all.

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest time that is told apart: an hour, in microseconds.
const LONGEST_US: u64 = 3_600_000_000;
/// Rows of the series: a day. What comes later counts in the totals only.
const SECONDS_MAX: usize = 86_400;

/// One second of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Second {
    /// Counted from 0 at the first message.
    pub second: u64,
    /// Messages sent in it.
    pub sent: u64,
    /// Replies that came whole in it.
    pub answered: u64,
    /// Median time to the response, of the responses that came in it.
    pub response_p50_us: u64,
    /// 99th percentile of these.
    pub response_p99_us: u64,
    /// Median time to the reply, of the replies that came in it.
    pub reply_p50_us: u64,
    /// 99th percentile of these.
    pub reply_p99_us: u64,
}

/// Percentiles of one time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half of all took no longer.
    pub p50_us: u64,
    /// 90 of 100.
    pub p90_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// 999 of 1,000.
    pub p99_9_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// A histogram of one time: what has come in the running second, and all before it.
#[derive(Debug)]
struct Timer {
    second: Histogram<u64>,
    total: Histogram<u64>,
}

impl Timer {
    fn new() -> Result<Self, hdrhistogram::CreationError> {
        let histogram = Histogram::new_with_max(LONGEST_US, 3)?;
        Ok(Self { second: histogram.clone(), total: histogram })
    }

    fn record(&mut self, ns: u64) {
        self.second.saturating_record(ns / 1_000);
    }

    /// Ends a second: its median and 99th percentile.
    fn end_second(&mut self) -> [u64; 2] {
        let percentiles = [0.5, 0.99].map(|it| self.second.value_at_quantile(it));
        // Both have the same bounds.
        let _ = self.total.add(&self.second);
        self.second.reset();
        percentiles
    }

    fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.total.value_at_quantile(quantile).min(self.total.max());
        Percentiles {
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p99_9_us: at(0.999),
            max_us: self.total.max(),
        }
    }

    /// Times at ever more nines, a fixed number of steps to each: what a plot of percentiles shows.
    fn curve(&self) -> Vec<(f64, u64)> {
        const STEPS: u32 = 8;
        const DECADES: u32 = 6;
        if self.total.is_empty() {
            return Vec::new();
        }
        let quantile = |step: u32| 1.0 - 10_f64.powf(-f64::from(step) / f64::from(STEPS));
        let curve = (0..=STEPS * DECADES).map(quantile);
        curve.map(|it| (it, self.total.value_at_quantile(it).min(self.total.max()))).collect()
    }
}

/// The two times of a run, and its seconds.
#[derive(Debug)]
pub(super) struct Meter {
    response: Timer,
    reply: Timer,
    running: Second,
    series: Vec<Second>,
}

impl Meter {
    pub(super) fn new() -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self {
            response: Timer::new()?,
            reply: Timer::new()?,
            running: Second::default(),
            series: Vec::new(),
        })
    }

    /// Forgets the seconds of the warm-up, whose times were not recorded.
    pub(super) fn restart(&mut self) {
        self.series.clear();
        self.running = Second::default();
    }

    pub(super) fn sent(&mut self) {
        self.running.sent += 1;
    }

    pub(super) fn response(&mut self, ns: u64) {
        self.response.record(ns);
    }

    pub(super) fn reply(&mut self, ns: u64) {
        self.reply.record(ns);
        self.running.answered += 1;
    }

    /// Ends the running second and begins the one with this number.
    pub(super) fn end_second(&mut self, next: u64) -> Second {
        let [response_p50_us, response_p99_us] = self.response.end_second();
        let [reply_p50_us, reply_p99_us] = self.reply.end_second();
        let ended = Second { response_p50_us, response_p99_us, reply_p50_us, reply_p99_us, ..self.running };
        if self.series.len() < SECONDS_MAX {
            self.series.push(ended);
        }
        self.running = Second { second: next, ..Second::default() };
        ended
    }

    pub(super) fn response_percentiles(&self) -> Percentiles {
        self.response.percentiles()
    }

    pub(super) fn reply_percentiles(&self) -> Percentiles {
        self.reply.percentiles()
    }

    pub(super) fn curves(&self) -> [Vec<(f64, u64)>; 2] {
        [self.response.curve(), self.reply.curve()]
    }

    pub(super) fn into_series(self) -> Vec<Second> {
        self.series
    }
}
