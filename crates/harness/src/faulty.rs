//! Disks that fail: a library that is preloaded into a real process and fails its calls, and file systems on images
//! whose power can be cut, that fill up, and that turn read-only. And clocks that step.

mod loop_disk;
mod shim;

pub use loop_disk::LoopDisk;
pub use shim::{Fault, Shim, Step, Switch, WallClock, read_report};
