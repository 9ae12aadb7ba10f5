//! Log lines on standard error. Personal data never reaches them: the types of `model` print redacted.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::cli::{LogArgs, LogFormat};

/// Starts the log as the arguments say.
pub(crate) fn start(arguments: &LogArgs) {
    // The argument parser has read it before.
    let filter = EnvFilter::new(&arguments.log_level);
    let text = match arguments.log_format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if text { lines.with_ansi(std::io::stderr().is_terminal()).init() } else { lines.json().init() }
}
