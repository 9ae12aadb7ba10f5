//! F-17, F-18: an SMSC that does not read, and one that has more than the daemon can take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use simulator::{Config, Faults, Pace, Simulator};

use crate::citizens::{Citizens, look_ups};
use crate::stage::{FAST, Stage, Usage, config, eventually, number, spec};
use crate::support::PATIENCE;

/// Memory that a load may cost beyond what the daemon has at rest: channels, windows and caches are bounded, and
/// far below it.
const GROWTH_MAX_KIB: u64 = 96 * 1024;

/// A simulator that waits long for answers and leaves so many deliveries of each bind unanswered.
fn wide_open(window: usize) -> Config {
    let mut config = Config { response_timeout: Duration::from_secs(3_600), ..config() };
    config.exchange.window = window;
    config
}

/// Watches a process and keeps the most memory that it had.
struct Watch {
    peak_kib: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn of(pid: u32) -> Self {
        let watch = Self { peak_kib: Arc::default(), over: Arc::default() };
        let (peak_kib, over) = (watch.peak_kib.clone(), watch.over.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                // The daemon may have ended with its test.
                let Some(usage) = Usage::try_of(pid) else { return };
                peak_kib.fetch_max(usage.rss_kib, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        watch
    }

    /// The most so far; watches no longer.
    fn peak_kib(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.peak_kib.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_17_an_smsc_that_stops_reading_is_left_and_what_it_sent_meanwhile_runs_once() {
    let stage = Stage::with(wide_open(6_000), &[("a", &format!("window=5000,{FAST}"))]).await;
    let rest = Usage::of(stage.daemon().pid());
    let watch = Watch::of(stage.daemon().pid());
    let mut citizens = Citizens::default();
    stage.simulator.set_faults(Faults { stop_reading: true, ..Faults::default() });
    citizens.book(&stage.simulator, 100);
    citizens.look_up(&stage.simulator, 2_000);
    // All is run, and no word of it is heard; then the link is given up, and the next is not even bound.
    eventually(|| stage.metric("tongdai_messages_total", &[]) == 2_100).await;
    eventually(|| stage.metric("tongdai_smsc_bound", &[]) == 0).await;
    assert_eq!(stage.simulator.stats().acknowledged, 0);
    stage.simulator.set_faults(Faults::default());
    citizens.answered(&stage).await;
    assert_eq!(stage.metric("tongdai_messages_total", &[]), 2_100, "nothing ran twice");
    let peak = watch.peak_kib();
    assert!(peak < rest.rss_kib + GROWTH_MAX_KIB, "{rest:?}, at most {peak} KiB");
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_18_a_burst_loses_nothing_costs_bounded_memory_and_starves_no_other_bind() {
    let messages = usize::try_from(number("TONGDAI_BURST_MESSAGES", 4_000)).unwrap();
    let burst = Simulator::start(wide_open(500)).await.unwrap();
    let calm = Simulator::start(config()).await.unwrap();
    let smscs = [("a", &burst), ("b", &burst), ("c", &calm)].map(|(name, simulator)| {
        let group = if name == "c" { "calm" } else { "burst" };
        spec(name, simulator.smpp_address().port(), &format!("window=200,group={group}"))
    });
    let mut stage = Stage::of(calm, smscs.into());
    let ready = burst.wait_receivers(2, PATIENCE).await && stage.simulator.wait_receivers(1, PATIENCE).await;
    assert!(ready, "{}", stage.home.log_text());
    let rest = Usage::of(stage.daemon().pid());
    let watch = Watch::of(stage.daemon().pid());
    let patience = PATIENCE + Duration::from_millis(5) * messages as u32;
    let loud = {
        let burst = burst.clone();
        tokio::spawn(
            async move { burst.send_many(look_ups(500_000, messages), Pace::Flat, true, patience).await },
        )
    };
    // Meanwhile others ask at a calm pace, and are served.
    let calm =
        stage.simulator.send_many(look_ups(0, 100), Pace::PerSecond(50), true, patience).await.unwrap();
    assert_eq!((calm.acknowledged, calm.replies), (100, 100));
    let calm_max = Duration::from_micros(calm.latencies.reply.p99_us);
    let loud = loud.await.unwrap().unwrap();
    let peak = watch.peak_kib();
    println!(
        "burst: {} messages in {:?}, put off {}, memory {} KiB at rest and {peak} KiB at most, others p99 {calm_max:?}",
        loud.messages,
        loud.elapsed,
        burst.stats().retry_later,
        rest.rss_kib,
    );
    assert_eq!((loud.acknowledged, loud.replies), (messages as u64, messages as u64));
    assert!(peak < rest.rss_kib + GROWTH_MAX_KIB, "{rest:?}, at most {peak} KiB");
    // They stand behind a window of each loud bind at most, however long the burst is: a quarter of the short form.
    let behind = loud.elapsed * 1_000 / messages as u32;
    assert!(calm_max < 2 * behind + Duration::from_secs(1), "others waited {calm_max:?}");
    for message in look_ups(500_000, messages) {
        let received = burst.received(&message.from, 0);
        let mark = message.text.trim_start_matches("XNC ");
        assert!(received.iter().all(|it| it.text.contains(mark)), "another's text");
    }
    let (stats, resent) = (burst.stats(), stage.resent());
    assert!(stats.unmatched <= resent, "{} copies, {resent} owned up to", stats.unmatched);
    stage.leave();
}
