//! The course of a run: life with faults, a quiet time in which all that was left undone is done, and the audit.

use std::time::Duration;

use super::process::Death;
use super::world::{Step, World, note};
use crate::auditor::Invariant;

/// In the quiet time everything that was due must happen: retries of up to ten minutes, half messages that are given
/// up, half-open links that nobody noticed.
const QUIET: Duration = Duration::from_secs(16 * 60);
/// The SMSC must have got rid of all its messages by then.
const REDELIVERED: Duration = Duration::from_secs(10 * 60);
/// After the last start.
const AFTERWARDS: Duration = Duration::from_secs(3 * 60);

impl World {
    /// The whole run.
    pub(super) fn live(&mut self) {
        for number in ["8383", "8188", "1414", "420739547765"] {
            self.proof.evidence.own_numbers.insert(number.to_owned());
        }
        self.start();
        self.plan_people();
        self.plan_stray_receipts();
        self.plan_faults();
        self.run_until(self.now + self.plan.busy);
        self.mend_all();
        if !self.process.starting && self.process.engine.is_none() {
            self.after(Duration::ZERO, Step::Start);
        }
        self.come_to_rest();
        self.audit("at the end");
        if !self.findings.is_empty() {
            return;
        }
        // Once more: what is in memory only would show now.
        self.process.armed = true;
        self.die(Death::PowerCut);
        self.process.armed = false;
        self.run_until(self.now + AFTERWARDS);
        self.audit("after one more start");
    }

    fn come_to_rest(&mut self) {
        let until = self.now + REDELIVERED;
        while self.findings.is_empty() && !self.is_delivered() {
            if self.now >= until {
                let undone = self.undelivered();
                self.find(
                    Invariant::I3,
                    format!("ten minutes after all was mended {undone} was not acknowledged"),
                );
                return;
            }
            self.run_until(self.now + Duration::from_secs(5));
        }
        let since = self.wall();
        note!(self, "all is acknowledged");
        self.run_until(self.now + QUIET);
        self.proof.evidence.quiet = Some((since, self.wall()));
    }

    fn is_delivered(&self) -> bool {
        self.smscs.iter().all(super::smsc::Smsc::is_done)
            && self.people.is_done()
            && self.binds.iter().all(super::bind::Bind::is_up)
    }

    /// What keeps a run from coming to rest.
    fn undelivered(&self) -> &'static str {
        if !self.binds.iter().all(super::bind::Bind::is_up) {
            "a bind"
        } else if !self.people.is_done() {
            "a command"
        } else {
            "a message"
        }
    }
}
