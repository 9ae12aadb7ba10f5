//! What goes wrong: one mishap after another, each for a while, then nothing for as long.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use harness::drill::Dice;
use harness::process::Daemon;
use rustix::process::Signal;
use simulator::{Faults, Simulator};

/// How often a mishap begins or ends.
pub(crate) const EVERY: Duration = Duration::from_secs(4);

/// A name, and what it does to the SMSC.
type Mishap = (&'static str, fn(&mut Faults));

/// Every mishap that is a setting of the SMSC.
const FAULTS: [Mishap; 18] = [
    ("throttles a third", |faults| faults.throttle_percent = 33),
    ("throttles everything", |faults| faults.throttle_percent = 100),
    ("refuses one in twenty for now", |faults| {
        faults.refuse_percent = 5;
        faults.refuse_status = 0x08;
    }),
    ("answers nothing to one submit in fifty", |faults| faults.drop_response_percent = 2),
    ("answers half a second late", |faults| faults.delay_response_ms = 500),
    ("answers one submit in five twice", |faults| faults.duplicate_response_percent = 20),
    ("answers what nobody asked", |faults| faults.stray_response_percent = 20),
    ("tells receipts before responses", |faults| faults.receipt_before_response = true),
    ("tells receipts twice", |faults| faults.receipt_twice = true),
    ("tells receipts on the sister bind", |faults| faults.receipt_on_sister_bind = true),
    ("contradicts its receipts", |faults| faults.receipt_enroute_after_final = true),
    ("tells receipts as data_sm", |faults| faults.receipt_as_data_sm = true),
    ("delivers as data_sm", |faults| faults.deliver_as_data_sm = true),
    ("scatters parts over its binds", |faults| faults.scatter_parts = true),
    ("closes links at each fortieth submit", |faults| faults.disconnect_after_submits = 40),
    ("loses a link behind a delivery", |faults| faults.cut_after_deliver_once = true),
    ("loses a link inside a delivery", |faults| faults.cut_inside_deliver_once = 30),
    ("refuses to bind for now, and its links break", |faults| faults.refuse_bind_status = 0x08),
];

/// Mishaps that are no setting: a link breaks, the process is stopped for a while, the SMSC stops reading.
const OTHERS: [&str; 3] = ["its links break", STOPPED, "reads nothing"];
const STOPPED: &str = "the daemon is stopped";

/// The present mishap, and how often each came.
#[derive(Debug)]
pub(crate) struct Mishaps {
    dice: Dice,
    now: Option<&'static str>,
    counts: BTreeMap<&'static str, u32>,
}

impl Mishaps {
    pub(crate) fn new(dice: Dice) -> Self {
        Self { dice, now: None, counts: BTreeMap::new() }
    }

    /// What goes wrong now.
    pub(crate) fn now(&self) -> &'static str {
        self.now.unwrap_or("all is well")
    }

    /// Whether the daemon is stopped now.
    pub(crate) fn is_stopped(&self) -> bool {
        self.now == Some(STOPPED)
    }

    /// Ends the present mishap, or begins another.
    pub(crate) fn next(&mut self, simulator: &Simulator, daemon: &Daemon) -> Result<()> {
        if self.now.is_some() {
            return self.end(simulator, daemon);
        }
        let all = FAULTS.len() + OTHERS.len();
        let place = usize::try_from(self.dice.below(all as u64))?;
        let name = match FAULTS.get(place) {
            Some((name, fault)) => {
                let mut faults = Faults::default();
                fault(&mut faults);
                let breaks = faults.refuse_bind_status != 0;
                simulator.set_faults(faults);
                if breaks {
                    break_links(simulator);
                }
                name
            }
            None => {
                let name = OTHERS[place - FAULTS.len()];
                match name {
                    "its links break" => break_links(simulator),
                    STOPPED => daemon.signal(Signal::STOP)?,
                    _ => simulator.set_faults(Faults { stop_reading: true, ..Faults::default() }),
                }
                name
            }
        };
        *self.counts.entry(name).or_default() += 1;
        self.now = Some(name);
        Ok(())
    }

    /// All is well again.
    pub(crate) fn end(&mut self, simulator: &Simulator, daemon: &Daemon) -> Result<()> {
        daemon.signal(Signal::CONT)?;
        simulator.set_faults(Faults::default());
        self.now = None;
        Ok(())
    }
}

fn break_links(simulator: &Simulator) {
    for bind in simulator.binds() {
        simulator.drop_bind(bind.id);
    }
}

impl fmt::Display for Mishaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} mishaps:", self.counts.values().sum::<u32>())?;
        for (name, count) in &self.counts {
            writeln!(f, "{count:>6}  {name}")?;
        }
        Ok(())
    }
}
