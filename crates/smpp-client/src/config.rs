//! The settings of one bind. Durations are values so that a test may use small ones.

use std::time::Duration;

use codec::Bind;
use session::{Mode, Timeouts};

/// One bind to one SMSC. A TX + RX pair is two binds in one group.
#[derive(Clone, Debug)]
pub struct BindConfig {
    /// What logs and metrics call it.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Transmitter, receiver or transceiver.
    pub mode: Mode,
    /// The fields of the bind request: system_id, password, system_type, interface_version, address range.
    pub bind: Bind,
    /// submit_sm that may await their response at once.
    pub window: u32,
    /// submit_sm a second; `None` for as fast as the window allows.
    pub rate: Option<u32>,
    /// Binds of one group share receipts and parts; `None` for system-id@host:port.
    pub group: Option<String>,
    /// Timers of the SMPP session.
    pub timeouts: Timeouts,
    /// Timers of the connection.
    pub link_timeouts: LinkTimeouts,
    /// When to bind again.
    pub reconnect: Reconnect,
    /// Seed of the jitter; draw it once at start so that a fleet does not reconnect in step.
    pub seed: u64,
}

impl BindConfig {
    /// A transceiver's settings with the usual defaults: window 10, no rate, SMPP 3.4.
    #[must_use]
    pub fn new(name: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port,
            mode: Mode::Transceiver,
            bind: Bind { interface_version: 0x34, ..Bind::default() },
            window: 10,
            rate: None,
            group: None,
            timeouts: Timeouts::default(),
            link_timeouts: LinkTimeouts::default(),
            reconnect: Reconnect::default(),
            seed: 0,
        }
    }

    /// The bind group: as set, else system-id@host:port.
    #[must_use]
    pub fn group(&self) -> String {
        self.group.clone().unwrap_or_else(|| format!("{}@{}:{}", self.bind.system_id, self.host, self.port))
    }
}

/// How long a connection waits for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTimeouts {
    /// Name look-up and TCP connect together.
    pub connect: Duration,
    /// From the first octet of a PDU to its last.
    pub half_read_pdu: Duration,
    /// From reading a deliver_sm to answering it with ESME_RX_T_APPN ourselves.
    pub deliver_sm: Duration,
    /// TCP_USER_TIMEOUT and the keepalive time: unacknowledged octets end the connection.
    pub tcp_user: Duration,
}

impl Default for LinkTimeouts {
    /// 10 s, 10 s, 0.9 s (SMSCs give up from 1 s on), 30 s.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            half_read_pdu: Duration::from_secs(10),
            deliver_sm: Duration::from_millis(900),
            tcp_user: Duration::from_secs(30),
        }
    }
}

/// When to connect again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// First and longest pause after a drop or a temporary refusal; each is drawn from zero to the bound.
    pub pause: [Duration; 2],
    /// The same after ESME_RALYBND: the SMSC must first notice that the old session is dead. Never less than the
    /// first.
    pub already_bound: [Duration; 2],
    /// The same after ESME_RTHROTTLED or ESME_RMSGQFUL on a bind. Never less than the first.
    pub throttled: [Duration; 2],
    /// First and longest pause of a parked bind, whose credentials or provisioning somebody must put right.
    pub parked: [Duration; 2],
    /// A bind that lasted this long starts from the first pause again.
    pub stable: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        let seconds = |first, longest| [Duration::from_secs(first), Duration::from_secs(longest)];
        Self {
            pause: seconds(1, 60),
            already_bound: seconds(30, 300),
            throttled: seconds(60, 300),
            parked: seconds(300, 900),
            stable: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_to_one_account_share_a_group_by_default() {
        let mut config = BindConfig::new("viettel-tx", "smsc.example", 2775);
        config.bind.system_id = "dn8383".into();
        assert_eq!(config.group(), "dn8383@smsc.example:2775");
        config.group = Some("viettel".into());
        assert_eq!(config.group(), "viettel");
    }

    #[test]
    fn a_password_never_shows() {
        let mut config = BindConfig::new("viettel", "smsc.example", 2775);
        config.bind.password.0 = "s3cret".into();
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
