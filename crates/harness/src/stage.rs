//! Plays one script from its first line to its last.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use jiff::tz::TimeZone;
use routing::Rules;

use crate::pattern::Values;
use crate::script::{self, Line, Step};
use crate::text_fields::{LocalClock, span};
use crate::world::World;

/// Where and why a play went wrong.
#[derive(Debug)]
pub struct Failure {
    /// Line of the script, from 1; 0 for its end.
    pub line: usize,
    /// What was expected and what came.
    pub reason: anyhow::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {:#}", self.line, self.reason)
    }
}

/// A play under way.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) clock: LocalClock,
    pub(crate) values: Values,
}

/// Plays a script over an empty store. At the end no handset may hold a text that no line expected.
pub fn play(script: &str, rules: Arc<Rules>) -> Result<(), Failure> {
    let at = |line: usize| move |reason: anyhow::Error| Failure { line, reason };
    let lines = script::read(script).map_err(at(0))?;
    let mut lines = lines.iter();
    let mut stage = loop {
        let line = lines.next().context("a script has a `now` line").map_err(at(0))?;
        let Step::Words(words) = &line.step else {
            return Err(at(line.number)(anyhow::anyhow!("`now` comes before everything else")));
        };
        match words.first().map(String::as_str) {
            Some("title") => {}
            Some("now") => break open(words, Arc::clone(&rules)).map_err(at(line.number))?,
            _ => return Err(at(line.number)(anyhow::anyhow!("`now` comes before everything else"))),
        }
    };
    for line in lines {
        stage.step(line).map_err(at(line.number))?;
    }
    stage.end().map_err(at(0))
}

fn open(words: &[String], rules: Arc<Rules>) -> Result<Stage> {
    let [_, date, time, zone] = words else { bail!("now DATE TIME ZONE") };
    let zone = TimeZone::get(zone)?;
    let mut clock = LocalClock { zone, today: date.parse()? };
    let wall = clock.moment(&format!("{date} {time}"))?;
    clock.today = wall.to_zoned(clock.zone.clone()).date();
    Ok(Stage { world: World::start(rules, wall)?, clock, values: Values::new() })
}

impl Stage {
    fn step(&mut self, line: &Line) -> Result<()> {
        match &line.step {
            Step::Sms(sms) if self.is_expected(sms) => self.expect(sms),
            Step::Sms(sms) => self.send(sms),
            Step::Words(words) => {
                let words: Vec<String> =
                    words.iter().map(|word| crate::pattern::fill(word, &self.values)).collect();
                self.words(&words)
            }
        }
    }

    /// Lets the clock run.
    pub(crate) fn run_until(&mut self, text: &str) -> Result<()> {
        let moment = self.clock.moment(text)?;
        if moment < self.world.wall() {
            bail!("the clock does not run backwards");
        }
        self.world.advance_to(moment)?;
        self.clock.today = moment.to_zoned(self.clock.zone.clone()).date();
        Ok(())
    }

    /// Lets the clock run for a span.
    pub(crate) fn run_for(&mut self, text: &str) -> Result<()> {
        let moment = self.world.wall().checked_add(span(text)?)?;
        self.world.advance_to(moment)?;
        self.clock.today = moment.to_zoned(self.clock.zone.clone()).date();
        Ok(())
    }

    /// Sets the wall clock ahead of the time that went by.
    pub(crate) fn jump(&mut self, text: &str) -> Result<()> {
        self.world.jump(span(text)?)?;
        self.clock.today = self.world.wall().to_zoned(self.clock.zone.clone()).date();
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.world.settle()?;
        let unread: Vec<String> = self
            .world
            .handsets
            .unread()
            .map(|(to, received)| format!("{} -> {to}: {}", received.from, received.text))
            .collect();
        if unread.is_empty() { Ok(()) } else { bail!("nobody expected: {}", unread.join(" | ")) }
    }
}
