//! F-20: binds that are dropped or refused for ever, and names that do not resolve.

use std::collections::BTreeSet;
use std::time::Duration;

use simulator::{Config, Faults};

use crate::citizens::Citizens;
use crate::stage::{Stage, Usage, config, config_with, eventually, last, number, spec, within};
use crate::support::PATIENCE;

/// Binds that flap at once.
const BINDS: usize = 64;
/// A pause short enough for thousands of cycles; the doubling of pauses has tests of its own.
const HASTY: &str = "timers=pause=100ms+enquire-link=45s";
/// Memory that may come and go with the allocator's moods.
const GROWTH_MAX_KIB: u64 = 4 * 1024;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("bind{n}")).collect()
}

async fn stage(config: Config, count: usize, more: &str) -> Stage {
    let names = names(count);
    let binds: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), more)).collect();
    Stage::unbound(config, &binds).await
}

async fn all_bound(stage: &Stage) {
    within(PATIENCE, || stage.metric("tongdai_smsc_bound", &[]) == BINDS as u64).await;
    let bound = || stage.simulator.binds().iter().filter(|bind| bind.mode.is_some()).count();
    eventually(|| bound() == BINDS && stage.simulator.binds().len() == BINDS).await;
}

/// Lets the links flap until so many more binds were made, and measures once all stand.
async fn flap(stage: &Stage, cycles: u64) -> Usage {
    let goal = stage.simulator.stats().binds + cycles;
    stage.simulator.set_faults(Faults { drop_after_bind: true, ..Faults::default() });
    for bind in stage.simulator.binds() {
        stage.simulator.drop_bind(bind.id);
    }
    let patience = PATIENCE + Duration::from_millis(20) * u32::try_from(cycles).unwrap();
    assert!(stage.simulator.wait_until(patience, |stats| stats.binds >= goal).await);
    stage.simulator.set_faults(Faults::default());
    all_bound(stage).await;
    Usage::of(stage.daemon().pid())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_20_binding_and_being_dropped_costs_no_memory_no_files_and_no_log() {
    let cycles = number("TONGDAI_BIND_CYCLES", 500);
    let stage = stage(config(), BINDS, HASTY).await;
    all_bound(&stage).await;
    // The first cycles fill caches and pools.
    let before = flap(&stage, cycles.min(1_000)).await;
    let lines = stage.home.log_text().lines().count();
    let after = flap(&stage, cycles).await;
    println!("{cycles} binds and drops: {before:?}, then {after:?}");
    assert!(after.rss_kib <= before.rss_kib + GROWTH_MAX_KIB, "{before:?}, then {after:?}");
    assert!(after.files <= before.files + 2, "{before:?}, then {after:?}");
    assert!(after.threads <= before.threads + 1, "{before:?}, then {after:?}");
    let more = stage.home.log_text().lines().count() - lines;
    assert!(more <= 8 * BINDS, "{more} lines of log for {cycles} cycles of {BINDS} binds");
    // And all that time it is the daemon that it was.
    let mut citizens = Citizens::default();
    citizens.book(&stage.simulator, 10);
    citizens.audit(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_20_links_that_were_dropped_together_come_back_apart() {
    let stage = stage(config(), BINDS, "").await;
    all_bound(&stage).await;
    for bind in stage.simulator.binds() {
        stage.simulator.drop_bind(bind.id);
    }
    eventually(|| stage.simulator.stats().binds == 2 * BINDS as u64).await;
    all_bound(&stage).await;
    let since: BTreeSet<_> = stage.simulator.binds().into_iter().map(|bind| bind.since).collect();
    let spread = since.last().unwrap().duration_since(*since.first().unwrap());
    // The first pause is drawn from zero to a second.
    assert!(spread.as_millis() > 500, "all within {spread:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_20_a_hundred_refused_binds_cost_little_and_hammer_nobody() {
    const MEASURED: Duration = Duration::from_secs(30);
    let count = usize::try_from(number("TONGDAI_REFUSED_BINDS", 100)).unwrap();
    let refusing = config_with(Faults { refuse_bind_status: 0x08, ..Faults::default() });
    let simulator = simulator::Simulator::start(refusing).await.unwrap();
    let port = simulator.smpp_address().port();
    // A port where nobody listens, and a name that does not resolve (RFC 2606), in between.
    let names = names(count);
    let smscs = names.iter().enumerate().map(|(n, name)| match n % 4 {
        0 | 1 => spec(name, port, ""),
        2 => spec(name, 1, ""),
        _ => spec(name, port, "").replace("host=127.0.0.1", "host=smsc.invalid"),
    });
    let stage = Stage::of(simulator, smscs.collect());
    let half = count as u64 / 2;
    assert!(stage.simulator.wait_until(PATIENCE, |stats| stats.binds_refused >= half).await);
    let before = Usage::of(stage.daemon().pid());
    last(MEASURED).await;
    let after = Usage::of(stage.daemon().pid());
    let share = (after.cpu_s - before.cpu_s) / MEASURED.as_secs_f64();
    let attempts = stage.metric("tongdai_smsc_bind_attempts_total", &[]);
    println!(
        "{count} refused binds: {:.2} % CPU, {attempts} attempts, {before:?}, then {after:?}",
        share * 100.0
    );
    assert!(share < 0.05, "{:.1} % CPU", share * 100.0);
    // Pauses are drawn from 0 to 1 s, 2 s, 4 s … 60 s: about six in half a minute.
    assert!(attempts <= 12 * count as u64, "{attempts} attempts of {count} binds");
    assert!(after.files <= before.files + count, "{before:?}, then {after:?}");
    let lines = stage.home.log_text().lines().filter(|line| line.contains("\"down\"")).count();
    assert!(lines <= 3 * count, "{lines} lines say that a bind is down");
}
