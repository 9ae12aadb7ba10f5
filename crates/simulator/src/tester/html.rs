//! The report as one page that needs nothing else: figures, and plots as SVG.

use std::fmt::Write;

use super::{
    books::UNDER_WAY_MAX,
    plot::{Line, Plot, Scale},
    report::Report,
};

const STYLE: &str = include_str!("report.css");

impl Report {
    /// A page for people. It has no script, names no other file, and holds no number and no text of anybody.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = String::with_capacity(32 * 1024);
        page.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.push_str("<title>tongdai load</title>\n<style>\n");
        page.push_str(STYLE);
        page.push_str("</style>\n</head>\n<body>\n<h1>tongdai load</h1>\n");
        self.write_summary(&mut page);
        self.write_tables(&mut page);
        if self.capped {
            let _ = writeln!(page, "<p>Slowed down: {UNDER_WAY_MAX} messages were under way.</p>");
        }
        for plot in [self.rate_plot(), self.time_plot(), self.curve_plot()] {
            plot.write(&mut page);
        }
        page.push_str("</body>\n</html>\n");
        page
    }

    fn write_summary(&self, page: &mut String) {
        let pace = match self.rate_wanted {
            Some(rate) => format!("open loop at {rate} messages/s, timed from when each was due"),
            None => "closed loop".to_owned(),
        };
        let verdict = match self.flaws().as_slice() {
            [] => "<strong class=\"good\">Nothing missing, double or wrong.</strong>".to_owned(),
            flaws => format!("<strong class=\"bad\">{}.</strong>", flaws.join(", ")),
        };
        // A String takes all that is written.
        let _ = writeln!(
            page,
            "<p>{verdict} {:.0} answered/s over {:.2} s; {pace}, {} binds, window {}.</p>",
            self.answered_per_s, self.elapsed_s, self.binds, self.window
        );
    }

    fn write_tables(&self, page: &mut String) {
        page.push_str("<div class=\"tables\">\n<table>\n");
        let statuses = self.refused_by_status.iter().map(|(status, count)| (escape(status), *count));
        let counts = [
            ("messages", self.messages),
            ("acknowledged", self.acknowledged),
            ("answered", self.answered),
            ("missing", self.missing),
            ("double", self.double),
            ("wrong", self.wrong),
            ("PDUs out of place", self.odd),
            ("links lost", self.links_lost),
            ("due and not sent", self.unsent),
            ("warm-up", self.warm_up),
            ("missing of the warm-up", self.warm_up_missing),
            ("refused, yet replied to", self.refused_answered),
            ("refused", self.refused),
        ];
        for (name, count) in counts.map(|(name, count)| (name.to_owned(), count)).into_iter().chain(statuses)
        {
            let _ = writeln!(page, "<tr><th>{name}</th><td>{count}</td></tr>");
        }
        let _ = writeln!(page, "<tr><th>CPU of the load</th><td>{:.2} s</td></tr>", self.load_cpu_s);
        page.push_str("</table>\n<table>\n<tr><th>ms</th><th>deliver_sm_resp</th><th>reply</th></tr>\n");
        let (response, reply) = (&self.response, &self.reply);
        for (name, response, reply) in [
            ("p50", response.p50_us, reply.p50_us),
            ("p90", response.p90_us, reply.p90_us),
            ("p99", response.p99_us, reply.p99_us),
            ("p99.9", response.p99_9_us, reply.p99_9_us),
            ("longest", response.max_us, reply.max_us),
        ] {
            let [response, reply] = [response, reply].map(ms);
            let _ = writeln!(page, "<tr><th>{name}</th><td>{response:.3}</td><td>{reply:.3}</td></tr>");
        }
        page.push_str("</table>\n</div>\n");
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn rate_plot(&self) -> Plot {
        let line = |name, pick: fn(&super::Second) -> u64| Line {
            name,
            points: self.by_second(|second| pick(second) as f64),
        };
        Plot {
            title: "Messages a second",
            x: Scale::seconds(self.whole_seconds().len()),
            log: false,
            lines: vec![line("answered", |it| it.answered), line("sent", |it| it.sent)],
        }
    }

    fn time_plot(&self) -> Plot {
        let line = |name, pick: fn(&super::Second) -> u64| Line {
            name,
            points: self.by_second(|second| ms(pick(second))),
        };
        Plot {
            title: "Time by second, ms",
            x: Scale::seconds(self.whole_seconds().len()),
            log: true,
            lines: vec![
                line("reply p99", |it| it.reply_p99_us),
                line("reply p50", |it| it.reply_p50_us),
                line("response p99", |it| it.response_p99_us),
                line("response p50", |it| it.response_p50_us),
            ],
        }
    }

    fn curve_plot(&self) -> Plot {
        let line = |name, curve: &[(f64, u64)]| {
            let nines = curve.iter().map(|(quantile, us)| (-(1.0 - quantile).log10(), ms(*us)));
            Line { name, points: nines.collect() }
        };
        Plot {
            title: "Time by percentile, ms",
            x: Scale::nines(),
            log: true,
            lines: vec![line("reply", &self.reply_curve), line("response", &self.response_curve)],
        }
    }

    /// The seconds that were whole: the last one is not, unless there is no other.
    fn whole_seconds(&self) -> &[super::Second] {
        match self.series.as_slice() {
            [whole @ .., _] if !whole.is_empty() => whole,
            all => all,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
    fn by_second(&self, pick: impl Fn(&super::Second) -> f64) -> Vec<(f64, f64)> {
        self.whole_seconds().iter().map(|second| (second.second as f64, pick(second))).collect()
    }
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of hours are far below 2^53")]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_none() {
        assert_eq!(escape("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
