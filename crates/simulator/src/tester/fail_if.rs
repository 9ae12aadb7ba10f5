//! `--fail-if 'p99 > 100ms'`: what makes a run a failure.

use std::{fmt, str::FromStr};

use super::{meter::Percentiles, report::Report};

/// A condition on a report.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    text: String,
    metric: Metric,
    comparison: Comparison,
    /// Times in microseconds.
    value: f64,
}

/// What is allowed, as it is told to whom writes something else.
const ALLOWED: &str = "METRIC OP VALUE is expected: p50, p90, p99, p99.9, max (of the reply), the same with `response.` \
                       or `reply.` before it, missing, double, wrong, refused, unsent or rate; <, <=, > or >=; a number, for \
                       times with us, ms or s";

/// A condition that can't be read. Returned by [`FailIf::from_str`]; its text says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}`: {ALLOWED}")]
pub struct FailIfError(String);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
    Time(Timed, Percentile),
    Missing,
    Double,
    Wrong,
    Refused,
    Unsent,
    Rate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Timed {
    Response,
    Reply,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Percentile {
    P50,
    P90,
    P99,
    P99_9,
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl FailIf {
    /// Whether the condition holds, which makes the run a failure. One on a time holds where no message has such a
    /// time: a run without an answer is not a quick one.
    #[must_use]
    pub fn holds(&self, report: &Report) -> bool {
        if self.metric.is_unknown(report) {
            return true;
        }
        let value = self.metric.of(report);
        match self.comparison {
            Comparison::Less => value < self.value,
            Comparison::LessOrEqual => value <= self.value,
            Comparison::Greater => value > self.value,
            Comparison::GreaterOrEqual => value >= self.value,
        }
    }
}

impl fmt::Display for FailIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for FailIf {
    type Err = FailIfError;

    fn from_str(text: &str) -> Result<Self, FailIfError> {
        read(text).ok_or_else(|| FailIfError(text.to_owned()))
    }
}

fn read(text: &str) -> Option<FailIf> {
    let at = text.find(['<', '>'])?;
    let (metric, rest) = text.split_at(at);
    let (operator, value) = match rest.get(1..2) {
        Some("=") => rest.split_at(2),
        _ => rest.split_at(1),
    };
    let comparison = match operator {
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    };
    let metric = Metric::read(metric.trim())?;
    let value = match metric {
        Metric::Time(..) => read_time(value.trim())?,
        _ => read_number(value.trim())?,
    };
    Some(FailIf { text: text.trim().to_owned(), metric, comparison, value })
}

/// A time in microseconds.
fn read_time(text: &str) -> Option<f64> {
    let (number, factor) = [("us", 1.0), ("ms", 1e3), ("s", 1e6)]
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    Some(read_number(number.trim_end())? * factor)
}

/// A number without a sign, in digits.
fn read_number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    text.parse().ok().filter(|_| digits)
}

impl Metric {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "missing" => Self::Missing,
            "double" => Self::Double,
            "wrong" => Self::Wrong,
            "refused" => Self::Refused,
            "unsent" => Self::Unsent,
            "rate" => Self::Rate,
            _ => {
                let (timed, percentile) = match name.strip_prefix("response.") {
                    Some(percentile) => (Timed::Response, percentile),
                    None => (Timed::Reply, name.strip_prefix("reply.").unwrap_or(name)),
                };
                Self::Time(timed, Percentile::read(percentile)?)
            }
        })
    }

    /// Whether nothing was measured that this could be of.
    fn is_unknown(self, report: &Report) -> bool {
        match self {
            Self::Time(Timed::Response, _) => report.acknowledged == 0,
            Self::Time(Timed::Reply, _) => report.answered == 0,
            _ => false,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts and microseconds are far below 2^53")]
    fn of(self, report: &Report) -> f64 {
        let count = match self {
            Self::Time(Timed::Response, percentile) => percentile.of(&report.response),
            Self::Time(Timed::Reply, percentile) => percentile.of(&report.reply),
            Self::Missing => report.missing,
            Self::Double => report.double,
            Self::Wrong => report.wrong,
            Self::Refused => report.refused,
            Self::Unsent => report.unsent,
            Self::Rate => return report.answered_per_s,
        };
        count as f64
    }
}

impl Percentile {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "p50" => Self::P50,
            "p90" => Self::P90,
            "p99" => Self::P99,
            "p99.9" => Self::P99_9,
            "max" => Self::Max,
            _ => return None,
        })
    }

    fn of(self, times: &Percentiles) -> u64 {
        match self {
            Self::P50 => times.p50_us,
            Self::P90 => times.p90_us,
            Self::P99 => times.p99_us,
            Self::P99_9 => times.p99_9_us,
            Self::Max => times.max_us,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let reply = Percentiles { p50_us: 1_000, p90_us: 2_000, p99_us: 100_000, p99_9_us: 0, max_us: 7 };
        let response = Percentiles { p99_us: 50, ..reply };
        let counts = Report { acknowledged: 9, answered: 9, missing: 2, unsent: 4, ..Report::default() };
        Report { answered_per_s: 1_000.5, reply, response, ..counts }
    }

    #[test]
    fn conditions_hold_or_not() {
        for (text, expected) in [
            ("p99 > 100ms", false),
            ("p99 >= 100ms", true),
            ("p99>=0.1s", true),
            ("reply.p99 <= 100000us", true),
            ("response.p99 < 50us", false),
            ("p50 < 1.5 ms", true),
            ("p99.9 > 0ms", false),
            ("max >= 7us", true),
            ("missing > 0", true),
            ("wrong>0", false),
            ("unsent > 3", true),
            (" rate < 1000.6 ", true),
        ] {
            assert_eq!(text.parse::<FailIf>().unwrap().holds(&report()), expected, "{text}");
        }
    }

    #[test]
    fn a_time_that_no_message_has_is_no_good_time() {
        let holds = |text: &str, report: &Report| text.parse::<FailIf>().unwrap().holds(report);
        let unanswered = Report { answered: 0, ..report() };
        assert!(holds("p99 > 1s", &unanswered) && holds("max < 1s", &unanswered));
        assert!(!holds("response.p99 > 1s", &unanswered) && !holds("wrong > 0", &unanswered));
        assert!(holds("response.p99 > 1s", &Report::default()));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_can() {
        for text in [
            "",
            "p99",
            "p99 100ms",
            "p98 > 1ms",
            "p99 > 100",
            "p99 > ms",
            "p99 > -1ms",
            "p99 == 1ms",
            "p99 > 1m",
            "missing > 1ms",
            "missing > inf",
            "missing > NaN",
            "missing >> 1",
            "response.missing > 1",
            "> 1",
            "p99 >é",
        ] {
            let error = text.parse::<FailIf>().unwrap_err().to_string();
            assert!(error.contains("p99.9") && error.contains("missing") && error.contains(">="), "{error}");
        }
    }
}
