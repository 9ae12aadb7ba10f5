//! What `/metrics` prints. Alone in its process, because a recorder is installed once.

use std::time::Duration;

#[test]
fn names_have_one_suffix_and_histograms_have_buckets() {
    let handle = feeds::metrics::recorder().unwrap();
    metrics::counter!("tongdai_http_requests", "route" => "/livez").increment(1);
    metrics::gauge!("tongdai_store_size").set(4096.0);
    metrics::histogram!("tongdai_reply_duration", "service" => "hue").record(Duration::from_millis(3));
    let text = handle.render();
    for line in [
        "# TYPE tongdai_http_requests_total counter",
        r#"tongdai_http_requests_total{route="/livez"} 1"#,
        "tongdai_store_size_bytes 4096",
        "# TYPE tongdai_reply_duration_seconds histogram",
        r#"tongdai_reply_duration_seconds_bucket{service="hue",le="0.005"} 1"#,
        r#"tongdai_reply_duration_seconds_bucket{service="hue",le="0.0025"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in\n{text}");
    }
    assert!(feeds::metrics::recorder().is_err());
}
