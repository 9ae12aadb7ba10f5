//! After the conversations: what a person types is texted, and the reply printed.

use std::io::IsTerminal;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::cmd::demo::script;
use crate::cmd::demo::stage::Stage;

/// The handsets of the person at the prompt; the conversations use others, so that their texts do not count
/// against the ten a minute that one sender has.
const VIETNAMESE: &str = "+84912345678";
const CZECH: &str = "+420605111222";

/// Serves until the input ends, `quit`, or Ctrl-C.
#[allow(clippy::print_stdout, reason = "a dialogue with a person")]
pub(super) async fn serve(stage: &Stage) -> anyhow::Result<()> {
    println!("Type a number and a text, such as `8383 XNC 13557009`, `8188 HD`, `1414 TTTB` or");
    println!("`+420739547765 OBJ ZOP 12.8. 9:00 NOVAK`; `quit` or Ctrl-D ends the demo.");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        prompt();
        let line = tokio::select! {
            line = lines.next_line() => line?,
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some(line) = line else { break };
        match line.trim().split_once(char::is_whitespace) {
            Some((number, text)) => answer(stage, number, text).await?,
            None if line.trim() == "quit" => break,
            None if line.trim().is_empty() => {}
            None => println!("a number and a text, please: 8383 XNC 13557009"),
        }
    }
    println!();
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a dialogue with a person")]
fn prompt() {
    if std::io::stdin().is_terminal() {
        print!("> ");
        let _ = std::io::Write::flush(&mut std::io::stdout());
    }
}

#[allow(clippy::print_stdout, reason = "a dialogue with a person")]
async fn answer(stage: &Stage, number: &str, text: &str) -> anyhow::Result<()> {
    let digits = script::digits(number);
    if !stage.serves(&digits) {
        println!("nobody serves `{number}`; try 8383, 1414, 8188 or +420739547765");
        return Ok(());
    }
    let from = if script::is_czech(number) { CZECH } else { VIETNAMESE };
    match stage.text(from, number, text).await? {
        Some(reply) => println!("{number} -> {from}: {}", *reply.text),
        None => println!("(no reply: after ten texts within a minute a sender is taken for a robot)"),
    }
    Ok(())
}
