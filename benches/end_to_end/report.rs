//! What is printed.

#![allow(clippy::print_stdout, reason = "the figures are this program's output")]

use std::path::Path;
use std::time::Duration;

use simulator::{Latency, LoadReport};

use benches::usage::{Memory, Usage};

/// One round of load.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) load: LoadReport,
    pub(crate) daemon: Usage,
    /// Of the load itself, the simulated SMSC included.
    pub(crate) own: Usage,
    pub(crate) redelivered: u64,
}

impl Round {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn per_second(&self) -> f64 {
        self.load.messages as f64 / self.load.elapsed.as_secs_f64()
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn per_thousand(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1_000.0 / self.load.messages as f64
    }

    /// Share of one core.
    fn share(&self, time: Duration) -> f64 {
        100.0 * time.as_secs_f64() / self.load.elapsed.as_secs_f64()
    }
}

pub(crate) fn introduce(binary: &Path, binds: u16, window: u16, dossiers: u32) {
    println!("{}: {binds} binds, window {window}, {dossiers} dossiers", binary.display());
}

pub(crate) fn sample(question: &str, reply: &str) {
    println!("  {question}  ->  {reply}");
}

pub(crate) fn memory(when: &str, memory: &Memory) {
    let mib = |kib: u64| kib / 1_024;
    println!("resident {when}: {} MiB, at most {} MiB", mib(memory.resident_kib), mib(memory.peak_kib));
}

pub(crate) fn round(round: &Round) {
    println!(
        "{} messages in {:.2} s: {:.0}/s; CPU seconds per 1,000: daemon {:.4}, load {:.4}; redelivered {}",
        round.load.messages,
        round.load.elapsed.as_secs_f64(),
        round.per_second(),
        round.per_thousand(round.daemon.total),
        round.per_thousand(round.own.total),
        round.redelivered,
    );
    threads("daemon", round, &round.daemon);
    threads("load", round, &round.own);
    latency("deliver_sm_resp", &round.load.latencies.response);
    latency("reply", &round.load.latencies.reply);
}

/// Who used how much of a core.
fn threads(who: &str, round: &Round, usage: &Usage) {
    let busy = usage.threads.iter().filter(|(_, time)| round.share(**time) >= 1.0);
    let shares: Vec<_> = busy.map(|(name, time)| format!("{name} {:.0} %", round.share(*time))).collect();
    println!("  {who}: {:.0} % of a core ({})", round.share(usage.total), shares.join(", "));
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of minutes are far below 2^53")]
fn latency(what: &str, latency: &Latency) {
    let ms = |us: u64| us as f64 / 1_000.0;
    println!(
        "  {what}: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.2} ms",
        ms(latency.p50_us),
        ms(latency.p99_us),
        ms(latency.p999_us),
        ms(latency.max_us),
    );
}

/// The middle of each figure over the rounds, each by itself.
pub(crate) fn median(rounds: &[Round]) {
    let middle = |figure: &dyn Fn(&Round) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    };
    #[allow(clippy::cast_precision_loss, reason = "microseconds of minutes are far below 2^53")]
    let ms = |pick: fn(&Round) -> u64| middle(&|round| pick(round) as f64 / 1_000.0);
    println!("median of {} rounds:", rounds.len());
    println!(
        "  {:.0} messages/s; CPU seconds per 1,000: daemon {:.4}, load {:.4}",
        middle(&Round::per_second),
        middle(&|round| round.per_thousand(round.daemon.total)),
        middle(&|round| round.per_thousand(round.own.total)),
    );
    println!(
        "  deliver_sm_resp: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms",
        ms(|round| round.load.latencies.response.p50_us),
        ms(|round| round.load.latencies.response.p99_us),
        ms(|round| round.load.latencies.response.p999_us),
    );
    println!(
        "  reply: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms",
        ms(|round| round.load.latencies.reply.p50_us),
        ms(|round| round.load.latencies.reply.p99_us),
        ms(|round| round.load.latencies.reply.p999_us),
    );
}
