//! Counters by service and template, their handles kept.

use metrics::Counter;
use model::{Name, ServiceId};
use rustc_hash::FxHashMap;

/// Labels kept of one service: its templates and the words for what needs none.
const LABELS_MAX: usize = 512;

/// Handles, so that a message costs no look-up by string in the recorder.
#[derive(Default)]
pub(crate) struct Meters {
    messages: FxHashMap<ServiceId, FxHashMap<Name, Counter>>,
    /// By verdict: a handful of words.
    submits: Vec<(&'static str, Counter)>,
}

impl Meters {
    /// Counts a citizen's message by what was decided.
    pub(crate) fn message(&mut self, service: ServiceId, label: Name) {
        let labels = self.messages.entry(service).or_default();
        let full = labels.len() >= LABELS_MAX;
        let counter = labels.entry(label).or_insert_with(|| {
            let label = if full { "other" } else { label.as_str() };
            metrics::counter!("tongdai_messages_total", "service" => service.as_str(), "label" => label)
        });
        counter.increment(1);
    }

    /// Counts what became of a submit.
    pub(crate) fn submit(&mut self, verdict: &'static str) {
        if let Some((_, counter)) = self.submits.iter().find(|(word, _)| *word == verdict) {
            counter.increment(1);
            return;
        }
        let counter = metrics::counter!("tongdai_submits_total", "verdict" => verdict);
        counter.increment(1);
        self.submits.push((verdict, counter));
    }

    /// Drops the handles: other services may be in force.
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
    }
}

/// Counts messages that were not answered on purpose.
pub(crate) fn ignored(reason: &'static str) {
    metrics::counter!("tongdai_ignored_total", "reason" => reason).increment(1);
}

/// Counts receipts by whether their message was found.
pub(crate) fn receipt(result: &'static str) {
    metrics::counter!("tongdai_receipts_total", "result" => result).increment(1);
}

/// Counts texts whose octets do not fit the coding that was announced: many of them say that the bind's profile is
/// wrong.
pub(crate) fn doubtful(smsc: &str) {
    metrics::counter!("tongdai_doubtful_texts_total", "smsc" => smsc.to_owned()).increment(1);
}
