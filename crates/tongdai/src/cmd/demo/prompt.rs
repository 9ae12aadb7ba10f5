//! After the conversations: what a person types is texted, and the reply printed.

use std::io::{BufRead, IsTerminal, Read};

use anyhow::Context;
use tokio::sync::mpsc;

use crate::cmd::demo::Stop;
use crate::cmd::demo::script;
use crate::cmd::demo::stage::Stage;
use crate::exit::Exit;
use crate::output;

/// The handsets of the person at the prompt; the conversations use others, so that their texts do not count
/// against the ten a minute that one sender has.
const VIETNAMESE: &str = "+84912345678";
const CZECH: &str = "+420605111222";

/// Octets of a line that are read as one text; far above what any handset sends.
const LINE_MAX: u64 = 65_536;

/// Serves until the input ends, `quit`, Ctrl-C, or a signal to stop.
pub(super) async fn serve(stage: &Stage, stop: &mut Stop) -> anyhow::Result<()> {
    output::print_line("Type a number and a text, such as `8383 XNC 13557009`, `8188 HD`, `1414 TTTB` or")?;
    output::print_line("`+420739547765 OBJ ZOP 12.8. 9:00 NOVAK`; `quit` or Ctrl-D ends the demo.")?;
    let mut lines = lines()?;
    loop {
        prompt()?;
        let line = tokio::select! {
            line = lines.recv() => line,
            () = stop.asked() => None,
        };
        let Some(line) = line else { break };
        match split(line.trim(), |number| stage.serves(number)) {
            Some((number, text)) => answer(stage, &number, text).await?,
            None if line.trim() == "quit" => break,
            None if line.trim().is_empty() => {}
            None => output::print_line("a number and a text, please: 8383 XNC 13557009")?,
        }
    }
    output::print_line("")?;
    Ok(())
}

/// What is typed, line by line. The thread stays in its read when the demo ends, and the process does not wait for it.
fn lines() -> anyhow::Result<mpsc::Receiver<String>> {
    let (typed, lines) = mpsc::channel(1);
    let read = move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        // A read that fails is the end of the input. Octets of another encoding are signs that nobody knows.
        while input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if typed.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            line.clear();
        }
    };
    std::thread::Builder::new().name("prompt".into()).spawn(read).context("no thread for the prompt")?;
    Ok(lines)
}

/// The number and the text of a line. A number may be written in groups: the first words that make one of ours.
fn split(line: &str, serves: impl Fn(&str) -> bool) -> Option<(String, &str)> {
    let mut number = String::new();
    let mut rest = line;
    while let Some((word, behind)) = rest.split_once(char::is_whitespace) {
        if !word.trim_start_matches('+').bytes().all(|octet| octet.is_ascii_digit()) {
            break;
        }
        number.push_str(word);
        rest = behind.trim_start();
        if serves(&script::digits(&number)) {
            return Some((number, rest));
        }
    }
    line.split_once(char::is_whitespace).map(|(number, text)| (number.to_owned(), text.trim_start()))
}

fn prompt() -> Result<(), Exit> {
    if std::io::stdin().is_terminal() {
        output::print("> ")?;
    }
    Ok(())
}

async fn answer(stage: &Stage, number: &str, text: &str) -> anyhow::Result<()> {
    let digits = script::digits(number);
    if !stage.serves(&digits) {
        output::print_line(format_args!("nobody serves `{number}`; try 8383, 1414, 8188 or +420739547765"))?;
        return Ok(());
    }
    let from = if script::is_czech(number) { CZECH } else { VIETNAMESE };
    match stage.text(from, number, text).await? {
        Some(reply) => output::print_line(format_args!("{number} -> {from}: {}", *reply.text))?,
        None => {
            output::print_line("(no reply: after ten texts within a minute a sender is taken for a robot)")?
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_written_in_groups() {
        let serves = |number: &str| ["8383", "420739547765"].contains(&number);
        for (line, number, text) in [
            ("8383 XNC 13557009", "8383", "XNC 13557009"),
            ("8383 1355 7009", "8383", "1355 7009"),
            ("+420 739 547 765  HELP ZKR", "+420739547765", "HELP ZKR"),
            ("9999 1 hello", "9999", "1 hello"),
            ("hello 8383", "hello", "8383"),
        ] {
            assert_eq!(split(line, serves), Some((number.to_owned(), text)), "{line}");
        }
        assert_eq!(split("8383", serves), None);
    }
}
