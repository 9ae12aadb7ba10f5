//! What the daemon holds, over time.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use harness::auditor;
use harness::process::Daemon;

/// Readings of one process.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    last: auditor::Readings,
    /// The first after the caches were warm.
    warm: Option<auditor::Readings>,
    /// Seconds since the start and KiB of memory, from when it was warm.
    resident: Vec<(f64, f64)>,
}

impl Readings {
    /// One look at a process.
    pub(crate) fn of(daemon: &Daemon) -> Result<auditor::Readings> {
        Ok(auditor::Readings {
            descriptors: daemon.descriptors()?,
            tasks: daemon.threads()?,
            resident_kib: daemon.resident()? / 1024,
        })
    }

    pub(crate) fn take(&mut self, daemon: &Daemon, at: Duration, warm: bool) -> Result<()> {
        self.last = Self::of(daemon)?;
        if warm {
            self.warm.get_or_insert(self.last);
            // Far fewer than 2^52.
            self.resident.push((at.as_secs_f64(), self.last.resident_kib as f64));
        }
        Ok(())
    }

    pub(crate) fn last(&self) -> auditor::Readings {
        self.last
    }

    /// When it was warm; the last one where that never came.
    pub(crate) fn warm(&self) -> auditor::Readings {
        self.warm.unwrap_or(self.last)
    }

    /// The most memory that was read, in KiB.
    pub(crate) fn highest(&self) -> u64 {
        let highest = self.resident.iter().map(|(_, kib)| *kib).fold(0.0, f64::max);
        highest as u64
    }
}

/// The least-squares slope of points, per second.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let mean = |axis: fn(&(f64, f64)) -> f64| points.iter().map(axis).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let under: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if under > 0.0 { over / under } else { 0.0 }
}

impl fmt::Display for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let later = self.resident.get(self.resident.len() / 2..).unwrap_or_default();
        let per_hour = |points| slope(points) * 3_600.0 / 1024.0;
        write!(
            f,
            "memory: {} KiB warm, {} KiB at most; slope {:+.1} MiB an hour, {:+.1} in the second half; descriptors {} to {}",
            self.warm().resident_kib,
            self.highest(),
            per_hour(&self.resident),
            per_hour(later),
            self.warm().descriptors,
            self.last.descriptors,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_line_through_the_points() {
        let line: Vec<(f64, f64)> = (0..10).map(|x| (f64::from(x), 5.0 + 2.0 * f64::from(x))).collect();
        assert!((slope(&line) - 2.0).abs() < 1e-9);
        assert!(slope(&[]).abs() < 1e-9);
        assert!(slope(&[(1.0, 3.0)]).abs() < 1e-9);
    }
}
