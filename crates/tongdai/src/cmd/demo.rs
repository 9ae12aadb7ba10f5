//! `tongdai demo`: simulator, daemon and the four services on this machine alone.

mod play;
mod prompt;
mod script;
mod stage;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::DemoArgs;
use crate::cmd::demo::play::Player;
use crate::cmd::demo::script::Conversation;
use crate::cmd::demo::stage::Stage;
use crate::exit::Exit;
use crate::output;

/// The conversations, one for each source document.
const CONVERSATIONS: &str = include_str!("../../demo/conversations.txt");

/// Plays the conversations, then answers what is typed. Exit 1 if a reply was not what its script expects, or if
/// `--once` was interrupted. However it ends, it leaves nothing behind.
pub(crate) fn run(arguments: DemoArgs) -> Result<(), Exit> {
    let conversations = script::read(CONVERSATIONS).context("the demo's conversations")?;
    let runtime = tokio::runtime::Runtime::new().context("no threads")?;
    runtime.block_on(async {
        let mut stop = Stop::listen().context("no signals")?;
        let stage = Stage::start().await?;
        stage.announce()?;
        let shown = tokio::select! {
            shown = show(&stage, &conversations) => Some(shown),
            () = stop.asked() => None,
        };
        if matches!(shown, Some(Ok(_))) && !arguments.once {
            prompt::serve(&stage, &mut stop).await?;
        }
        stage.stop().await?;
        match shown {
            Some(wrong) => {
                if wrong? == 0 {
                    Ok(())
                } else {
                    Err(Exit::No)
                }
            }
            None => {
                if arguments.once {
                    Err(Exit::No)
                } else {
                    Ok(())
                }
            }
        }
    })
}

/// Plays all conversations; how many replies were not what was expected.
async fn show(stage: &Stage, conversations: &[Conversation]) -> anyhow::Result<u32> {
    let mut player = Player::new(stage);
    for conversation in conversations {
        player.play(conversation).await?;
    }
    let (replies, wrong) = (player.replies(), player.wrong());
    output::print_line("")?;
    match wrong {
        0 => output::print_line(format_args!("All {replies} replies were what their scripts expect."))?,
        _ => output::print_line(format_args!(
            "{wrong} of {replies} replies were not what their scripts expect."
        ))?,
    }
    Ok(wrong)
}

/// The signals that end a program.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ends once somebody asks to stop.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
