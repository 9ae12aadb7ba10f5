//! What systemd is told: ready after store and rules, a status line, stopping.

use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use sd_notify::NotifyState;

/// Words that a manager which does not read may be behind; more are dropped.
const WORDS_MAX: usize = 8;
/// How long the drain waits for its announcement.
const LAST_WORD: Duration = Duration::from_secs(1);

/// A thread of its own speaks, for a manager that does not read blocks who speaks to it.
static SPEAKER: LazyLock<Option<SyncSender<Word>>> = LazyLock::new(|| {
    let (sender, words) = sync_channel(WORDS_MAX);
    let thread = thread::Builder::new().name("notify".to_owned()).spawn(move || speak(&words));
    thread.inspect_err(|error| tracing::warn!(%error, "the service manager is not told")).ok()?;
    Some(sender)
});

/// One thing to say.
#[derive(Debug)]
enum Word {
    Ready,
    Status(String),
    WaitingForSpace(Duration),
    /// The drain began; who says so waits until it was said.
    Stopping(SyncSender<()>),
}

/// Speaks to the service manager, where there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notifier;

impl Notifier {
    /// Store, rules and API are up. Binds are status, not readiness: an operator's maintenance night must not
    /// become a restart loop.
    pub(crate) fn ready(self) {
        self.say(Word::Ready);
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(self, bound: usize, configured: usize) {
        self.say(Word::Status(format!("{bound}/{configured} SMSC bound")));
    }

    /// The start waits for space on the disk, for `wait` more at least.
    pub(crate) fn waiting_for_space(self, wait: Duration) {
        self.say(Word::WaitingForSpace(wait));
    }

    /// The drain began. Waits for a moment, so that the process does not end before it was said.
    pub(crate) fn stopping(self) {
        let (said, hears) = sync_channel(1);
        self.say(Word::Stopping(said));
        // Where it was not said, the manager does not read; the drain waits no longer for that.
        let _ = hears.recv_timeout(LAST_WORD);
    }

    fn say(self, word: Word) {
        if let Some(Err(error)) = SPEAKER.as_ref().map(|speaker| speaker.try_send(word)) {
            tracing::debug!(%error, "the service manager does not read");
        }
    }
}

fn speak(words: &Receiver<Word>) {
    for word in words {
        let told = match &word {
            Word::Ready => sd_notify::notify(&[NotifyState::Ready]),
            Word::Status(text) => sd_notify::notify(&[NotifyState::Status(text)]),
            Word::WaitingForSpace(wait) => {
                let wait = u32::try_from(wait.as_micros()).unwrap_or(u32::MAX);
                let text = "the disk is full: waiting for space";
                sd_notify::notify(&[NotifyState::Status(text), NotifyState::ExtendTimeoutUsec(wait)])
            }
            Word::Stopping(_) => sd_notify::notify(&[NotifyState::Stopping]),
        };
        if let Err(error) = told {
            tracing::debug!(%error, "the service manager was not told");
        }
        if let Word::Stopping(said) = word {
            let _ = said.send(());
        }
    }
}
