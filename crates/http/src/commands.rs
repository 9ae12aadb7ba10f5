//! The door to the engine's turn.

use std::time::Duration;

use model::{Answer, ClerkCommand, CommandError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::App;
use crate::problem::{Kind, Problem};

/// Commands that may wait for the engine: as many as there are connections, so that a caller on a connection
/// of his own finds room unless the engine stands still.
pub const COMMANDS_WAITING_MAX: usize = crate::listen::CONNECTIONS_MAX;

/// How long a command's answer is waited for. A turn takes milliseconds; after this long the engine is stuck
/// and the caller must learn that the outcome is unknown.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// One command on its way to the engine.
#[derive(Debug)]
pub struct CommandRequest {
    /// The name of the token that it came with; stands in the journal.
    pub actor: String,
    /// The command.
    pub command: ClerkCommand,
    /// Takes the engine's answer after the turn is durable; a dropped sender means an unknown outcome.
    pub reply: oneshot::Sender<Result<Answer, CommandError>>,
}

/// Takes commands to the engine's thread.
pub type CommandSender = mpsc::Sender<CommandRequest>;

/// A bounded channel of commands; the binary gives the receiver to the engine's thread.
pub fn command_channel() -> (CommandSender, mpsc::Receiver<CommandRequest>) {
    mpsc::channel(COMMANDS_WAITING_MAX)
}

impl App {
    /// Sends `command` and waits for what was decided, after it is durable.
    pub(crate) async fn run(
        &self,
        actor: &str,
        command: ClerkCommand,
    ) -> Result<Result<Answer, CommandError>, Problem> {
        let room = self.commands.try_reserve().map_err(|error| match error {
            TrySendError::Full(()) => Problem::busy("too many commands are waiting"),
            TrySendError::Closed(()) => stopped(),
        })?;
        decided(room, actor, command).await
    }

    /// The same for one of many of a caller: waits for room.
    pub(crate) async fn run_patiently(
        &self,
        actor: &str,
        command: ClerkCommand,
    ) -> Result<Result<Answer, CommandError>, Problem> {
        let room = self.commands.reserve().await.map_err(|_| stopped())?;
        decided(room, actor, command).await
    }

    /// Sends `command` and turns a refusal into its problem.
    pub(crate) async fn answer(&self, actor: &str, command: ClerkCommand) -> Result<Answer, Problem> {
        self.run(actor, command).await?.map_err(Problem::from)
    }
}

/// What the engine decides, once it is durable.
async fn decided(
    room: mpsc::Permit<'_, CommandRequest>,
    actor: &str,
    command: ClerkCommand,
) -> Result<Result<Answer, CommandError>, Problem> {
    let (reply, answer) = oneshot::channel();
    room.send(CommandRequest { actor: actor.to_owned(), command, reply });
    match tokio::time::timeout(ANSWER_WAIT, answer).await {
        Ok(Ok(decided)) => Ok(decided),
        Ok(Err(_)) | Err(_) => Err(Problem::new(
            Kind::OutcomeUnknown,
            "no answer came: the command may or may not have been carried out",
        )),
    }
}

fn stopped() -> Problem {
    Problem::busy("the engine has stopped")
}
