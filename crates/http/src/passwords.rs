//! Argon2 off the async threads, a bounded number at a time.

use std::sync::Arc;

use model::Redacted;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Kind, Problem};

/// Hashes computed at the same time: each takes 19 MiB and a core for about 20 ms, and the engine's core must
/// stay free.
const RUNNING_MAX: usize = 2;

/// Hashes that run or wait for their turn: with two at a time the last waits well under a second.
const WAITING_MAX: usize = 64;

/// Compares and hashes passwords. Clone it; all clones share the bounds.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// A hash that stands in where there is no account, so that a stranger can't tell by the time it takes.
    nobody: Arc<str>,
}

impl Passwords {
    /// Makes the hash of nobody's password; takes as long as one log-in.
    pub fn new() -> Result<Self, vault::PasswordError> {
        let unguessed = vault::draw_password(NOBODY_LENGTH)?;
        Ok(Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            nobody: vault::hash_password(&unguessed)?.into(),
        })
    }

    /// Whether `password` fits `hash`; compares with nobody's hash and says no where there is none.
    pub(crate) async fn matches(
        &self,
        password: Redacted<String>,
        hash: Option<Redacted<String>>,
    ) -> Result<bool, Problem> {
        let nobody = Arc::clone(&self.nobody);
        self.compute(move || {
            let against = hash.as_ref().map_or(&*nobody, |hash| hash.as_str());
            let fits = vault::verify_password(&password, against);
            fits && hash.is_some()
        })
        .await
    }

    /// Argon2id of `password` in PHC form.
    pub(crate) async fn hash(&self, password: Redacted<String>) -> Result<Redacted<String>, Problem> {
        let hash = self.compute(move || vault::hash_password(&password)).await?;
        hash.map(Redacted).map_err(|error| {
            tracing::error!(target: "http", %error, "a password could not be hashed");
            Problem::new(Kind::Internal, "the password could not be hashed")
        })
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let permits = self.permits().await?;
        // The permits go along: a caller who hangs up does not make room for a hash that still runs.
        let computed = tokio::task::spawn_blocking(move || {
            let computed = work();
            drop(permits);
            computed
        });
        computed.await.map_err(|_| Problem::new(Kind::Internal, "the password could not be compared"))
    }

    async fn permits(&self) -> Result<[OwnedSemaphorePermit; 2], Problem> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned();
        let waiting = waiting.map_err(|_| Problem::busy("too many passwords are being compared"))?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| Problem::busy("the daemon is stopping"))?;
        Ok([waiting, running])
    }
}

/// Characters of nobody's password: nobody guesses it.
const NOBODY_LENGTH: usize = 20;
