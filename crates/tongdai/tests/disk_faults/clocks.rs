//! F-10: the wall clock steps under a bound daemon and between two starts.

use harness::citizens::Mix;
use harness::faulty::WallClock;

use crate::stage::{PATIENCE, SOME, Stage, shim};

const HOUR: i64 = 3_600;
const YEAR: i64 = 365 * 24 * HOUR;

/// Steps from the machine's time, one after the other; 56 years back is before 1970 was over.
const STEPS: [i64; 7] = [HOUR + 60, -2 * HOUR, 10 * YEAR, -10 * YEAR, 1, -56 * YEAR, 0];

/// To noon in Viet Nam next year: what nobody asked for leaves in notice hours only, whenever this test runs.
#[allow(clippy::disallowed_methods, reason = "the daemon under test runs ahead of the machine's clock")]
fn to_a_noon_next_year() -> i64 {
    const NOON: i64 = 5 * HOUR;
    const DAY: i64 = 24 * HOUR;
    YEAR + (NOON - jiff::Timestamp::now().as_second()).rem_euclid(DAY)
}

/// Bookings are made for days of the machine's calendar, and before 1990 nobody was born who registers here.
fn mix(ahead: i64) -> Mix {
    let registrations = if ahead == STEPS[5] { 0 } else { SOME.registrations };
    Mix { registrations, bookings: 0, cancellations: 0, ..SOME }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_10_clock_steps_of_hours_and_years_while_bound_lose_nothing_and_double_nothing() {
    let Some(shim) = shim() else { return };
    let mut stage = Stage::new().await;
    let mut command = stage.command();
    shim.watch(&mut command, &stage.data);
    let clock = WallClock::install(&mut command, &stage.home.path().join("clock"));
    let daemon = stage.start_as(command);
    stage.serve_some().await;
    for ahead in STEPS {
        clock.set_ahead(ahead).unwrap();
        stage.citizens.send(&stage.simulator, &mix(ahead)).unwrap();
        stage.wait_answers().await;
    }
    assert_eq!(stage.log().matches("the clock jumped").count(), 1, "told once: it stays doubtful");
    let stats = stage.simulator.stats();
    assert_eq!((stats.binds, stats.duplicates, stats.unanswered), (1, 0, 0), "{stats:?}");
    stage.stop_and_audit(daemon);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_10_a_start_years_ahead_or_behind_holds_timers_and_serves() {
    let Some(shim) = shim() else { return };
    for ahead in [10 * YEAR, -10 * YEAR, -56 * YEAR, -2 * HOUR] {
        let mut stage = Stage::new().await;
        let daemon = stage.start();
        stage.serve_some().await;
        assert!(daemon.terminate(PATIENCE).unwrap().success());

        let mut command = stage.command();
        shim.watch(&mut command, &stage.data);
        let clock = WallClock::install(&mut command, &stage.home.path().join("clock"));
        clock.set_ahead(ahead).unwrap();
        let daemon = stage.start_as(command);
        assert!(stage.log().contains("the clock is doubtful"), "{ahead} s");
        stage.citizens.send(&stage.simulator, &mix(ahead)).unwrap();
        stage.wait_answers().await;
        // Passwords of years ago are not rotated, bookings not forgotten: the audit finds them.
        stage.stop_and_audit(daemon);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_10_a_start_with_a_confirmed_clock_lets_the_held_timers_run() {
    let Some(shim) = shim() else { return };
    let mut stage = Stage::new().await;
    let daemon = stage.start();
    stage.serve_some().await;
    assert!(daemon.terminate(PATIENCE).unwrap().success());
    let before = stage.simulator.stats();

    let ahead = to_a_noon_next_year();
    let start = |confirmed: bool| {
        let mut command = stage.command();
        shim.watch(&mut command, &stage.data);
        WallClock::install(&mut command, &stage.home.path().join("clock")).set_ahead(ahead).unwrap();
        if confirmed {
            command.arg("--clock-confirmed");
        }
        stage.start_as(command)
    };
    let daemon = start(false);
    assert!(stage.simulator.wait_receivers(1, PATIENCE).await);
    assert!(daemon.terminate(PATIENCE).unwrap().success());
    assert_eq!(stage.simulator.stats().submits, before.submits, "nothing was rotated");

    let daemon = start(true);
    // The password of last year gave way to a new one, and its owner is told.
    let told = stage.simulator.wait_until(PATIENCE, |stats| stats.replies > before.replies).await;
    assert!(told, "{}", stage.log());
    assert!(daemon.terminate(PATIENCE).unwrap().success());
}
