//! Middles, and what a message costs.

/// The middle one, or halfway between the two in the middle; 0 of none.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.get(middle) {
        None => 0.0,
        Some(upper) if figures.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(figures[middle - 1], *upper),
    }
}

/// What 1,000 of so many messages cost, in seconds as what all of them cost is; no message counts as one.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn for_thousand(cpu_s: f64, messages: u64) -> f64 {
    cpu_s * 1_000.0 / messages.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_of_a_thousand_messages_even_where_there_was_none() {
        assert_eq!(for_thousand(1.5, 10_000), 0.15);
        assert_eq!(for_thousand(0.5, 0), 500.0);
    }

    #[test]
    fn the_median_is_the_middle_one_or_halfway_between_two() {
        assert_eq!(median([]), 0.0);
        assert_eq!(median([7.0]), 7.0);
        assert_eq!(median([9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 9.0]), 3.0);
    }
}
