//! `tongdai load`: plays the SMSC's side and measures the ESME that binds to it.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, anyhow};
use simulator::Pace;
use simulator::tester::{Extent, Mix, Options, Report, Second, Tester};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::LoadArgs;
use crate::exit::Exit;
use crate::output;

/// Messages of a run whose extent is not given.
const MESSAGES: u64 = 100_000;

/// Exit code after a second signal: as if SIGINT had ended it.
const KILLED_BY_SIGINT: i32 = 130;

/// Runs the load. 0, or 1 where a `--fail-if` holds or, without any, the report is not sound.
pub(crate) fn run(arguments: &LoadArgs) -> Result<(), Exit> {
    if !arguments.listen.ip().is_loopback() && !arguments.beyond_loopback {
        return Err(Exit::Usage(anyhow!(
            "{} is not loopback: whoever reaches it may bind; --beyond-loopback allows it",
            arguments.listen
        )));
    }
    let mix = read_mix(arguments.mix.as_deref())?;
    let tester = Tester::listen(options(arguments), mix).map_err(failed)?;
    let address = tester.address().map_err(failed)?;
    tell(arguments.quiet, format_args!("listening on {address}, waiting for {} binds", arguments.binds));
    let stop = stop_on_signals()?;
    let warmed_up = || {
        if arguments.warm_up > 0 {
            tell(arguments.quiet, format_args!("warmed up with {} messages", arguments.warm_up));
        }
    };
    let report = tester.run(&stop, warmed_up, progress(arguments.quiet)).map_err(failed)?;
    print_figures(arguments, &report)?;
    write_files(arguments, &report)?;
    judge(arguments, &report)
}

fn failed(error: impl Into<anyhow::Error>) -> Exit {
    Exit::Failed(error.into())
}

fn options(arguments: &LoadArgs) -> Options {
    Options {
        listen: arguments.listen,
        binds: usize::from(arguments.binds),
        window: usize::from(arguments.window),
        pace: arguments.rate.map_or(Pace::Flat, Pace::PerSecond),
        extent: match arguments.duration {
            Some(duration) => Extent::Time(duration),
            None => Extent::Messages(arguments.messages.unwrap_or(MESSAGES)),
        },
        skip: arguments.skip,
        warm_up: arguments.warm_up,
        any_reply: arguments.any_reply,
        patience: arguments.patience,
        bind_patience: arguments.bind_patience,
    }
}

fn read_mix(file: Option<&Path>) -> Result<Mix, Exit> {
    let Some(file) = file else { return Mix::built_in().map_err(failed) };
    let text = std::fs::read_to_string(file).map_err(|error| Exit::unreadable_file(file, error))?;
    Mix::parse(&text).map_err(|error| Exit::Configuration(anyhow!(error).context(file.display().to_string())))
}

/// A flag that SIGTERM and SIGINT set: the sending ends, and what was measured until then is reported. Who does not
/// want to wait for that sends a second one.
fn stop_on_signals() -> Result<Arc<AtomicBool>, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let guard = runtime.enter();
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    drop(guard);
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    // It ends with the process.
    thread::spawn(move || {
        let mut wait = || {
            runtime.block_on(async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            });
        };
        wait();
        told.store(true, Ordering::Relaxed);
        wait();
        std::process::exit(KILLED_BY_SIGINT);
    });
    Ok(stop)
}

/// A line on standard error, which may have been closed: the figures matter more.
fn tell(quiet: bool, line: std::fmt::Arguments<'_>) {
    if !quiet {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// One line a second; on a terminal always the same one.
fn progress(quiet: bool) -> impl FnMut(&Second) {
    let (start, end) = if std::io::stderr().is_terminal() { ("\r", "\x1b[K") } else { ("", "\n") };
    move |second| {
        if quiet {
            return;
        }
        let _ = write!(
            std::io::stderr(),
            "{start}{:>5} s  {:>8} sent/s  {:>8} answered/s  p99 {:.3} ms{end}",
            second.second + 1,
            second.sent,
            second.answered,
            f64::from(u32::try_from(second.reply_p99_us).unwrap_or(u32::MAX)) / 1_000.0,
        );
    }
}

/// On standard output, before any file: a folder that is not there must not cost the figures of an hour.
fn print_figures(arguments: &LoadArgs, report: &Report) -> Result<(), Exit> {
    if !arguments.quiet && std::io::stderr().is_terminal() {
        tell(false, format_args!(""));
    }
    if arguments.json.as_deref() == Some(Path::new("-")) {
        return output::print_line(json(report)?);
    }
    output::print(report)
}

fn write_files(arguments: &LoadArgs, report: &Report) -> Result<(), Exit> {
    if let Some(file) = arguments.json.as_deref().filter(|file| *file != Path::new("-")) {
        write_file(file, &json(report)?)?;
    }
    match &arguments.html {
        Some(file) => write_file(file, &report.to_html()),
        None => Ok(()),
    }
}

fn json(report: &Report) -> Result<String, Exit> {
    serde_json::to_string_pretty(report).map_err(failed)
}

fn write_file(file: &Path, text: &str) -> Result<(), Exit> {
    std::fs::write(file, text).with_context(|| file.display().to_string()).map_err(Exit::Failed)
}

fn judge(arguments: &LoadArgs, report: &Report) -> Result<(), Exit> {
    let held: Vec<_> = arguments.fail_if.iter().filter(|it| it.holds(report)).collect();
    if !held.is_empty() {
        let held: Vec<String> = held.iter().map(|it| format!("`{it}`")).collect();
        return Err(Exit::Failed(anyhow!("{} holds", held.join(", "))));
    }
    if arguments.fail_if.is_empty() && !report.is_sound() {
        return Err(Exit::Failed(anyhow!(report.flaws().join(", "))));
    }
    Ok(())
}
