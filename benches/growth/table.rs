//! What is printed.

#![allow(clippy::print_stdout, reason = "the figures are this program's output")]

use benches::statistics::median;

use crate::{Row, What};

/// How far the dearest size may cost above the cheapest and still be called flat.
const FLAT_WITHIN: f64 = 1.2;

/// Medians of a size.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Middle {
    answered_per_s: f64,
    cost: f64,
    start_s: f64,
    resident_kib: f64,
}

pub(crate) fn introduce(what: What) {
    let start = if what == What::Start { "; start and memory are after kill -9" } else { "" };
    println!(
        "{what:?}: answered/s, CPU s per 1,000 of the daemon, seconds to start, MiB resident (at most){start}"
    );
}

pub(crate) fn row(row: &Row) {
    println!(
        "  {:>10}: {:>8.0}/s  {:.4}  {:.2} s  {} MiB ({}){}",
        row.size,
        row.report.answered_per_s,
        row.cost,
        row.start_s,
        row.resident_kib / 1_024,
        row.peak_kib / 1_024,
        row.report.flaw().map_or_else(String::new, |flaw| format!("  NO FIGURE: {flaw}")),
    );
}

/// Returns how many sizes have no figure.
pub(crate) fn medians(what: What, sizes: &[u32], rows: &[Row]) -> usize {
    println!("medians:");
    let middles: Vec<Option<Middle>> = sizes.iter().map(|size| middle_of(*size, rows)).collect();
    for (size, middle) in sizes.iter().zip(&middles) {
        let Some(middle) = middle else {
            println!("  {size:>10}: no figure");
            continue;
        };
        println!(
            "  {size:>10}: {:>8.0}/s  {:.4}  {:.2} s  {:.0} MiB",
            middle.answered_per_s,
            middle.cost,
            middle.start_s,
            middle.resident_kib / 1_024.0,
        );
    }
    if let Some(spread) = spread(&middles).filter(|_| what != What::Start) {
        let verdict = if spread <= FLAT_WITHIN { "flat" } else { "NOT flat" };
        println!("the dearest costs {spread:.2} times the cheapest: {verdict} (at most {FLAT_WITHIN})");
    }
    middles.iter().filter(|middle| middle.is_none()).count()
}

/// Over the rounds of a size that lost nothing.
fn middle_of(size: u32, rows: &[Row]) -> Option<Middle> {
    let good = || rows.iter().filter(|row| row.size == size && row.report.flaw().is_none());
    good().next()?;
    #[allow(clippy::cast_precision_loss, reason = "kibibytes of memory are far below 2^53")]
    let resident = |row: &Row| row.resident_kib as f64;
    Some(Middle {
        answered_per_s: median(good().map(|row| row.report.answered_per_s)),
        cost: median(good().map(|row| row.cost)),
        start_s: median(good().map(|row| row.start_s)),
        resident_kib: median(good().map(resident)),
    })
}

/// How many times the cost of the cheapest size the dearest has; none of fewer than two, or where one has no figure:
/// it might be the dearest.
fn spread(middles: &[Option<Middle>]) -> Option<f64> {
    let costs: Vec<f64> = middles.iter().map(|middle| Some(middle.as_ref()?.cost)).collect::<Option<_>>()?;
    let lowest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = costs.iter().copied().fold(0.0, f64::max);
    (costs.len() > 1 && lowest > 0.0).then(|| highest / lowest)
}

#[cfg(test)]
mod tests {
    use benches::load::Report;

    use super::*;

    fn row(size: u32, cost: f64, missing: u64) -> Row {
        let report =
            Report { messages: 9, acknowledged: 9, answered: 9 - missing, missing, ..Report::default() };
        Row { size, report, cost, start_s: 1.0, resident_kib: 2_048, peak_kib: 4_096 }
    }

    #[test]
    fn a_spread_needs_two_costs_and_the_cost_of_every_size() {
        let middle = |cost| Some(Middle { answered_per_s: 1.0, cost, start_s: 1.0, resident_kib: 1.0 });
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[middle(0.5)]), None);
        assert_eq!(spread(&[middle(0.5), middle(0.25), middle(0.375)]), Some(2.0));
        assert_eq!(spread(&[middle(0.5), middle(0.25), None]), None);
    }

    #[test]
    fn sizes_without_a_figure_are_counted() {
        let rows = [row(10, 1.0, 0), row(99, 1.0, 2), row(99, 1.0, 0), row(100, 1.0, 1)];
        assert_eq!(medians(What::Rules, &[10, 99, 100], &rows), 1);
    }

    #[test]
    fn rounds_that_lost_something_are_in_no_median() {
        let rows = [row(10, 1.0, 0), row(10, 9.0, 1), row(10, 3.0, 0), row(99, 1.0, 2)];
        assert_eq!(middle_of(10, &rows).map(|middle| middle.cost), Some(2.0));
        assert_eq!(middle_of(99, &rows), None);
    }
}
