//! A simulated disk and simulated records: they lose what was not synced, tear writes at sectors, and fail at
//! a chosen operation. For tests of this crate and for the harness; deterministic in their seeds.

mod disk;
mod records;

pub use disk::SimDisk;
pub use records::SimRecords;

/// A small generator (splitmix64) that decides what a power cut leaves.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn flip(&mut self) -> bool {
        self.roll() & 1 == 1
    }

    /// A number from 0 to `most`.
    fn up_to(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % (most as u64 + 1)).unwrap_or(0)
    }
}
