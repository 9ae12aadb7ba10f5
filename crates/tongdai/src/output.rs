//! What commands print on standard output.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use crate::exit::Exit;

/// Prints `text` as it is. A reader that has left, such as `head`, wants no more, and that is no mistake of the
/// command.
pub(crate) fn print(text: impl Display) -> Result<(), Exit> {
    let mut output = std::io::stdout().lock();
    match write!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Exit::Failed(anyhow::Error::new(error).context("standard output")))
        }
        _ => Ok(()),
    }
}

/// The same with a line break behind it.
pub(crate) fn print_line(text: impl Display) -> Result<(), Exit> {
    print(format_args!("{text}\n"))
}
