//! Counters by service and template, their handles kept.

use metrics::Counter;
use model::ServiceId;
use rustc_hash::FxHashMap;

/// Labels kept of one service: its templates and the words for what needs none.
const LABELS_MAX: usize = 512;

/// Handles, so that a message costs no look-up by string in the recorder.
#[derive(Default)]
pub(crate) struct Meters {
    messages: FxHashMap<ServiceId, FxHashMap<String, Counter>>,
    /// By verdict: a handful of words.
    submits: Vec<(&'static str, Counter)>,
}

impl Meters {
    /// Counts a citizen's message by what was decided.
    pub(crate) fn message(&mut self, service: &ServiceId, label: &str) {
        let labels = match self.messages.get_mut(service) {
            Some(labels) => labels,
            None => self.messages.entry(service.clone()).or_default(),
        };
        if let Some(counter) = labels.get(label) {
            counter.increment(1);
            return;
        }
        let label = if labels.len() < LABELS_MAX { label } else { "other" };
        let counter = metrics::counter!("tongdai_messages_total",
            "service" => service.as_str().to_owned(), "label" => label.to_owned());
        counter.increment(1);
        labels.insert(label.to_owned(), counter);
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
