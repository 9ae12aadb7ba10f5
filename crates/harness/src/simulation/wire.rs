//! One TCP connection: octets in order, late, cut off at any octet, or swallowed while both ends believe in it.

use std::collections::VecDeque;
use std::time::Duration;

/// Sent octets that stay unacknowledged for so long end the sender's side (`tcp_user` of smpp-client).
pub(super) const TCP_USER: Duration = Duration::from_secs(30);

/// One end of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Esme,
    Smsc,
}

/// What is on its way to one end.
#[derive(Debug, Default)]
struct Pipe {
    chunks: VecDeque<(Duration, Vec<u8>)>,
    /// Nothing arrives before this moment; never where it is the end of time.
    stalled_until: Duration,
    last_arrival: Duration,
    /// When the receiver learns that the sender is gone; it was closed, should this be some.
    ends_at: Option<Duration>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Wire {
    to_esme: Pipe,
    to_smsc: Pipe,
}

impl Wire {
    fn pipe(&mut self, to: End) -> &mut Pipe {
        match to {
            End::Esme => &mut self.to_esme,
            End::Smsc => &mut self.to_smsc,
        }
    }

    fn look(&self, to: End) -> &Pipe {
        match to {
            End::Esme => &self.to_esme,
            End::Smsc => &self.to_smsc,
        }
    }

    /// Sends octets; when they arrive, which may be never.
    pub(super) fn send(&mut self, to: End, octets: Vec<u8>, now: Duration, latency: Duration) -> Duration {
        let pipe = self.pipe(to);
        if pipe.ends_at.is_some() {
            return Duration::MAX;
        }
        let arrival = now.saturating_add(latency).max(pipe.last_arrival).max(pipe.stalled_until);
        pipe.last_arrival = arrival;
        pipe.chunks.push_back((arrival, octets));
        arrival
    }

    /// What has arrived by now.
    pub(super) fn take(&mut self, to: End, now: Duration) -> Vec<u8> {
        let pipe = self.pipe(to);
        let mut taken = Vec::new();
        while pipe.chunks.front().is_some_and(|(at, _)| *at <= now) {
            taken.extend(pipe.chunks.pop_front().map(|(_, octets)| octets).unwrap_or_default());
        }
        taken
    }

    /// Whether the end has read all and knows that the other one is gone.
    pub(super) fn is_over(&self, to: End, now: Duration) -> bool {
        let pipe = self.look(to);
        pipe.ends_at.is_some_and(|at| at <= now) && pipe.chunks.iter().all(|(at, _)| *at > now)
    }

    /// Whether octets wait that will not arrive within the time that TCP waits for.
    pub(super) fn is_stuck(&self, to: End, now: Duration) -> bool {
        let pipe = self.look(to);
        pipe.ends_at.is_none() && !pipe.chunks.is_empty() && pipe.stalled_until > now
    }

    /// Nothing arrives at `to` before `until`.
    pub(super) fn stall(&mut self, to: End, until: Duration) {
        let pipe = self.pipe(to);
        pipe.stalled_until = pipe.stalled_until.max(until);
        pipe.last_arrival = pipe.last_arrival.max(until);
        for (at, _) in &mut pipe.chunks {
            *at = (*at).max(until);
        }
    }

    /// The sender of what goes to `to` closes; `kept` octets of what is on its way still arrive. When the other end
    /// learns of it.
    pub(super) fn close(
        &mut self,
        to: End,
        kept: Option<usize>,
        now: Duration,
        latency: Duration,
    ) -> Duration {
        let pipe = self.pipe(to);
        if let Some(mut kept) = kept {
            for (_, octets) in &mut pipe.chunks {
                octets.truncate(kept);
                kept -= octets.len();
            }
            pipe.chunks.retain(|(_, octets)| !octets.is_empty());
        }
        let at = now.saturating_add(latency).max(pipe.last_arrival).max(pipe.stalled_until);
        let at = pipe.ends_at.map_or(at, |before| before.min(at));
        pipe.ends_at = Some(at);
        at
    }

    /// Octets on their way to `to`.
    pub(super) fn in_flight(&self, to: End) -> usize {
        let pipe = self.look(to);
        pipe.chunks.iter().map(|(_, octets)| octets.len()).sum()
    }
}
