//! What a process has used, as Linux counts it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::Context;

/// Length of a tick of `/proc/PID/stat`: 100 a second on every Linux (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time since the start of a process.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// Of all threads, in user mode and in the kernel.
    pub total: Duration,
    /// By name of the thread, threads of one name together.
    pub threads: BTreeMap<String, Duration>,
}

impl Usage {
    /// What the running process `pid` has used so far.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let (_, total) = read(&format!("/proc/{pid}/stat"))?;
        let mut threads: BTreeMap<String, Duration> = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let path = thread?.path().join("stat");
            // A thread may end between the two.
            if let Ok((name, time)) = read(&path.to_string_lossy()) {
                *threads.entry(name).or_default() += time;
            }
        }
        Ok(Self { total, threads })
    }

    /// What was used since `before` was read.
    pub fn since(&self, before: &Self) -> Self {
        let threads = self.threads.iter().map(|(name, time)| {
            let earlier = before.threads.get(name).copied().unwrap_or_default();
            (name.clone(), time.saturating_sub(earlier))
        });
        Self { total: self.total.saturating_sub(before.total), threads: threads.collect() }
    }
}

/// The name and the processor time in a `stat` file of proc(5): utime and stime are fields 14 and 15, and the
/// name, which may hold blanks, stands in parentheses.
fn read(path: &str) -> anyhow::Result<(String, Duration)> {
    let stat = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let (head, tail) = stat.rsplit_once(')').context("no stat file")?;
    let name = head.split_once('(').map(|(_, name)| name.to_owned()).unwrap_or_default();
    let ticks = tail.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
    Ok((name, TICK * ticks.sum::<u32>()))
}

/// Resident memory.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Now, in KiB.
    pub resident_kib: u64,
    /// At most since the start, in KiB.
    pub peak_kib: u64,
}

impl Memory {
    /// What the running process `pid` holds.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            number.with_context(|| format!("no {name} in the status"))
        };
        Ok(Self { resident_kib: field("VmRSS:")?, peak_kib: field("VmHWM:")? })
    }
}
