//! `tongdai load` as a child process, and what it reports.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

/// What is to be sent, and how fast.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where the ESME binds.
    pub listen: SocketAddr,
    /// Receiving binds that are waited for.
    pub binds: u16,
    /// deliver_sm that each of them may have unacknowledged.
    pub window: u16,
    /// So many messages a second whatever happens, in place of as many as the windows allow.
    pub rate: Option<u32>,
    /// How long, without what comes before and after.
    pub seconds: u32,
    /// Messages before those that count.
    pub warm_up: u64,
    /// Any reply is right.
    pub any_reply: bool,
    /// A file of messages in place of the mix that is compiled in.
    pub mix: Option<PathBuf>,
}

/// Percentiles, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of all took no longer.
    pub p50_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// 999 of 1,000.
    pub p99_9_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// What became of a load; the fields are those of `tongdai load --json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "docs/LOAD.md says what each of them is")]
pub struct Report {
    pub messages: u64,
    pub acknowledged: u64,
    pub answered: u64,
    pub refused: u64,
    pub missing: u64,
    pub double: u64,
    pub wrong: u64,
    pub odd: u64,
    pub links_lost: u64,
    pub warm_up_missing: u64,
    pub elapsed_s: f64,
    pub answered_per_s: f64,
    pub response: Percentiles,
    pub reply: Percentiles,
    pub load_cpu_s: f64,
}

impl Report {
    /// Why there is no figure, where anything was lost, doubled, wrong or out of place.
    pub fn flaw(&self) -> Option<String> {
        let counts = [
            ("unacknowledged", self.messages.saturating_sub(self.acknowledged)),
            ("refused", self.refused),
            ("missing", self.missing.max(self.messages.saturating_sub(self.answered))),
            ("double", self.double),
            ("wrong", self.wrong),
            ("PDUs out of place", self.odd),
            ("links lost", self.links_lost),
            ("missing of the warm-up", self.warm_up_missing),
        ];
        let found =
            counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}"));
        let mut flaws: Vec<String> = found.collect();
        if self.messages == 0 {
            flaws.push("no message was sent".to_owned());
        }
        (!flaws.is_empty()).then(|| flaws.join(", "))
    }
}

/// A load that runs; killed when dropped.
#[derive(Debug)]
pub struct RunningLoad {
    child: Child,
    json: PathBuf,
    stderr: BufReader<ChildStderr>,
    /// What it has said so far.
    log: String,
}

impl Load {
    /// Starts it. It begins to send when the binds are there; its report is left in `folder`.
    pub fn start(&self, tongdai: &Path, folder: &Path) -> anyhow::Result<RunningLoad> {
        let json = folder.join("load.json");
        let mut command = Command::new(tongdai);
        command.args(["load", "--listen", &self.listen.to_string()]);
        command.args(["--binds", &self.binds.to_string(), "--window", &self.window.to_string()]);
        command.args(["--duration", &format!("{}s", self.seconds), "--warm-up", &self.warm_up.to_string()]);
        // A store of millions takes its time to open.
        command.args(["--bind-patience", "300s"]).arg("--json").arg(&json);
        if let Some(rate) = self.rate {
            command.args(["--rate", &rate.to_string()]);
        }
        if let Some(mix) = &self.mix {
            command.arg("--mix").arg(mix);
        }
        if self.any_reply {
            command.arg("--any-reply");
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.context("the load can't be started")?;
        let stderr = child.stderr.take().context("the load's standard error is a pipe")?;
        Ok(RunningLoad { child, json, stderr: BufReader::new(stderr), log: String::new() })
    }
}

impl RunningLoad {
    /// Waits until the warm-up is over and the messages count.
    pub fn wait_warm(&mut self) -> anyhow::Result<()> {
        loop {
            let before = self.log.len();
            self.stderr.read_line(&mut self.log)?;
            let line = self.log.get(before..).unwrap_or_default();
            ensure!(!line.is_empty(), "the load ended before it was warm: {}", self.log);
            if line.starts_with("warmed up") {
                return Ok(());
            }
        }
    }

    /// Waits for its end.
    pub fn finish(mut self) -> anyhow::Result<Report> {
        self.stderr.read_to_string(&mut self.log)?;
        let status = self.child.wait()?;
        let Ok(json) = fs::read(&self.json) else {
            bail!("the load ended with {status}: {}", self.log);
        };
        serde_json::from_slice(&json).context("the load's report can't be read")
    }
}

impl Drop for RunningLoad {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_lost_doubled_or_wrong_is_a_flaw() {
        let good = Report { messages: 5, acknowledged: 5, answered: 5, ..Report::default() };
        assert_eq!(good.flaw(), None);
        let bad: [(Report, &str); 7] = [
            (Report { acknowledged: 4, ..good.clone() }, "1 unacknowledged"),
            (Report { refused: 2, ..good.clone() }, "2 refused"),
            (Report { answered: 3, ..good.clone() }, "2 missing"),
            (Report { double: 1, ..good.clone() }, "1 double"),
            (Report { wrong: 1, ..good.clone() }, "1 wrong"),
            (Report { links_lost: 1, ..good.clone() }, "1 links lost"),
            (Report::default(), "no message was sent"),
        ];
        for (report, expected) in bad {
            assert_eq!(report.flaw().as_deref(), Some(expected));
        }
    }
}
