//! `tongdai demo`: simulator, daemon and the four services on this machine alone.

mod play;
mod prompt;
mod script;
mod stage;

use anyhow::Context;

use crate::cli::DemoArgs;
use crate::cmd::demo::play::Player;
use crate::cmd::demo::stage::Stage;
use crate::exit::Exit;

/// The conversations, one for each source document.
const CONVERSATIONS: &str = include_str!("../../demo/conversations.txt");

/// Plays the conversations, then answers what is typed. Exit 1 if a reply was not what its script expects.
#[allow(clippy::print_stdout, reason = "the conversations are this command's output")]
pub(crate) fn run(arguments: DemoArgs) -> Result<(), Exit> {
    let conversations = script::read(CONVERSATIONS).context("the demo's conversations")?;
    let runtime = tokio::runtime::Runtime::new().context("no threads")?;
    runtime.block_on(async {
        let stage = Stage::start().await?;
        stage.announce();
        let mut player = Player::new(&stage);
        for conversation in &conversations {
            player.play(conversation).await?;
        }
        let wrong = player.wrong();
        println!();
        match wrong {
            0 => println!("All {} replies were what their scripts expect.", player.replies()),
            _ => println!("{wrong} of {} replies were not what their scripts expect.", player.replies()),
        }
        if !arguments.once {
            prompt::serve(&stage).await?;
        }
        stage.stop().await?;
        if wrong == 0 { Ok(()) } else { Err(Exit::No) }
    })
}
