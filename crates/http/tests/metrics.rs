//! What `/metrics` prints. Alone in its process, because a recorder is installed once.

use std::time::Duration;

#[test]
fn names_have_one_suffix_and_histograms_have_buckets() {
    let handle = feeds::metrics::recorder().unwrap();
    metrics::counter!("tongdai_http_requests", "route" => "/livez").increment(1);
    metrics::counter!("tongdai_receipts_total", "result" => "matched").increment(1);
    metrics::gauge!("tongdai_smsc_last_pdu_received_timestamp_seconds").set(4096.0);
    metrics::histogram!("tongdai_http_request_duration", "route" => "/login")
        .record(Duration::from_millis(3));
    let text = handle.render();
    for line in [
        "# TYPE tongdai_http_requests_total counter",
        r#"tongdai_http_requests_total{route="/livez"} 1"#,
        "# HELP tongdai_receipts_total Delivery receipts, by result.",
        r#"tongdai_receipts_total{result="matched"} 1"#,
        "tongdai_smsc_last_pdu_received_timestamp_seconds 4096",
        "# TYPE tongdai_http_request_duration_seconds histogram",
        r#"tongdai_http_request_duration_seconds_bucket{route="/login",le="0.005"} 1"#,
        r#"tongdai_http_request_duration_seconds_bucket{route="/login",le="0.0025"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in\n{text}");
    }
    assert!(feeds::metrics::recorder().is_err());
}
