//! What the engine must know of the binds; the services come as [`routing::Rules`].

use std::collections::BTreeMap;

use codec::{receipt::ReceiptIds, segment};
use model::Name;
use model::plan::NumberingPlan;

use crate::verdict::Verdict;

/// The engine's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The binds; [`crate::LinkId`] is the place in this list.
    pub links: Vec<LinkConfig>,
}

/// One bind as the engine sees it.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// For logs and metrics.
    pub name: String,
    /// Binds of one group lead to the same SMSC: a receipt may come on any of them, an answer may leave by any.
    pub group: Name,
    /// Whether messages come over it (receiver or transceiver).
    pub receives: bool,
    /// The country whose subscribers write through it.
    pub plan: &'static NumberingPlan,
    /// How its SMSC takes and sends texts.
    pub profile: Profile,
}

/// What is particular about an SMSC.
#[derive(Debug, Clone)]
pub struct Profile {
    /// How texts are cut and what data_coding 0 means.
    pub segments: segment::Profile,
    /// Statuses that this SMSC uses in its own way.
    pub statuses: BTreeMap<u32, Verdict>,
    /// How its receipts write the ids of its responses.
    pub receipt_ids: ReceiptIds,
    /// Whether a validity_period is sent; some SMSCs refuse any (ESME_RINVEXPIRY).
    pub validity: bool,
    /// TON and NPI of our number in messages that answer nothing (an answer echoes what the citizen wrote to).
    pub source_ton_npi: (u8, u8),
    /// TON and NPI of the citizen's number in such messages.
    pub destination_ton_npi: (u8, u8),
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            segments: segment::Profile::default(),
            statuses: BTreeMap::new(),
            receipt_ids: ReceiptIds::default(),
            validity: true,
            source_ton_npi: (0, 1),
            destination_ton_npi: (1, 1),
        }
    }
}
