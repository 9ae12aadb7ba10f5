//! What rounds come to: medians, and ratios between them.

use benches::load::Report;
use benches::statistics::{for_thousand, median};
use serde::Serialize;

/// A process of an ESME over a round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Process {
    pub(crate) name: String,
    /// In user mode and in the kernel.
    pub(crate) cpu_s: f64,
    /// At the end of the round.
    pub(crate) resident_kib: u64,
    pub(crate) peak_kib: u64,
}

/// One contender's turn in one round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Round {
    pub(crate) contender: String,
    pub(crate) number: u32,
    /// Messages before those of the report. The processes' processor time is of both.
    pub(crate) warm_up: u64,
    pub(crate) report: Report,
    pub(crate) processes: Vec<Process>,
}

impl Round {
    fn per_thousand(&self, cpu_s: f64) -> f64 {
        for_thousand(cpu_s, self.report.messages + self.warm_up)
    }

    /// CPU seconds of all its processes for 1,000 messages.
    pub(crate) fn cost(&self) -> f64 {
        self.per_thousand(self.processes.iter().map(|process| process.cpu_s).sum())
    }

    /// CPU seconds of the load for 1,000 messages.
    pub(crate) fn load_cost(&self) -> f64 {
        for_thousand(self.report.load_cpu_s, self.report.messages)
    }

    fn resident_kib(&self) -> u64 {
        self.processes.iter().map(|process| process.resident_kib).sum()
    }
}

/// Median, 99th and 99.9th percentile of one time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Times {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p99_9_ms: f64,
}

/// Medians over the flawless rounds of a contender, each figure by itself.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    pub(crate) contender: String,
    /// Rounds that the medians are of.
    pub(crate) rounds: usize,
    /// Rounds that gave no figure.
    pub(crate) flawed: usize,
    pub(crate) answered_per_s: f64,
    /// CPU seconds for 1,000 messages.
    pub(crate) cost: f64,
    pub(crate) load_cost: f64,
    /// The cost of each process.
    pub(crate) parts: Vec<(String, f64)>,
    pub(crate) response: Times,
    pub(crate) reply: Times,
    pub(crate) resident_mib: f64,
}

/// The medians of a contender; none where no round of it was flawless.
pub(crate) fn summarise(contender: &str, rounds: &[Round]) -> Option<Summary> {
    let of_it = || rounds.iter().filter(|round| round.contender == contender);
    let good: Vec<&Round> = of_it().filter(|round| round.report.flaw().is_none()).collect();
    let first = good.first()?;
    let middle = |figure: &dyn Fn(&Round) -> f64| median(good.iter().map(|round| figure(round)));
    let part = |at: usize| {
        move |round: &Round| round.per_thousand(round.processes.get(at).map_or(0.0, |part| part.cpu_s))
    };
    let parts = first.processes.iter().enumerate();
    Some(Summary {
        contender: contender.to_owned(),
        rounds: good.len(),
        flawed: of_it().count() - good.len(),
        answered_per_s: middle(&|round| round.report.answered_per_s),
        cost: middle(&Round::cost),
        load_cost: middle(&Round::load_cost),
        parts: parts.map(|(at, process)| (process.name.clone(), middle(&part(at)))).collect(),
        response: Times {
            p50_ms: middle(&|round| ms(round.report.response.p50_us)),
            p99_ms: middle(&|round| ms(round.report.response.p99_us)),
            p99_9_ms: middle(&|round| ms(round.report.response.p99_9_us)),
        },
        reply: Times {
            p50_ms: middle(&|round| ms(round.report.reply.p50_us)),
            p99_ms: middle(&|round| ms(round.report.reply.p99_us)),
            p99_9_ms: middle(&|round| ms(round.report.reply.p99_9_us)),
        },
        resident_mib: middle(&|round| ms(round.resident_kib()) * 1_000.0 / 1_024.0),
    })
}

/// Thousandths.
#[allow(clippy::cast_precision_loss, reason = "microseconds of minutes are far below 2^53")]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// How many times the throughput of `yardstick`; none where one of both has no figure.
pub(crate) fn ratio(summaries: &[Summary], of: &str, yardstick: &str) -> Option<f64> {
    let rate = |name: &str| {
        summaries.iter().find(|summary| summary.contender == name).map(|summary| summary.answered_per_s)
    };
    Some(rate(of)? / rate(yardstick).filter(|rate| *rate > 0.0)?)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn round(contender: &str, number: u32, answered_per_s: f64, missing: u64) -> Round {
        let messages = 9_000;
        let answered = messages - missing;
        let report = Report {
            messages,
            acknowledged: messages,
            answered,
            missing,
            answered_per_s,
            load_cpu_s: 0.45,
            ..Report::default()
        };
        let process = |name: &str, cpu_s| Process {
            name: name.to_owned(),
            cpu_s,
            resident_kib: 1_024,
            peak_kib: 2_048,
        };
        let processes = vec![process("one", 1.0), process("two", 0.5)];
        Round { contender: contender.to_owned(), number, warm_up: 1_000, report, processes }
    }

    #[test]
    fn costs_count_the_warm_up_and_every_process() {
        let round = round("a", 1, 1.0, 0);
        assert_eq!(round.cost(), 0.15);
        assert_eq!(round.load_cost(), 0.05);
        assert_eq!(round.resident_kib(), 2_048);
    }

    #[test]
    fn a_round_that_lost_something_gives_no_figure() {
        let rounds = [
            round("a", 1, 10.0, 0),
            round("a", 2, 1_000.0, 1),
            round("a", 3, 30.0, 0),
            round("b", 1, 5.0, 2),
        ];
        let summary = summarise("a", &rounds).unwrap();
        assert_eq!((summary.rounds, summary.flawed, summary.answered_per_s), (2, 1, 20.0));
        assert_eq!(summary.parts, [("one".to_owned(), 0.1), ("two".to_owned(), 0.05)]);
        assert_eq!(summary.resident_mib, 2.0);
        assert!(summarise("b", &rounds).is_none());
    }

    #[test]
    fn ratios_are_of_medians_and_absent_where_a_figure_is() {
        let rounds = [round("a", 1, 10.0, 0), round("b", 1, 40.0, 0), round("still", 1, 0.0, 0)];
        let summaries: Vec<Summary> =
            ["a", "b", "still"].iter().filter_map(|name| summarise(name, &rounds)).collect();
        assert_eq!(ratio(&summaries, "b", "a"), Some(4.0));
        assert_eq!(ratio(&summaries, "a", "b"), Some(0.25));
        assert_eq!(ratio(&summaries, "a", "c"), None);
        assert_eq!(ratio(&summaries, "a", "still"), None);
    }
}
