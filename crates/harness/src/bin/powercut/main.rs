//! Cuts the power under the real daemon and real ext4, again and again, and holds SMSC, handsets and store to account.
//!
//! The store lies on an ext4 image. At a random moment of load, start or recovery the process is stopped and the image
//! copied as it stands: what is in it is what had reached the device, and all that the SMSC has seen was written before.
//! The process is killed, the copy mounted (its journal is replayed, as after a power cut), verified, and the next
//! daemon goes on with it. What the SMSC saw acknowledged must be in the journal of the copy; in the end each message
//! has one effect and its answer. A control shows that the method bites: a disk that says "synced" and does nothing.
//!
//! What is not in it: the device's own volatile cache. In its place every other copy gets a torn tail: see `torn`.
#![allow(clippy::print_stdout, reason = "a drill for people answers on standard output")]

mod campaign;
mod control;
mod torn;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use harness::faulty::{LoopDisk, Shim};
use harness::process::beside;

use crate::campaign::Campaign;

/// Cut the power under the daemon, again and again.
#[derive(Parser)]
struct Arguments {
    /// Cuts.
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// Rounds of the control, in which no sync reaches the disk.
    #[arg(long, value_name = "N", default_value_t = 3)]
    control: u32,
    /// Seed of the moments and of the torn tails.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The daemon, built with the feature `failpoints` [default: `tongdai` beside this program].
    #[arg(long, value_name = "FILE")]
    tongdai: Option<PathBuf>,
    /// Where the images are made [default: the system's folder for temporary files].
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(reason) = LoopDisk::missing() {
        println!("SKIPPED: {reason}");
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stage = Stage {
        program: arguments.tongdai.map_or_else(beside, Ok)?,
        folder: arguments.folder.unwrap_or_else(std::env::temp_dir),
        runtime: runtime.handle().clone(),
    };
    let shim = Shim::build()?;
    let lost = control::run(&stage, &shim, arguments.control)?;
    println!("{lost}");
    let mut campaign = Campaign::begin(&stage, arguments.seed)?;
    for round in 1..=arguments.rounds {
        campaign.round(round)?;
    }
    let summary = campaign.finish()?;
    println!("{summary}");
    Ok(if summary.is_good() && lost.bites() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What all rounds share.
struct Stage {
    program: PathBuf,
    folder: PathBuf,
    runtime: tokio::runtime::Handle,
}
