//! What is printed.

#![allow(clippy::print_stdout, reason = "the figures are this program's output")]

use std::path::Path;

use crate::Arguments;
use crate::contender::Contender;
use crate::figures::{Round, Summary, Times, ratio};

/// Columns of the table.
const HEAD: [&str; 11] = [
    "",
    "answered/s",
    "of the echo",
    "of Kannel",
    "CPU s per 1,000",
    "of the load",
    "resp p50/p99/p99.9 ms",
    "reply p50/p99/p99.9 ms",
    "MiB",
    "rounds",
    "flawed",
];

pub(crate) fn introduce(arguments: &Arguments, machine: &str, left_out: &[String]) {
    let Arguments { rounds, seconds, binds, window, .. } = arguments;
    let pace = arguments.rate.map_or_else(
        || "as fast as the windows allow".to_owned(),
        |rate| format!("{rate} messages/s (open loop)"),
    );
    println!("{machine}; {binds} binds, window {window}, {pace}; {rounds} rounds of {seconds} s");
    for reason in left_out {
        println!("{reason}");
    }
}

pub(crate) fn round(round: &Round) {
    let parts: Vec<String> =
        round.processes.iter().map(|process| format!("{} {:.2} s", process.name, process.cpu_s)).collect();
    println!(
        "round {}: {}: {:.0} answered/s, {} messages in {:.1} s, CPU s per 1,000 {:.4} ({}), of the load {:.4}{}",
        round.number,
        round.contender,
        round.report.answered_per_s,
        round.report.messages,
        round.report.elapsed_s,
        round.cost(),
        parts.join(", "),
        round.load_cost(),
        round.report.flaw().map_or_else(String::new, |flaw| format!("; NO FIGURE: {flaw}")),
    );
}

pub(crate) fn medians(summaries: &[Summary]) {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(summaries.iter().map(|summary| row(summary, summaries)));
    println!("\nmedians:");
    print!("{}", markdown(&rows));
    for summary in summaries.iter().filter(|summary| summary.parts.len() > 1) {
        let parts: Vec<String> =
            summary.parts.iter().map(|(name, cost)| format!("{name} {cost:.4}")).collect();
        println!("{}: CPU s per 1,000 of {}", summary.contender, parts.join(", "));
    }
}

fn row(summary: &Summary, all: &[Summary]) -> Vec<String> {
    let of = |yardstick: Contender| {
        ratio(all, &summary.contender, yardstick.name())
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"))
    };
    vec![
        summary.contender.clone(),
        format!("{:.0}", summary.answered_per_s),
        of(Contender::Echo),
        of(Contender::KannelText),
        format!("{:.4}", summary.cost),
        format!("{:.4}", summary.load_cost),
        times(&summary.response),
        times(&summary.reply),
        format!("{:.0}", summary.resident_mib),
        summary.rounds.to_string(),
        summary.flawed.to_string(),
    ]
}

fn times(times: &Times) -> String {
    format!("{:.2} / {:.2} / {:.2}", times.p50_ms, times.p99_ms, times.p99_9_ms)
}

/// A table with aligned columns, the first to the left and the others to the right.
fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            text += &if column == 0 { format!("| {cell:<width$} |") } else { format!(" {cell:>width$} |") };
        }
        text.push('\n');
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(*width + 1);
                text += &if column == 0 { format!("|{dashes}-|") } else { format!("{dashes}:|") };
            }
            text.push('\n');
        }
    }
    text
}

/// A bar, and what Tongdai came to.
#[derive(Debug, PartialEq)]
struct Bar {
    what: &'static str,
    bar: f64,
    reached: f64,
    /// The figure must not be above the bar, rather than below.
    at_most: bool,
}

impl Bar {
    fn holds(&self) -> bool {
        if self.at_most { self.reached <= self.bar } else { self.reached >= self.bar }
    }
}

pub(crate) fn bars(summaries: &[Summary], open_loop: bool) {
    let bars = if open_loop { of_latency(summaries) } else { of_throughput(summaries) };
    if !bars.is_empty() {
        println!("\nbars:");
    }
    for bar in bars {
        let side = if bar.at_most { "at most" } else { "at least" };
        let verdict = if bar.holds() { "reached" } else { "NOT reached" };
        println!("  {}: {:.4}, {side} {:.4}: {verdict}", bar.what, bar.reached, bar.bar);
    }
}

fn find(summaries: &[Summary], who: Contender) -> Option<&Summary> {
    summaries.iter().find(|summary| summary.contender == who.name())
}

fn of_throughput(summaries: &[Summary]) -> Vec<Bar> {
    let Some(tongdai) = find(summaries, Contender::Tongdai) else { return Vec::new() };
    let at_least =
        |what, bar, reached: Option<f64>| reached.map(|reached| Bar { what, bar, reached, at_most: false });
    let times = |yardstick: Contender| ratio(summaries, Contender::Tongdai.name(), yardstick.name());
    let cost = Bar { what: "CPU s per 1,000", bar: 0.015, reached: tongdai.cost, at_most: true };
    [
        at_least("answered/s", 100_000.0, Some(tongdai.answered_per_s)),
        at_least("of the echo", 0.1, times(Contender::Echo)),
        at_least("times Kannel's fixed text", 10.0, times(Contender::KannelText)),
        at_least("times Kannel's get-url", 15.0, times(Contender::KannelGetUrl)),
        Some(cost),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_latency(summaries: &[Summary]) -> Vec<Bar> {
    let both = find(summaries, Contender::Tongdai).zip(find(summaries, Contender::Echo));
    let Some((tongdai, echo)) = both else { return Vec::new() };
    let twice = |what, of: fn(&Summary) -> Times| Bar {
        what,
        bar: of(echo).p99_ms * 2.0,
        reached: of(tongdai).p99_ms,
        at_most: true,
    };
    vec![
        twice("p99 of deliver_sm_resp in ms, twice the echo's", |summary| summary.response),
        twice("p99 of the reply in ms, twice the echo's", |summary| summary.reply),
    ]
}

pub(crate) fn left(json: &Path, html: &Path) {
    println!("\n{}\n{}", json.display(), html.display());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{summarise, tests::round};

    #[test]
    fn a_table_is_aligned_by_characters() {
        let rows = [["", "Kč"], ["Tongdai", "–"], ["a", "1.25"]].map(|row| row.map(str::to_owned).to_vec());
        let expected = "|         |   Kč |\n|---------|-----:|\n| Tongdai |    – |\n| a       | 1.25 |\n";
        assert_eq!(markdown(&rows), expected);
    }

    #[test]
    fn bars_are_told_for_whom_there_are_figures() {
        let figures = [
            (Contender::Tongdai, 120_000.0),
            (Contender::Echo, 1_000_000.0),
            (Contender::KannelText, 20_000.0),
        ];
        let rounds = figures.map(|(who, rate)| round(who.name(), 1, rate, 0));
        let summaries: Vec<Summary> =
            figures.iter().filter_map(|(who, _)| summarise(who.name(), &rounds)).collect();
        let bars = of_throughput(&summaries);
        let verdicts: Vec<_> = bars.iter().map(|bar| (bar.what, bar.holds())).collect();
        assert_eq!(
            verdicts,
            [
                ("answered/s", true),
                ("of the echo", true),
                ("times Kannel's fixed text", false),
                ("CPU s per 1,000", false),
            ]
        );
        assert_eq!(of_throughput(&summaries[1..]), []);
    }
}
