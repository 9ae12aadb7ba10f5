//! What the demo stands on: two operators' SMSCs, a daemon, a temporary store, a clock set to its stories.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use feeds::{CommandRequest, Tokens};
use jiff::Timestamp;
use model::{ClerkCommand, Key, Record};
use routing::Rules;
use simulator::{Config, Message, Received, Simulator};
use tempfile::TempDir;
use tokio::sync::oneshot;
use vault::MasterKey;

use crate::cmd::demo::script;
use crate::daemon::clock::Clock;
use crate::daemon::{Daemon, Settings};
use crate::exit::Exit;
use crate::output;
use crate::smsc::{self, SmscSpec};

/// Monday 3 August 2026: 14:00 in Viet Nam, 09:00 in Czechia; every office of the stories is open.
const STORY_TIME: &str = "2026-08-03T07:00:00Z";

/// How long the demo waits for binds and for replies before it says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that runs during the demo.
pub(super) struct Stage {
    vietnamese: Simulator,
    czech: Simulator,
    daemon: Daemon,
    rules: Arc<Rules>,
    /// Removed with all that is in it when the demo ends.
    _folder: TempDir,
}

impl Stage {
    /// Starts two simulators and the daemon, and waits for the binds.
    pub(super) async fn start() -> Result<Self, Exit> {
        let vietnamese = start_simulator().await?;
        let czech = start_simulator().await?;
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let key = MasterKey::write_new(&folder.path().join("key")).map_err(|error| anyhow!(error))?;
        let story_time: Timestamp = STORY_TIME.parse().context("the demo's clock")?;
        let binds =
            [bind("viettel", "vn", vietnamese.smpp_address())?, bind("o2", "cz", czech.smpp_address())?];
        let rules = Arc::new(Rules::builtin());
        let daemon = Daemon::start(Settings {
            binds: binds.iter().map(smsc::configure).collect::<Result<_, _>>()?,
            rules: Arc::clone(&rules),
            data: folder.path().join("data"),
            key,
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            tokens: Tokens::default(),
            clock: Clock::set_to(story_time),
            clock_confirmed: false,
        })
        .await?;
        for (name, simulator) in [("viettel", &vietnamese), ("o2", &czech)] {
            if !simulator.wait_receivers(1, PATIENCE).await {
                return Err(Exit::Failed(anyhow!("the bind `{name}` did not come up")));
            }
        }
        Ok(Self { vietnamese, czech, daemon, rules, _folder: folder })
    }

    /// Says what runs where.
    pub(super) fn announce(&self) -> Result<(), Exit> {
        output::print_line(
            "Tongdai demo: two SMSCs of its own on loopback, the daemon bound to them, a temporary store.",
        )?;
        output::print_line("Its clock stands at Monday 3 August 2026, 14:00 in Viet Nam, 09:00 in Czechia.")
    }

    /// Whether a service has the number.
    pub(super) fn serves(&self, number: &str) -> bool {
        self.rules.by_number(number).is_some()
    }

    /// A citizen texts; the reply, or none where none came in time.
    pub(super) async fn text(&self, from: &str, to: &str, text: &str) -> anyhow::Result<Option<Received>> {
        let simulator = if script::is_czech(to) { &self.czech } else { &self.vietnamese };
        let message = Message::new(script::digits(from), script::digits(to), text);
        let sent = simulator.send(&message)?;
        Ok(simulator.wait_answer(sent, PATIENCE).await)
    }

    /// A clerk or a feed commands.
    pub(super) async fn clerk(&self, command: ClerkCommand) -> anyhow::Result<()> {
        let (reply, answer) = oneshot::channel();
        let request = CommandRequest { actor: "demo".to_owned(), command, reply };
        if self.daemon.commands.send(request).await.is_err() {
            bail!("the engine has stopped");
        }
        answer.await.context("the engine gave no answer")?.map(|_| ()).map_err(|refused| anyhow!(refused))
    }

    /// What the store holds under `key`.
    pub(super) fn record(&self, key: &Key) -> anyhow::Result<Option<Record>> {
        self.daemon.reader.get(key).map_err(|error| anyhow!(error))
    }

    /// Unbinds and leaves nothing behind.
    pub(super) async fn stop(self) -> Result<(), Exit> {
        self.daemon.drain().await?;
        self.vietnamese.stop();
        self.czech.stop();
        Ok(())
    }
}

async fn start_simulator() -> Result<Simulator, Exit> {
    Simulator::start(Config::default()).await.map_err(|error| Exit::Failed(anyhow!(error)))
}

fn bind(name: &str, country: &str, address: SocketAddr) -> anyhow::Result<SmscSpec> {
    let (host, port) = (address.ip(), address.port());
    Ok(format!("name={name},host={host},port={port},system-id=demo,country={country}").parse()?)
}
