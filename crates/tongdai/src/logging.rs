//! Log lines on standard error. Personal data never reaches them: the types of `model` print redacted.

use std::any::Any;
use std::io::IsTerminal;
use std::panic;

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
    tell_panics();
    if text { lines.with_ansi(std::io::stderr().is_terminal()).init() } else { lines.json().init() }
}

/// Has a panic logged without what it would say where that is made up as it happens: the standard library's own texts
/// quote the string that was cut in the wrong place, and that is a citizen's.
fn tell_panics() {
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, said = said(panic.payload()), "panicked");
    }));
}

fn said(payload: &dyn Any) -> &'static str {
    payload.downcast_ref().copied().unwrap_or("(not told)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_what_the_program_says_and_nothing_of_a_citizen() {
        let name = String::from("NOVÁK");
        let quoted = panic::catch_unwind(|| name[..4].len()).unwrap_err();
        assert!(
            quoted.downcast_ref::<String>().is_some_and(|text| text.contains("NOVÁK")),
            "what is kept back"
        );
        assert_eq!(said(&*quoted), "(not told)");
        let own = panic::catch_unwind(|| panic!("a record never reaches beyond its segment")).unwrap_err();
        assert_eq!(said(&*own), "a record never reaches beyond its segment");
    }
}
