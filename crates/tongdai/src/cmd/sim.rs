//! `tongdai sim`: an SMSC of our own, until it is asked to stop.

use anyhow::{Context, anyhow};
use simulator::{Config, Simulator};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::SimArgs;
use crate::exit::Exit;
use crate::logging;

/// Runs the simulator. Prints where it listens as one JSON line on standard output.
#[allow(clippy::print_stdout, reason = "where it listens is this command's output")]
pub(crate) fn run(arguments: SimArgs) -> Result<(), Exit> {
    logging::start(&arguments.log);
    let mut config = Config { listen: arguments.listen, http: Some(arguments.http), ..Config::default() };
    config.exchange.seed = arguments.seed;
    if let Some(faults) = arguments.faults {
        config.faults = faults;
    }
    let runtime = tokio::runtime::Runtime::new().context("no threads")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
        let simulator = Simulator::start(config).await.map_err(|error| Exit::Failed(anyhow!(error)))?;
        let listening =
            serde_json::json!({ "smpp": simulator.smpp_address(), "http": simulator.http_address() });
        println!("{listening}");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        simulator.stop();
        Ok(())
    })
}
