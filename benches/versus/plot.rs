//! The figures as one page with one drawing, which needs nothing from elsewhere.

use std::fmt::Write;

use crate::figures::{Round, Summary};

/// The drawing, in pixels.
const WIDTH: f64 = 860.0;
const LABELS: f64 = 170.0;
/// Room for the figure behind the longest bar.
const FIGURES: f64 = 110.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const TITLE: f64 = 40.0;

/// One bar: who, how much, and what single rounds came to.
struct Bar {
    name: String,
    value: f64,
    singles: Vec<f64>,
}

/// A whole page of HTML.
pub(crate) fn page(machine: &str, summaries: &[Summary], rounds: &[Round]) -> String {
    let style = "body{font:15px sans-serif;margin:2em;max-width:900px}text{font:13px sans-serif}\
                 .t{font-weight:bold}.b{fill:#4a7ab5}.s{fill:#222}.g{stroke:#ddd}";
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>versus</title>\n<style>{style}</style>\n\
         <h1>Durable answers beside yardsticks</h1>\n<p>{}. Bars are medians over rounds, dots the rounds; every \
         scale is logarithmic. The echo and Tongdai sync each message to disk before they answer; Kannel syncs \
         nothing.</p>\n{}</html>\n",
        escape(machine),
        drawing(summaries, rounds),
    )
}

fn drawing(summaries: &[Summary], rounds: &[Round]) -> String {
    let bars = |value: fn(&Summary) -> f64, single: &dyn Fn(&Round) -> f64| -> Vec<Bar> {
        let flawless = |name: &str| {
            let of_it =
                rounds.iter().filter(|round| round.contender == name && round.report.flaw().is_none());
            of_it.map(single).collect()
        };
        let bar = |summary: &Summary| Bar {
            name: summary.contender.clone(),
            value: value(summary),
            singles: flawless(&summary.contender),
        };
        summaries.iter().map(bar).collect()
    };
    #[allow(clippy::cast_precision_loss, reason = "microseconds of minutes are far below 2^53")]
    let ms = |us: u64| us as f64 / 1_000.0;
    let panels = [
        ("answered messages/s", bars(|it| it.answered_per_s, &|round| round.report.answered_per_s)),
        ("CPU seconds for 1,000 messages", bars(|it| it.cost, &Round::cost)),
        (
            "p99 to deliver_sm_resp, ms",
            bars(|it| it.response.p99_ms, &|round| ms(round.report.response.p99_us)),
        ),
        ("p99 to the reply, ms", bars(|it| it.reply.p99_ms, &|round| ms(round.report.reply.p99_us))),
    ];
    let mut shapes = String::new();
    let mut top = 0.0;
    for (title, bars) in &panels {
        top = panel(&mut shapes, top, title, bars);
    }
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{top}\">\n{shapes}</svg>\n")
}

/// Draws one panel below `top`; returns where it ends.
fn panel(shapes: &mut String, top: f64, title: &str, bars: &[Bar]) -> f64 {
    let values = bars.iter().flat_map(|bar| bar.singles.iter().copied().chain([bar.value]));
    let scale = Scale::over(values);
    let mut draw = |shape: std::fmt::Arguments<'_>| {
        // A string takes everything.
        let _ = writeln!(shapes, "{shape}");
    };
    draw(format_args!("<text class=\"t\" x=\"0\" y=\"{}\">{}</text>", top + TITLE * 0.6, escape(title)));
    let mut y = top + TITLE;
    let end = y + ROW * f64::from(u32::try_from(bars.len()).unwrap_or(0));
    for decade in scale.decades() {
        let x = scale.place(decade);
        draw(format_args!("<line class=\"g\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{end}\"/>", y - 4.0));
    }
    for bar in bars {
        let (middle, width) = (y + BAR / 2.0, scale.place(bar.value) - LABELS);
        draw(format_args!("<text x=\"0\" y=\"{}\">{}</text>", middle + 4.0, escape(&bar.name)));
        draw(format_args!(
            "<rect class=\"b\" x=\"{LABELS}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\"/>"
        ));
        for single in &bar.singles {
            let x = scale.place(*single);
            draw(format_args!("<circle class=\"s\" cx=\"{x:.1}\" cy=\"{middle}\" r=\"2.5\"/>"));
        }
        let x = bar.singles.iter().copied().fold(bar.value, f64::max);
        let figure = figure(bar.value);
        draw(format_args!("<text x=\"{:.1}\" y=\"{}\">{figure}</text>", scale.place(x) + 8.0, middle + 4.0));
        y += ROW;
    }
    end + 10.0
}

/// With as many digits as say something.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.4}"),
    }
}

/// A logarithmic scale over whole decades.
#[derive(Debug, PartialEq)]
struct Scale {
    first: i32,
    last: i32,
}

impl Scale {
    #[allow(clippy::cast_possible_truncation, reason = "exponents of a double are below 400")]
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let exponents: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let lowest = exponents.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if exponents.is_empty() {
            return Self { first: 0, last: 1 };
        }
        // A decade below the lowest, so that its bar is one as well.
        let first = lowest.floor() as i32 - 1;
        Self { first, last: (highest.ceil() as i32).max(first + 1) }
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.first..=self.last).map(|exponent| 10_f64.powi(exponent))
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.max(f64::MIN_POSITIVE).log10() - f64::from(self.first))
            / f64::from(self.last - self.first);
        LABELS + share.clamp(0.0, 1.0) * (WIDTH - LABELS - FIGURES)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{summarise, tests::round};

    #[test]
    fn a_scale_has_whole_decades_around_its_values() {
        let scale = Scale::over([0.0, 250.0, 1_090_000.0].into_iter());
        assert_eq!(scale, Scale { first: 1, last: 7 });
        assert_eq!(scale.place(10.0), LABELS);
        assert_eq!(scale.place(10_000_000.0), WIDTH - FIGURES);
        assert_eq!(scale.place(0.0), LABELS);
        assert_eq!(Scale::over([0.0].into_iter()), Scale { first: 0, last: 1 });
        assert_eq!(Scale::over([10.0].into_iter()), Scale { first: 0, last: 1 });
    }

    #[test]
    fn the_page_names_everybody_and_draws_no_flawed_round() {
        let rounds = [round("a <b>", 1, 10.0, 0), round("a <b>", 2, 20.0, 3)];
        let summaries: Vec<Summary> = summarise("a <b>", &rounds).into_iter().collect();
        let page = page("2 cores", &summaries, &rounds);
        assert!(page.contains("a &lt;b&gt;"));
        assert_eq!(page.matches("<circle").count(), 4, "one for each panel");
        assert!(!page.contains("http") || page.matches("http").count() == 1, "nothing is fetched");
    }
}
