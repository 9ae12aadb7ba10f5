//! Where a test may kill the process, and bugs that a test plants to see that they are caught.
//!
//! Without the feature `armed` every function here is empty and the compiler leaves nothing of it. With it,
//! `TONGDAI_KILL_AT=decided:37` ends the process by SIGKILL the 37th time that [`Point::Decided`] is reached,
//! `TONGDAI_PANIC_AT` panics there, and `TONGDAI_PLANT` or `plant` puts a [`Bug`] into this process.
//! docs/RELIABILITY.md tells who uses it.

mod bug;
mod point;

pub use bug::Bug;
pub use point::Point;

#[cfg(feature = "armed")]
mod armed;

/// Says that the path got here; the process may end in it.
#[inline]
pub fn reached(point: Point) {
    #[cfg(feature = "armed")]
    armed::reached(point);
    #[cfg(not(feature = "armed"))]
    let _ = point;
}

/// Says that `point` is reached with the next [`reached_what_was_queued`] of this thread: octets that wait in a
/// buffer are not written yet.
#[inline]
pub fn queued(point: Point) {
    #[cfg(feature = "armed")]
    armed::queued(point);
    #[cfg(not(feature = "armed"))]
    let _ = point;
}

/// Reaches every point that this thread has [`queued`].
#[inline]
pub fn reached_what_was_queued() {
    #[cfg(feature = "armed")]
    armed::reached_what_was_queued();
}

/// Whether a test planted this bug.
#[inline]
pub fn planted(bug: Bug) -> bool {
    #[cfg(feature = "armed")]
    return armed::planted(bug);
    #[cfg(not(feature = "armed"))]
    {
        let _ = bug;
        false
    }
}

/// A number of the environment in place of a constant, so that a short run reaches what takes hours otherwise:
/// `or` unless armed and set.
#[inline]
pub fn setting(name: &str, or: u64) -> u64 {
    #[cfg(feature = "armed")]
    return armed::setting(name).unwrap_or(or);
    #[cfg(not(feature = "armed"))]
    {
        let _ = name;
        or
    }
}

/// Plants a bug in this process, in place of the one before; `None` for none.
#[cfg(feature = "armed")]
pub fn plant(bug: Option<Bug>) {
    armed::plant(bug);
}
