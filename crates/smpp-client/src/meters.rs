//! The metrics of one link, looked up once.

use codec::command_id;
use metrics::{Counter, Gauge, counter, gauge};

/// Commands counted under their own name; all others count as `other`.
const COMMANDS: [u32; 15] = [
    command_id::GENERIC_NACK,
    command_id::BIND_RECEIVER,
    command_id::BIND_RECEIVER_RESP,
    command_id::BIND_TRANSMITTER,
    command_id::BIND_TRANSMITTER_RESP,
    command_id::BIND_TRANSCEIVER,
    command_id::BIND_TRANSCEIVER_RESP,
    command_id::SUBMIT_SM,
    command_id::SUBMIT_SM_RESP,
    command_id::DELIVER_SM,
    command_id::DELIVER_SM_RESP,
    command_id::UNBIND,
    command_id::UNBIND_RESP,
    command_id::ENQUIRE_LINK,
    command_id::ENQUIRE_LINK_RESP,
];

/// How a bind attempt ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    Bound,
    Refused,
    Failed,
}

impl Attempt {
    fn label(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// PDUs in one direction: counted as they come, told once a wake-up.
pub(crate) struct Pdus {
    /// In the order of [`COMMANDS`], and behind them the others'.
    counters: Vec<Counter>,
    untold: [u64; COMMANDS.len() + 1],
}

impl Pdus {
    fn new(smsc: &str, direction: &'static str) -> Self {
        let handle = |command: &'static str| counter!("tongdai_smpp_pdus_total", "smsc" => smsc.to_owned(), "direction" => direction, "command" => command);
        let named = COMMANDS.iter().map(|id| command_id::name(*id).unwrap_or("other"));
        Self { counters: named.chain(["other"]).map(handle).collect(), untold: [0; COMMANDS.len() + 1] }
    }

    pub(crate) fn count(&mut self, command_id: u32) {
        let place = COMMANDS.iter().position(|known| *known == command_id).unwrap_or(COMMANDS.len());
        self.untold[place] += 1;
    }

    pub(crate) fn tell(&mut self) {
        for (counter, untold) in self.counters.iter().zip(&mut self.untold) {
            if *untold > 0 {
                counter.increment(std::mem::take(untold));
            }
        }
    }
}

/// See the module.
pub(crate) struct Meters {
    pub(crate) received: Pdus,
    pub(crate) sent: Pdus,
    pub(crate) bound: Gauge,
    pub(crate) last_pdu_received: Gauge,
    pub(crate) window_in_use: Gauge,
    /// Responses to nothing that we know.
    pub(crate) unmatched: Counter,
    /// Requests that were refused or could not be read.
    pub(crate) refused: Counter,
    /// deliver_sm that the link itself answered "again later".
    pub(crate) put_off: Counter,
    attempts: [Counter; 3],
}

impl Meters {
    pub(crate) fn new(smsc: &str) -> Self {
        let gauge_of = |name: &'static str| gauge!(name, "smsc" => smsc.to_owned());
        let counter_of = |name: &'static str| counter!(name, "smsc" => smsc.to_owned());
        Self {
            received: Pdus::new(smsc, "received"),
            sent: Pdus::new(smsc, "sent"),
            bound: gauge_of("tongdai_smsc_bound"),
            last_pdu_received: gauge_of("tongdai_smsc_last_pdu_received_timestamp_seconds"),
            window_in_use: gauge_of("tongdai_smpp_window_in_use"),
            unmatched: counter_of("tongdai_smpp_unmatched_responses_total"),
            refused: counter_of("tongdai_smpp_refused_requests_total"),
            put_off: counter_of("tongdai_smpp_put_off_total"),
            attempts: [Attempt::Bound, Attempt::Refused, Attempt::Failed].map(|attempt| {
                counter!(
                    "tongdai_smsc_bind_attempts_total",
                    "smsc" => smsc.to_owned(),
                    "result" => attempt.label(),
                )
            }),
        }
    }

    pub(crate) fn attempt(&self, attempt: Attempt) {
        self.attempts[attempt as usize].increment(1);
    }
}
