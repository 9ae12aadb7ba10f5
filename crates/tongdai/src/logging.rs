//! Log lines on standard error. Personal data never reaches them: the types of `model` print redacted.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::cli::{LogArgs, LogFormat};
use crate::exit::Exit;

/// Starts the log as the arguments say.
pub(crate) fn start(arguments: &LogArgs) -> Result<(), Exit> {
    let filter = EnvFilter::try_new(&arguments.log_level).map_err(|error| {
        Exit::Configuration(anyhow::Error::new(error).context("--log-level can't be read"))
    })?;
    let text = match arguments.log_format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if text {
        lines.with_ansi(std::io::stderr().is_terminal()).init()
    } else {
        lines.json().init()
    }
    Ok(())
}
