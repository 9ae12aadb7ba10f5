//! `tongdai run`: the daemon, until it is asked to stop.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use feeds::{Tokens, TokensError};
use routing::Rules;
use tokio::signal::unix::{SignalKind, signal};
use vault::{KeyFileError, MasterKey};

use crate::cli::{RunArgs, services_files};
use crate::daemon::clock::Clock;
use crate::daemon::{Daemon, Notifier, Settings};
use crate::exit::Exit;
use crate::logging;
use crate::smsc;

/// How often the status line is written anew.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// Runs the daemon. Exit 0 when asked to stop.
pub(crate) fn run(arguments: RunArgs) -> Result<(), Exit> {
    logging::start(&arguments.log);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no threads")?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: RunArgs) -> Result<(), Exit> {
    let settings = Settings {
        binds: smsc::configure_all(&arguments.smscs)?,
        rules: Arc::new(load_rules(arguments.services.as_deref())?),
        data: arguments.data,
        key: read_key(arguments.key_file.as_deref())?,
        http: arguments.http,
        tokens: read_tokens(arguments.http_tokens.as_deref())?,
        clock: Clock::real(),
        clock_confirmed: arguments.clock_confirmed,
    };
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    let mut daemon = tokio::select! {
        started = Daemon::start(settings) => started?,
        // It may wait for space on the disk.
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let notifier = Notifier;
    notifier.ready();
    let mut status = tokio::time::interval(STATUS_EVERY);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            error = daemon.failed() => return Err(Exit::Failed(error)),
            _ = status.tick() => {
                let (bound, configured) = daemon.bound();
                notifier.status(bound, configured);
            }
        }
    }
    notifier.stopping();
    tracing::info!("stopping: unbinding and finishing what is in hand");
    daemon.drain().await?;
    tracing::info!("stopped");
    Ok(())
}

/// The rules of a folder's services files, or those that are compiled in.
pub(crate) fn load_rules(folder: Option<&Path>) -> Result<Rules, Exit> {
    let Some(folder) = folder else { return Ok(Rules::builtin()) };
    let files = read_services(&services_files(folder)?)?;
    Rules::load(&files).map_err(|report| {
        crate::cmd::check::print(&report);
        Exit::BadServices
    })
}

/// Octets of a services file that are read: a hundred thousand rules fit, a disk image given by mistake does not.
const SERVICES_FILE_MAX: u64 = 64 * 1_024 * 1_024;

/// Reads services files as (name, text).
pub(crate) fn read_services(paths: &[PathBuf]) -> Result<Vec<(String, String)>, Exit> {
    paths.iter().map(|path| Ok((path.display().to_string(), read_text(path)?))).collect()
}

fn read_text(path: &Path) -> Result<String, Exit> {
    let unreadable = |error: std::io::Error| Exit::unreadable_file(path, error);
    let mut octets = Vec::new();
    let mut file = std::fs::File::open(path).map_err(unreadable)?.take(SERVICES_FILE_MAX + 1);
    if file.read_to_end(&mut octets).map_err(unreadable)? as u64 > SERVICES_FILE_MAX {
        return Err(Exit::Configuration(anyhow!("{} has over 64 MiB: no services file", path.display())));
    }
    String::from_utf8(octets).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Exit::Configuration(anyhow!("{}:{line}:{column}: not UTF-8; save the file as UTF-8", path.display()))
    })
}

/// The key in `file`, or the systemd credential `key`.
pub(crate) fn read_key(file: Option<&Path>) -> Result<MasterKey, Exit> {
    let key = match (file, std::env::var_os("CREDENTIALS_DIRECTORY")) {
        (Some(file), _) => MasterKey::read(file),
        (None, Some(folder)) => MasterKey::read_credential(&Path::new(&folder).join("key")),
        (None, None) => {
            return Err(Exit::Configuration(anyhow!(
                "no key: give --key-file (make one with `tongdai key new FILE`)"
            )));
        }
    };
    key.map_err(|error| match error {
        // The text of each names its cause.
        KeyFileError::Io { .. } => Exit::Unreadable(anyhow!("{error}")),
        other => Exit::Configuration(anyhow!("{other}")),
    })
}

fn read_tokens(file: Option<&Path>) -> Result<Tokens, Exit> {
    let Some(file) = file else { return Ok(Tokens::default()) };
    Tokens::read(file).map_err(|error| match error {
        TokensError::Unreadable(_) => Exit::unreadable_file(file, error),
        other => Exit::Configuration(anyhow!(other).context(file.display().to_string())),
    })
}
