//! What a process has used, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::Context;

/// Length of a tick of `/proc/PID/stat`: 100 a second on every Linux (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time that the running process `pid` has used so far, all its threads in user mode and in the kernel: utime
/// and stime are fields 14 and 15 of the `stat` file of proc(5), behind a name in parentheses that may hold blanks.
pub fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).context(path)?;
    let (_, tail) = stat.rsplit_once(')').context("no stat file")?;
    let ticks = tail.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
    Ok(TICK * ticks.sum::<u32>())
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
