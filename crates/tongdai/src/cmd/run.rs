//! `tongdai run`: the daemon, until it is asked to stop.

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
    logging::start(&arguments.log)?;
    let runtime = tokio::runtime::Runtime::new().context("no threads")?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: RunArgs) -> Result<(), Exit> {
    let settings = Settings {
        binds: arguments.smscs.iter().map(smsc::configure).collect::<Result<_, _>>()?,
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
    let mut daemon = Daemon::start(settings).await?;
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
    let files =
        read_services(&services_files(folder).map_err(|error| Exit::unreadable_file(folder, error))?)?;
    if files.is_empty() {
        return Err(Exit::Configuration(anyhow!("{} holds no *.toml file", folder.display())));
    }
    Rules::load(&files).map_err(|report| {
        crate::cmd::check::print(&report);
        Exit::BadServices
    })
}

/// Reads services files as (name, text).
pub(crate) fn read_services(paths: &[PathBuf]) -> Result<Vec<(String, String)>, Exit> {
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).map_err(|error| Exit::unreadable_file(path, error))?;
            Ok((path.display().to_string(), text))
        })
        .collect()
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
