//! Settings.

use std::{net::SocketAddr, time::Duration};

use codec::data_coding::DefaultAlphabet;
use model::Redacted;

use crate::faults::Faults;

/// Settings of one simulator. [`Config::default`] listens on a free port of the loopback address, without HTTP,
/// and lets anybody bind.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where ESMEs connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the HTTP API listens; `None` for none.
    pub http: Option<SocketAddr>,
    /// `system_id` of the bind responses.
    pub system_id: String,
    /// How the messages travel.
    pub exchange: Exchanging,
    /// The faults at the start.
    pub faults: Faults,
    /// How long deliveries may stay unanswered before they are sent again.
    pub response_timeout: Duration,
    /// Silence of the peer after which enquire_link is sent.
    pub enquire_link_idle: Duration,
    /// How long the peer may stay silent after it; after the second time the link is closed.
    pub enquire_link_response: Duration,
}

/// Settings of the messages' way.
#[derive(Clone, Debug)]
pub struct Exchanging {
    /// Who may bind; `None` for anybody.
    pub credentials: Option<Credentials>,
    /// Deliveries in flight on one bind.
    pub window: usize,
    /// When an unacknowledged delivery is sent again.
    pub redelivery: Redelivery,
    /// What data_coding 0 means in both directions.
    pub default_alphabet: DefaultAlphabet,
    /// Seed of all percentages.
    pub seed: u64,
    /// Keep every piece delivered and every submit_sm, for an auditor.
    pub witness: bool,
}

/// What an ESME must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its `system_id`.
    pub system_id: String,
    /// Its `password`.
    pub password: Redacted<String>,
}

/// The back-off of redelivery: after a response that asks for it, or none in time, `first`, then twice as long
/// each time up to `longest`. A message whose link died leaves over the next bind at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redelivery {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// Deliveries of one message part in all.
    pub attempts_max: u32,
}

impl Redelivery {
    /// The wait after so many attempts.
    pub(crate) fn wait(&self, attempts: u32) -> Duration {
        // 2^20 times any first wait is beyond any longest one, and the shift cannot overflow.
        let doublings = attempts.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            http: None,
            system_id: "tongdai-sim".to_owned(),
            exchange: Exchanging::default(),
            faults: Faults::default(),
            response_timeout: Duration::from_secs(10),
            enquire_link_idle: Duration::from_secs(30),
            enquire_link_response: Duration::from_secs(5),
        }
    }
}

impl Default for Exchanging {
    fn default() -> Self {
        Self {
            credentials: None,
            window: 100,
            redelivery: Redelivery::default(),
            default_alphabet: DefaultAlphabet::default(),
            seed: 0,
            witness: false,
        }
    }
}

impl Default for Redelivery {
    /// 1 s, doubling to 60 s, 100 deliveries: about an hour and a half.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60), attempts_max: 100 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redelivery_backs_off_up_to_its_longest_wait() {
        let redelivery = Redelivery::default();
        let waits: Vec<u64> = [1, 2, 3, 6, 7, 100].map(|attempts| redelivery.wait(attempts).as_secs()).into();
        assert_eq!(waits, [1, 2, 4, 32, 60, 60]);
    }
}
