//! The command line. Flags are the configuration; each has a `TONGDAI_*` twin; secrets come by file only.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use simulator::Faults;
use simulator::tester::FailIf;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::exit::Exit;
use crate::smsc::SmscSpec;

/// Answers citizens' SMS over SMPP, from its own durable store.
#[derive(Debug, Parser)]
#[command(name = "tongdai", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bind to the operators' SMSCs and serve until asked to stop.
    Run(RunArgs),
    /// Play an SMSC with virtual handsets, to try the daemon.
    Sim(SimArgs),
    /// Measure an ESME: play the SMSC it binds to, as fast as it answers or at a steady rate.
    Load(LoadArgs),
    /// Show everything on this machine alone: simulator, daemon, the four services, their conversations.
    Demo(DemoArgs),
    /// Look for mistakes in services files and run their own tests.
    Check(CheckArgs),
    /// Say what a text means, which rule matched and why the others did not.
    Explain(ExplainArgs),
    /// Make the key that seals the store.
    Key(KeyArgs),
    /// Look at a store without serving from it.
    Store(StoreArgs),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A bind to an SMSC, as name=…,host=…,port=…,bind=trx|tx|rx,system-id=…,password-file=…
    /// [,window=…,rate=…,group=…,country=vn|cz,profile=…,timers=…]; repeat it for more (in the variable: `;` between).
    #[arg(long = "smsc", env = "TONGDAI_SMSC", value_delimiter = ';', value_name = "SPEC", required = true)]
    pub(crate) smscs: Vec<SmscSpec>,
    /// The folder whose *.toml files describe the services [default: the four that are compiled in].
    #[arg(long, env = "TONGDAI_SERVICES", value_name = "DIR")]
    pub(crate) services: Option<PathBuf>,
    /// The folder of the store; made if absent.
    #[arg(long, env = "TONGDAI_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The file with the key that seals the store [default: the systemd credential `key`].
    #[arg(long, env = "TONGDAI_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Where the JSON API listens.
    #[arg(long, env = "TONGDAI_HTTP", value_name = "ADDR", default_value = "127.0.0.1:8480")]
    pub(crate) http: SocketAddr,
    /// The file with the API's tokens, `name sha256-of-token` a line [default: none; only health and metrics].
    #[arg(long, env = "TONGDAI_HTTP_TOKENS", value_name = "FILE")]
    pub(crate) http_tokens: Option<PathBuf>,
    /// Somebody looked at the clock and found it right: timers that were held because it had jumped, or because the
    /// last turn is over 30 days old or lies in the future, run again.
    #[arg(long, env = "TONGDAI_CLOCK_CONFIRMED")]
    pub(crate) clock_confirmed: bool,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// How to log.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// Form of the log lines on standard error.
    #[arg(long, env = "TONGDAI_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    pub(crate) log_format: LogFormat,
    /// Which lines, as `info` or `info,smpp_client=debug`.
    #[arg(long, env = "TONGDAI_LOG_LEVEL", value_name = "FILTER", default_value = "info", value_parser = log_filter)]
    pub(crate) log_level: String,
}

/// The filter's text, where it is one.
fn log_filter(text: &str) -> Result<String, ParseError> {
    EnvFilter::try_new(text).map(|_| text.to_owned())
}

/// Forms of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Arguments of `sim`.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// Where ESMEs bind.
    #[arg(long, env = "TONGDAI_SIM_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:2775")]
    pub(crate) listen: SocketAddr,
    /// Where scripts and people send texts and switch faults.
    #[arg(long, env = "TONGDAI_SIM_HTTP", value_name = "ADDR", default_value = "127.0.0.1:8025")]
    pub(crate) http: SocketAddr,
    /// Faults from the start, as the object that `PUT /faults` takes.
    #[arg(long, env = "TONGDAI_SIM_FAULTS", value_name = "JSON", value_parser = faults)]
    pub(crate) faults: Option<Faults>,
    /// Seed of everything random, so that a run can be repeated.
    #[arg(long, env = "TONGDAI_SIM_SEED", value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

fn faults(json: &str) -> serde_json::Result<Faults> {
    serde_json::from_str(json)
}

/// Arguments of `load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// Where the ESME under test binds.
    #[arg(long, env = "TONGDAI_LOAD_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:2775")]
    pub(crate) listen: SocketAddr,
    /// Allow an address that others reach: anybody may bind.
    #[arg(long)]
    pub(crate) beyond_loopback: bool,
    /// Receiving binds that are waited for before the first message.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) binds: u16,
    /// How long they may take.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) bind_patience: Duration,
    /// deliver_sm in flight on each bind.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) window: u16,
    /// Messages a second in all, whatever happens, each timed from when it was due [default: as fast as the windows allow].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// How many messages [default: 100,000].
    #[arg(long, value_name = "N", conflicts_with = "duration")]
    pub(crate) messages: Option<u64>,
    /// How long to send, as 30s or 5m.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Messages before those, which are answered but not counted.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) warm_up: u64,
    /// Begin so many messages into the mix: what another run has sent, an ESME may take for redelivered.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) skip: u64,
    /// What is sent and which replies are right, as docs/LOAD.md describes it [default: for the four built-in services].
    #[arg(long, value_name = "FILE")]
    pub(crate) mix: Option<PathBuf>,
    /// Any text is a right reply.
    #[arg(long)]
    pub(crate) any_reply: bool,
    /// How long nothing may come before what is missing is given up.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) patience: Duration,
    /// Write the figures as JSON; `-` for standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write a page with tables and plots.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Exit with 1 if this holds, as 'p99 > 100ms'; repeat it for more [default: missing, double or wrong messages].
    #[arg(long, value_name = "EXPR")]
    pub(crate) fail_if: Vec<FailIf>,
    /// No progress on standard error.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// A time over 0, as 30s, 500ms or 1m 30s.
fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
    read.filter(|it| !it.is_zero()).ok_or_else(|| "a time as 30s, 500ms or 5m is expected".to_owned())
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Play the conversations and leave: 0 if every reply was what its script expects.
    #[arg(long)]
    pub(crate) once: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Services files, or folders of them (not recursive).
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The number that is written to.
    #[arg(long, value_name = "NUMBER", required_unless_present = "batch")]
    pub(crate) to: Option<String>,
    /// The number that writes.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) from: Option<String>,
    /// The moment, for relative dates, as 2026-08-03T09:00:00+02:00 [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// The folder whose *.toml files describe the services [default: the four that are compiled in].
    #[arg(long, env = "TONGDAI_SERVICES", value_name = "DIR")]
    pub(crate) services: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Read JSON Lines with `to`, `text` and `now` on standard input; print an object for each.
    #[arg(long, conflicts_with_all = ["to", "from", "at", "text", "json"])]
    pub(crate) batch: bool,
    /// The text.
    #[arg(required_unless_present = "batch")]
    pub(crate) text: Option<String>,
}

/// Arguments of `key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Write a new key, readable by its owner only; an existing file is never touched.
    New {
        /// Where.
        file: PathBuf,
    },
}

/// Arguments of `store`.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// What to do with a store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Read every record and check sums, seals and order; changes nothing.
    Verify {
        /// The folder of the store.
        #[arg(long, env = "TONGDAI_DATA", value_name = "DIR")]
        data: PathBuf,
        /// The file with the key [default: the systemd credential `key`].
        #[arg(long, env = "TONGDAI_KEY_FILE", value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Reads an argument file: one argument a line; empty lines and lines that begin with `#` are skipped, and
/// `--flag value` may stand on one line.
pub(crate) fn read_argument_file(content: &str, _prefix: char) -> Vec<argfile::Argument> {
    let lines = content.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .flat_map(|line| match line.split_once(char::is_whitespace) {
            Some((flag, value)) if flag.starts_with("--") => vec![flag, value.trim_start()],
            _ => vec![line],
        })
        .map(|argument| argfile::Argument::PassThrough(OsString::from(argument)))
        .collect()
}

/// The `*.toml` files directly in `folder`, by name; a folder without any is one that was not meant.
pub(crate) fn services_files(folder: &Path) -> Result<Vec<PathBuf>, Exit> {
    let unreadable = |error: std::io::Error| Exit::unreadable_file(folder, error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Exit::Configuration(anyhow!("{} holds no *.toml file", folder.display())));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn argument_files_hold_flags_comments_and_values_with_blanks() {
        let arguments =
            read_argument_file("# telcos\n--data /var/lib/tongdai\n\n--http=127.0.0.1:1\nrun\n", '@');
        let texts: Vec<String> = arguments
            .into_iter()
            .map(|argument| match argument {
                argfile::Argument::PassThrough(text) => text.to_string_lossy().into_owned(),
                argfile::Argument::Path(path) => panic!("{} is read as another file", path.display()),
            })
            .collect();
        assert_eq!(texts, ["--data", "/var/lib/tongdai", "--http=127.0.0.1:1", "run"]);
    }
}
