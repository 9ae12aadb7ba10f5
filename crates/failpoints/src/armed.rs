//! What the functions do where the feature is on.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::{Bug, Point};

/// Where and the how many-th time.
struct Place {
    point: Point,
    at: u64,
    reached: AtomicU64,
}

static KILL: OnceLock<Option<Place>> = OnceLock::new();
static PANIC: OnceLock<Option<Place>> = OnceLock::new();

/// Place of the planted bug in [`Bug::ALL`], from 1; 0 for none.
static PLANTED: AtomicU8 = AtomicU8::new(0);

/// The bug that the environment plants in this process for good.
static ASKED: OnceLock<Option<Bug>> = OnceLock::new();

thread_local! {
    static QUEUED: RefCell<Vec<Point>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn reached(point: Point) {
    if is_there(&PANIC, "TONGDAI_PANIC_AT", point) {
        panic!("asked for");
    }
    if is_there(&KILL, "TONGDAI_KILL_AT", point) {
        // SIGKILL as from outside: no destructor runs, nothing is flushed.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// Whether this is the place that the environment names.
fn is_there(place: &OnceLock<Option<Place>>, name: &str, point: Point) -> bool {
    let place = place.get_or_init(|| from_environment(name)).as_ref().filter(|place| place.point == point);
    place.is_some_and(|place| place.reached.fetch_add(1, Ordering::SeqCst) + 1 == place.at)
}

pub(crate) fn queued(point: Point) {
    QUEUED.with_borrow_mut(|queued| queued.push(point));
}

pub(crate) fn reached_what_was_queued() {
    QUEUED.take().into_iter().for_each(reached);
}

pub(crate) fn planted(bug: Bug) -> bool {
    PLANTED.load(Ordering::Relaxed) == bug as u8 + 1 || *ASKED.get_or_init(bug_from_environment) == Some(bug)
}

pub(crate) fn plant(bug: Option<Bug>) {
    PLANTED.store(bug.map_or(0, |bug| bug as u8 + 1), Ordering::Relaxed);
}

pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `NAME=POINT:TIMES`. What can't be read is an error of the test, and must not pass for a run without.
fn from_environment(variable: &str) -> Option<Place> {
    let asked = std::env::var(variable).ok()?;
    let (name, times) = asked.split_once(':').unwrap_or((&asked, "1"));
    let point = Point::ALL.into_iter().find(|point| point.name() == name);
    match (point, times.parse()) {
        (Some(point), Ok(at)) => Some(Place { point, at, reached: AtomicU64::new(0) }),
        _ => panic!("{variable}={asked}: no such point"),
    }
}

/// `TONGDAI_PLANT=BUG`.
fn bug_from_environment() -> Option<Bug> {
    let asked = std::env::var("TONGDAI_PLANT").ok()?;
    let bug = Bug::ALL.into_iter().find(|bug| bug.name() == asked);
    assert!(bug.is_some(), "TONGDAI_PLANT={asked}: no such bug");
    bug
}
