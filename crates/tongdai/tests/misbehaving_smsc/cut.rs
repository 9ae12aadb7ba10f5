//! F-12: the SMSC closes inside a PDU.

use simulator::Faults;

use crate::citizens::Citizens;
use crate::stage::{FAST, Stage, eventually};

/// More octets than the deliver_sm of a booking has: 16 of its header, some 70 of its body.
const OCTETS_MAX: u16 = 110;
const LINKS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_12_the_smsc_closes_inside_a_pdu_at_every_octet() {
    let binds = ["a", "b", "c", "d"].map(|name| (name, FAST));
    assert_eq!(binds.len(), LINKS);
    let stage = Stage::with(crate::stage::config(), &binds).await;
    let mut citizens = Citizens::default();
    for octets in 1..=OCTETS_MAX {
        // At least one link stands, so that what was cut comes again at once.
        eventually(|| stage.simulator.binds().iter().filter(|bind| bind.mode.is_some()).count() >= 2).await;
        stage.simulator.set_faults(Faults { cut_inside_deliver_once: octets, ..Faults::default() });
        citizens.book(&stage.simulator, 1);
        let booked = citizens.all.last().unwrap();
        let settled = stage.simulator.wait_settled(booked.message, crate::support::PATIENCE).await.unwrap();
        assert_eq!(settled.deliveries, 2, "cut after {octets} octets, and whole");
    }
    citizens.answered(&stage).await;
    assert_eq!(stage.simulator.stats().lost_with_link, u64::from(OCTETS_MAX));
    let seen = stage.metric("tongdai_smpp_pdus_total", &["received", "\"deliver_sm\""]);
    let cuts_inside = 2 * u64::from(OCTETS_MAX) - seen;
    let whole = u64::from(OCTETS_MAX) - cuts_inside;
    assert!(cuts_inside > 80 && whole > 5, "of {OCTETS_MAX} cuts {whole} came after a whole PDU");
    let answers = stage.metric("tongdai_smpp_pdus_total", &["sent", "\"submit_sm\""]);
    assert!(answers >= u64::from(OCTETS_MAX), "each was answered, and counted: {answers}");
    // A whole one that came with its link's end is the SMSC's still; had it run, the audit would find it twice.
    eventually(|| stage.metric("tongdai_smsc_bound", &[]) == LINKS as u64).await;
    citizens.audit(stage).await;
}
