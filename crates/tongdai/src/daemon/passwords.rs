//! Draws and hashes passwords beside the engine: Argon2id is slow on purpose.

use engine::Event;
use model::OutboxId;
use model::outcome::FinalSubject;
use tokio::sync::mpsc;

/// Passwords that may wait to be drawn. The engine's open messages are the durable queue behind it: what finds
/// no room here is asked for again at the next start.
const WAITING_MAX: usize = 65_536;

/// What a message waits for.
pub(crate) struct Wanted {
    pub(crate) outbox: OutboxId,
    pub(crate) subject: FinalSubject,
    pub(crate) length: u32,
}

/// Starts the thread that draws; it ends when the wishes' sender is gone.
pub(crate) fn spawn(drawn: mpsc::Sender<Event>) -> std::io::Result<mpsc::Sender<Wanted>> {
    let (wanted, mut wishes) = mpsc::channel::<Wanted>(WAITING_MAX);
    std::thread::Builder::new().name("passwords".into()).spawn(move || {
        while let Some(wish) = wishes.blocking_recv() {
            match draw(wish) {
                Ok(event) => {
                    if drawn.blocking_send(event).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "no password could be drawn; it is tried at the next start")
                }
            }
        }
    })?;
    Ok(wanted)
}

fn draw(wish: Wanted) -> Result<Event, vault::PasswordError> {
    let password = vault::draw_password(wish.length as usize)?;
    let hash = vault::hash_password(&password)?;
    Ok(Event::Drawn {
        outbox: wish.outbox,
        subject: Box::new(wish.subject),
        password: password.as_str().into(),
        hash: hash.as_str().into(),
    })
}
