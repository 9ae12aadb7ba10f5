//! The daemon put together: store, links, engine's and writer's threads, password thread and API, from start to drain.

mod bridge;
pub(crate) mod clock;
mod engine_thread;
mod listening;
mod notify;
mod passwords;
mod writer_thread;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use engine::{Engine, LinkConfig};
use feeds::{App, CommandSender, OneAtATime, Passwords, Readiness, Tokens};
use jiff::SignedDuration;
use routing::Rules;
use smpp_client::{BindConfig, Links};
use store::{OpenError, Options, Reader, Recovery, Store};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use vault::MasterKey;

use crate::daemon::clock::{Clock, DRAIN};
use crate::daemon::engine_thread::{EngineThread, Intake};
use crate::daemon::listening::Standing;
use crate::daemon::writer_thread::Outlets;
use crate::exit::Exit;

pub(crate) use crate::daemon::notify::Notifier;

/// How often a start on a full disk looks for space. Each attempt may leave a key of some 60 octets in `keys`.
const SPACE_PAUSE_MS: u64 = 10_000;

/// Drawn passwords that may wait for the engine.
const DRAWN_MAX: usize = 64;

/// What a daemon is started with.
pub(crate) struct Settings {
    pub(crate) binds: Vec<(BindConfig, LinkConfig)>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) data: PathBuf,
    pub(crate) key: MasterKey,
    pub(crate) http: SocketAddr,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    /// Timers run although the clock was doubtful.
    pub(crate) clock_confirmed: bool,
}

/// A running daemon.
pub(crate) struct Daemon {
    /// Where commands enter.
    pub(crate) commands: CommandSender,
    /// The read view.
    pub(crate) reader: Reader,
    links: Links,
    standing: watch::Receiver<Standing>,
    configured: usize,
    engine: oneshot::Receiver<anyhow::Result<()>>,
    http_stop: oneshot::Sender<()>,
    readiness: Readiness,
}

impl Daemon {
    /// Opens the store, starts engine, links and API. Ready when this returns; binds follow by themselves.
    pub(crate) async fn start(settings: Settings) -> Result<Self, Exit> {
        let metrics = feeds::metrics::recorder().map_err(|error| anyhow!(error))?;
        let (store, recovery) = open_store(&settings).await?;
        let now = settings.clock.now();
        let reader = store.reader();
        let (binds, links): (Vec<_>, Vec<_>) = settings.binds.into_iter().unzip();
        let config = engine::Config { links };
        let (mut ledger, writer) = store.part();
        ledger.start_readers().context("the threads that read can't start")?;
        let (engine, effects) = Engine::start(ledger, &recovery, Arc::clone(&settings.rules), config, now)
            .map_err(|error| Exit::Failed(anyhow!(error).context("the engine can't start")))?;

        let configured = binds.len();
        let listener = TcpListener::bind(settings.http)
            .await
            .with_context(|| format!("the API can't listen on {}", settings.http))?;
        let http = listener.local_addr().context("the API's address")?;
        let (link_events, links_in) = mpsc::channel(engine_thread::BATCHES_MAX);
        let (link_listener, standing) =
            listening::listener(link_events, engine.message_reader(), settings.clock);
        let links = Links::spawn(binds, link_listener);
        let (drawn_out, drawn) = mpsc::channel(DRAWN_MAX);
        let (commands, commands_in) = feeds::command_channel();
        let intake = Intake { links: links_in, commands: commands_in, drawn };
        let passwords = passwords::spawn(drawn_out).context("the password thread can't start")?;
        let outlets = Outlets { links: links.sender(), passwords };
        let writer = writer_thread::spawn(writer, outlets).context("the writer's thread can't start")?;
        let mut thread = EngineThread::new(engine, effects, settings.clock, intake, writer)
            .context("the engine can't start")?;
        if settings.clock_confirmed {
            thread.confirm_clock().context("the engine can't start")?;
        }
        let engine = spawn_engine(thread)?;

        let readiness = Readiness::default();
        let app = App {
            commands: commands.clone(),
            read: read_record(reader.clone()),
            dossiers: read_dossiers(reader.clone()),
            services: find_service(settings.rules),
            tokens: Arc::new(settings.tokens),
            readiness: readiness.clone(),
            metrics,
            passwords: Passwords::new().map_err(|error| anyhow!(error))?,
            imports: OneAtATime::default(),
            exports: OneAtATime::default(),
        };
        let http_stop = spawn_http(listener, app)?;
        readiness.set(true);
        tracing::info!(http = %http, "ready");
        Ok(Self { commands, reader, links, standing, configured, engine, http_stop, readiness })
    }

    /// How many binds stand, of how many; for the status line.
    pub(crate) fn bound(&self) -> (usize, usize) {
        (self.standing.borrow().len(), self.configured)
    }

    /// Ends only where the engine fails: then nothing more is acknowledged.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        match (&mut self.engine).await {
            Ok(Err(error)) => error.context("the engine stopped; nothing more is acknowledged"),
            Ok(Ok(())) | Err(_) => anyhow!("the engine's thread ended"),
        }
    }

    /// Stops intake, unbinds, lets the engine finish what it holds, closes the store.
    pub(crate) async fn drain(self) -> anyhow::Result<()> {
        self.readiness.set(false);
        let _ = self.http_stop.send(());
        self.links.drain(DRAIN).await;
        self.engine.await.map_err(|_| anyhow!("the engine's thread ended early"))?
    }
}

/// Opens the store. A full disk is waited out: an end would only make the service manager give up after some starts.
async fn open_store(settings: &Settings) -> Result<(Store, Recovery), Exit> {
    let pause = Duration::from_millis(failpoints::setting("TONGDAI_SPACE_PAUSE_MS", SPACE_PAUSE_MS));
    loop {
        match Store::open(&settings.data, &settings.key, store_options()) {
            Ok(opened) => return Ok(opened),
            Err(error) if error.is_want_of_space() => {
                tracing::error!(%error, "the disk is full: the start waits for space");
                Notifier.waiting_for_space(3 * pause);
                tokio::time::sleep(pause).await;
            }
            Err(error) => return Err(open_exit(&settings.data, error)),
        }
    }
}

/// The store's settings. A kill sweep has segments and checkpoints so small that seconds roll, take and prune them.
fn store_options() -> Options {
    let usual = Options::default();
    let retention = failpoints::setting("TONGDAI_RETENTION_S", usual.retention.as_secs().unsigned_abs());
    Options {
        retention: SignedDuration::from_secs(retention.cast_signed()),
        segment_octets: failpoints::setting("TONGDAI_SEGMENT_OCTETS", usual.segment_octets),
        checkpoint_writes: failpoints::setting("TONGDAI_CHECKPOINT_WRITES", usual.checkpoint_writes),
        ..usual
    }
}

fn spawn_engine(thread: EngineThread) -> Result<oneshot::Receiver<anyhow::Result<()>>, Exit> {
    let (done, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("engine".into())
        .spawn(move || {
            let _ = done.send(thread.run());
        })
        .context("the engine's thread can't start")?;
    Ok(ended)
}

/// The API runs on a thread of its own, so that its callers never keep a bind waiting. Dropping or firing the
/// sender ends it.
fn spawn_http(listener: TcpListener, app: App) -> Result<oneshot::Sender<()>, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the API's thread can't start")?;
    let listener = listener.into_std().context("the API's socket")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serve = move || {
        let served = runtime.block_on(async {
            let stopped = async {
                let _ = stopped.await;
            };
            feeds::serve(TcpListener::from_std(listener)?, app, stopped).await
        });
        if let Err(error) = served {
            tracing::error!(%error, "the API stopped");
        }
    };
    std::thread::Builder::new().name("http".into()).spawn(serve).context("the API's thread can't start")?;
    Ok(stop)
}

fn read_record(reader: Reader) -> feeds::ReadRecord {
    Arc::new(move |key| reader.get(key).map_err(Into::into))
}

fn read_dossiers(reader: Reader) -> feeds::ReadDossiers {
    Arc::new(move |service| Box::new(reader.dossiers(service).map(|dossier| dossier.map_err(Into::into))))
}

fn find_service(rules: Arc<Rules>) -> feeds::FindService {
    Arc::new(move |name| rules.service(name).cloned())
}

/// How the process ends where a store can't be opened.
pub(crate) fn open_exit(data: &Path, error: OpenError) -> Exit {
    let text = anyhow!("{}: {error}", data.display());
    match error {
        OpenError::Locked => Exit::TryAgain(text),
        OpenError::WrongKey | OpenError::OtherFormat { .. } => Exit::Configuration(text),
        _ => Exit::Failed(text),
    }
}
