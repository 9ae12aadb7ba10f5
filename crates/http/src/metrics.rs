//! The Prometheus recorder: names, buckets and descriptions of what the daemon counts.
//!
//! Counters are named without `_total` and durations without `_seconds`: the recorder appends both. Phone
//! numbers, texts, codes and message ids are never labels.

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
const COUNTERS: [(&str, &str); 9] = [
    ("tongdai_smsc_bind_attempts", "Binds tried, by SMSC and result."),
    ("tongdai_smpp_pdus", "PDUs, by SMSC, direction and command."),
    ("tongdai_messages_received", "Whole messages of citizens, by SMSC and service."),
    ("tongdai_rule_matches", "Messages, by service and rule that matched."),
    ("tongdai_replies_submitted", "Messages given to an SMSC, by SMSC, service and status of its answer."),
    ("tongdai_reply_parts", "SMS parts submitted, by SMSC and coding."),
    ("tongdai_receipts", "Delivery receipts, by SMSC and state."),
    ("tongdai_log_lines", "Log lines, by level."),
    ("tongdai_http_requests", "HTTP requests, by method, route and status."),
];

/// The gauges without a unit, by name and meaning.
const GAUGES: [(&str, &str); 5] = [
    ("tongdai_build_info", "1, labelled with version and commit."),
    ("tongdai_smsc_bound", "1 while the SMSC is bound, else 0."),
    ("tongdai_smpp_window_in_use", "Submits without an answer, by SMSC."),
    ("tongdai_queue_messages", "Messages that wait, by queue."),
    ("tongdai_services_last_reload_successful", "1 where the last reading of the services files went well."),
];

/// The gauges that hold a moment, in seconds since 1970.
const MOMENTS: [(&str, &str); 3] = [
    ("tongdai_smsc_last_pdu_received_timestamp", "When the SMSC was last heard."),
    ("tongdai_queue_oldest_timestamp", "When the oldest waiting message came, by queue."),
    ("tongdai_services_last_reload_success_timestamp", "When the services files were last read well."),
];

/// The histograms, in seconds.
const DURATIONS: [(&str, &str); 2] = [
    ("tongdai_reply_duration", "From a citizen's message to the submit of its reply, by service."),
    ("tongdai_http_request_duration", "From the head of an HTTP request to its answer, by route."),
];

fn describe() {
    for (name, meaning) in COUNTERS {
        describe_counter!(name, meaning);
    }
    for (name, meaning) in GAUGES {
        describe_gauge!(name, meaning);
    }
    for (name, meaning) in MOMENTS {
        describe_gauge!(name, Unit::Seconds, meaning);
    }
    for (name, meaning) in DURATIONS {
        describe_histogram!(name, Unit::Seconds, meaning);
    }
    describe_gauge!("tongdai_store_size", Unit::Bytes, "Octets of the data directory.");
}
