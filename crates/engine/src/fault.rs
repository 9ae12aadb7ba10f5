//! A panic in what is pure costs one decision, not the process: the message would come again after each start and end
//! the next process too, and with it every other citizen's service.

use std::panic::{AssertUnwindSafe, catch_unwind};

use model::ServiceId;

/// What is noted in place of a decision.
pub(crate) const FAULT: &str = "fault";

/// What a pure function gave; `None` where it panicked. Nothing it saw was changed, so everything else goes on. The
/// process's panic hook has told where it was.
pub(crate) fn fence<T>(pure: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(pure)).ok()
}

/// The same, and counted where it panicked.
pub(crate) fn caught<T>(service: ServiceId, pure: impl FnOnce() -> T) -> Option<T> {
    let result = fence(pure);
    if result.is_none() {
        note(service);
    }
    result
}

/// Counts a decision that was never made.
pub(crate) fn note(service: ServiceId) {
    tracing::error!(%service, "a service did not come to a decision");
    metrics::counter!("tongdai_faults_total", "service" => service.as_str().to_owned()).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_no_decision_and_no_end() {
        let service = ServiceId::new("danang");
        assert_eq!(caught(service, || 1), Some(1));
        let nothing: &[u8] = &[];
        assert_eq!(caught(service, || nothing[nothing.len()]), None);
    }
}
