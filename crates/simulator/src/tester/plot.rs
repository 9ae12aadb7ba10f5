//! Lines over an axis, as SVG.

use std::fmt::Write;

/// Room of a plot, in units of the drawing.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 26.0;
/// Points of a line; of more, the highest of each few is drawn.
const POINTS_MAX: usize = 720;

#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) x: Scale,
    /// Whether the upright axis counts in powers of ten.
    pub(super) log: bool,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// The axis that lies: its end, and what is written at it. It begins at 0.
#[derive(Debug)]
pub(super) struct Scale {
    end: f64,
    ticks: Vec<(f64, String)>,
}

impl Scale {
    /// Seconds from 0.
    #[allow(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
    pub(super) fn seconds(count: usize) -> Self {
        let end = count.saturating_sub(1).max(1) as f64;
        let ticks = steps(end).into_iter().map(|at| (at, format!("{at} s"))).collect();
        Self { end, ticks }
    }

    /// Percentiles with ever more nines.
    pub(super) fn nines() -> Self {
        let ticks = [(0.0, "0"), (0.301, "50"), (1.0, "90"), (2.0, "99"), (3.0, "99.9"), (4.0, "99.99")];
        let more = [(5.0, "99.999"), (6.0, "99.9999")];
        let ticks = ticks.into_iter().chain(more).map(|(at, text)| (at, format!("{text} %"))).collect();
        Self { end: 6.0, ticks }
    }
}

/// The axis that stands.
struct Upright {
    low: f64,
    high: f64,
    log: bool,
    ticks: Vec<f64>,
}

impl Upright {
    fn new(lines: &[Line], log: bool) -> Self {
        let values = || lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
        let most = values().fold(0.0, f64::max);
        if !log {
            let ticks = steps(most.max(1.0));
            return Self { low: 0.0, high: most.max(1.0), log, ticks };
        }
        let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let (low, high) = match least.is_finite() {
            true => (least.log10().floor(), most.log10().ceil()),
            false => (-1.0, 0.0),
        };
        let high = if high > low { high } else { low + 1.0 };
        let mut ticks = Vec::new();
        let mut at = low;
        while at <= high {
            ticks.push(10_f64.powf(at));
            at += 1.0;
        }
        Self { low, high, log, ticks }
    }

    fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.max(1e-9).log10() } else { value };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

impl Plot {
    pub(super) fn write(&self, page: &mut String) {
        let upright = Upright::new(&self.lines, self.log);
        // A String takes all that is written.
        let _ = writeln!(page, "<h2>{}</h2>", self.title);
        let _ = writeln!(
            page,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            self.title
        );
        for tick in &upright.ticks {
            let (y, text) = (upright.place(*tick), short(*tick));
            let right = WIDTH - RIGHT;
            let _ = writeln!(page, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>");
            let _ = writeln!(
                page,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        for (at, text) in &self.x.ticks {
            let x = self.across(*at);
            let _ = writeln!(
                page,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
                HEIGHT - 8.0
            );
        }
        for (number, line) in self.lines.iter().enumerate() {
            self.write_line(number, line, &upright, page);
        }
        page.push_str("</svg>\n");
    }

    fn write_line(&self, number: usize, line: &Line, upright: &Upright, page: &mut String) {
        let mut points: Vec<_> = thin(&line.points);
        // One point alone would not be seen.
        if let [(_, value)] = points[..] {
            points = vec![(0.0, value), (self.x.end, value)];
        }
        let _ = write!(page, "<polyline class=\"line{number}\" points=\"");
        for (x, value) in points {
            let _ = write!(page, "{:.1},{:.1} ", self.across(x), upright.place(value));
        }
        page.push_str("\"/>\n");
        #[allow(clippy::cast_precision_loss, reason = "a handful of lines")]
        let x = LEFT + 130.0 * number as f64;
        let _ = writeln!(page, "<path class=\"line{number}\" stroke-width=\"3\" d=\"M{x:.1} 12h16\"/>");
        let _ = writeln!(page, "<text x=\"{:.1}\" y=\"16\">{}</text>", x + 22.0, line.name);
    }

    fn across(&self, x: f64) -> f64 {
        LEFT + (x / self.x.end).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }
}

/// Of too many points the highest of each few.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let few = points.len().div_ceil(POINTS_MAX).max(1);
    points.chunks(few).filter_map(|chunk| chunk.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))).collect()
}

/// Round numbers from 0 to `end`, five or so.
fn steps(end: f64) -> Vec<f64> {
    let decade = 10_f64.powf((end / 5.0).log10().floor()).max(1.0);
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|it| it * decade).find(|step| end / step <= 5.5);
    let step = step.unwrap_or(end);
    let mut ticks = Vec::new();
    let mut at = 0.0;
    while at <= end {
        ticks.push(at);
        at += step;
    }
    ticks
}

fn short(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{}M", value / 1e6),
        _ if value >= 1e4 => format!("{}k", value / 1e3),
        // Powers of ten below 1 are not exact.
        _ if value < 1.0 && value > 0.0 => format!("{value:.3}").trim_end_matches('0').to_owned(),
        _ => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(steps(1.0), [0.0, 1.0]);
        assert_eq!(steps(29.0), [0.0, 10.0, 20.0]);
        assert_eq!(steps(480_000.0), [0.0, 100_000.0, 200_000.0, 300_000.0, 400_000.0]);
        assert_eq!([0.01, 1.0, 200_000.0, 1_500_000.0].map(short), ["0.01", "1", "200k", "1.5M"]);
    }

    #[test]
    fn any_lines_can_be_drawn() {
        let long: Vec<_> = (0..100_000).map(|at| (f64::from(at), f64::from(at % 7))).collect();
        for points in [vec![], vec![(0.0, 0.0)], vec![(0.0, 3.0), (1.0, 0.0)], long] {
            for log in [false, true] {
                let x = Scale::seconds(points.len());
                let lines = vec![Line { name: "a", points: points.clone() }];
                let mut page = String::new();
                Plot { title: "t", x, log, lines }.write(&mut page);
                assert!(page.ends_with("</svg>\n"));
                assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
                assert!(page.len() < 30_000);
            }
        }
    }
}
