//! What systemd is told: ready after store and rules, a status line, stopping.

use std::time::Duration;

use sd_notify::NotifyState;

/// Speaks to the service manager, where there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notifier;

impl Notifier {
    /// Store, rules and API are up. Binds are status, not readiness: an operator's maintenance night must not
    /// become a restart loop.
    pub(crate) fn ready(self) {
        self.send(&[NotifyState::Ready]);
    }

    /// One line for `systemctl status`.
    pub(crate) fn status(self, bound: usize, configured: usize) {
        let text = format!("{bound}/{configured} SMSC bound");
        self.send(&[NotifyState::Status(&text)]);
    }

    /// The start waits for space on the disk, for `wait` more at least.
    pub(crate) fn waiting_for_space(self, wait: Duration) {
        let wait = u32::try_from(wait.as_micros()).unwrap_or(u32::MAX);
        let text = "the disk is full: waiting for space";
        self.send(&[NotifyState::Status(text), NotifyState::ExtendTimeoutUsec(wait)]);
    }

    /// The drain began.
    pub(crate) fn stopping(self) {
        self.send(&[NotifyState::Stopping]);
    }

    fn send(self, states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}
