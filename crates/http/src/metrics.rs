//! The Prometheus recorder: names, buckets and descriptions of what the daemon counts.
//!
//! A description stands under the name that is counted; the recorder appends `_total` to a counter and `_seconds`
//! to a duration where the name lacks it. Phone numbers, texts, codes and message ids are never labels.

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// Bounds of every histogram, in seconds: from a look-up in memory to a reply that waited for the SMSC.
/// Explicit, because without them the exporter prints summaries, which cannot be added up.
const BUCKETS_S: [f64; 15] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often samples are folded into buckets where nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder of this process; a second call in one process fails.
pub fn recorder() -> Result<PrometheusHandle, BuildError> {
    let handle =
        PrometheusBuilder::new().set_buckets(&BUCKETS_S)?.with_recommended_naming(true).install_recorder()?;
    describe();
    Ok(handle)
}

/// Folds the histograms' samples for ever, so that they don't pile up while nobody scrapes.
pub(crate) async fn upkeep(handle: PrometheusHandle) {
    let mut interval = tokio::time::interval(UPKEEP);
    loop {
        interval.tick().await;
        handle.run_upkeep();
    }
}

/// The counters, by name and meaning.
const COUNTERS: [(&str, &str); 14] = [
    ("tongdai_messages_total", "Whole messages of citizens, by service and what was decided."),
    ("tongdai_ignored_total", "Messages that were not answered on purpose, by reason."),
    (
        "tongdai_doubtful_texts_total",
        "Texts that do not fit their announced coding, by SMSC; many: look at its profile.",
    ),
    ("tongdai_faults_total", "Messages whose decision failed, by service."),
    ("tongdai_submits_total", "SMS parts answered by an SMSC, by verdict."),
    ("tongdai_resent_total", "Messages sent once more because their fate was uncertain."),
    ("tongdai_dead_letters_total", "Messages that no SMSC takes, by service."),
    ("tongdai_receipts_total", "Delivery receipts, by result."),
    ("tongdai_smsc_bind_attempts_total", "Binds tried, by SMSC and result."),
    ("tongdai_smpp_pdus_total", "PDUs, by SMSC, direction and command."),
    ("tongdai_smpp_unmatched_responses_total", "Responses to nothing that we know, by SMSC."),
    ("tongdai_smpp_refused_requests_total", "Requests that were refused or could not be read, by SMSC."),
    ("tongdai_smpp_put_off_total", "deliver_sm that a link answered \"again later\", by SMSC."),
    ("tongdai_http_requests", "HTTP requests, by method, route and status."),
];

/// The gauges, by name and meaning.
const GAUGES: [(&str, &str); 5] = [
    ("tongdai_smsc_bound", "1 while the SMSC is bound, else 0."),
    ("tongdai_smsc_last_pdu_received_timestamp_seconds", "When the SMSC was last heard, since 1970."),
    ("tongdai_smpp_window_in_use", "Submits without an answer, by SMSC."),
    ("tongdai_outbox_queued", "Messages that wait to be submitted."),
    ("tongdai_fingerprints_uncertain", "Messages whose redelivery would be absorbed."),
];

fn describe() {
    for (name, meaning) in COUNTERS {
        describe_counter!(name, meaning);
    }
    for (name, meaning) in GAUGES {
        describe_gauge!(name, meaning);
    }
    let meaning = "From the head of an HTTP request to its answer, by route.";
    describe_histogram!("tongdai_http_request_duration", Unit::Seconds, meaning);
}
