//! How often each sender wrote: a table of plain numbers, of which a count and its sender take 8 octets.
//!
//! Every message counts its sender and, a minute later, another: with a million senders that is memory that no cache
//! holds, twice a message. Sender and count in one number are one place to fetch, where a general table fetches two.

use rustc_hash::FxHashMap;

/// The digits of a number, as a number: E.164 has fifteen at most and begins with none that is 0.
pub(super) type Sender = u64;

/// Bits of a slot that count. A number of fifteen digits takes the other fifty.
const COUNT_BITS: u32 = 14;
/// The most that a slot counts; what a sender wrote beyond it is counted beside the tables.
const SLOT_MAX: u64 = (1 << COUNT_BITS) - 1;
/// Tables over which the senders of a minute spread: with a million of them some thousand are copied when one grows.
const TABLES: usize = 256;
/// Slots of a table that holds anything.
const SLOTS_MIN: usize = 16;

/// What has been counted.
pub(super) struct Counts {
    tables: [Table; TABLES],
    /// Beyond [`SLOT_MAX`]: of robots only.
    beyond: FxHashMap<Sender, u64>,
}

impl Counts {
    /// Counts a sender once more; how often he was counted before.
    pub(super) fn add(&mut self, sender: Sender) -> u64 {
        let before = self.table(sender).add(sender);
        if before < SLOT_MAX {
            return before;
        }
        let beyond = self.beyond.entry(sender).or_default();
        *beyond += 1;
        SLOT_MAX + *beyond - 1
    }

    /// Takes one away of a sender who was counted.
    pub(super) fn subtract(&mut self, sender: Sender) {
        match self.beyond.get_mut(&sender) {
            Some(beyond) if *beyond > 1 => *beyond -= 1,
            Some(_) => drop(self.beyond.remove(&sender)),
            None => self.table(sender).subtract(sender),
        }
    }

    /// How many senders are counted.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(|table| table.used).sum()
    }

    fn table(&mut self, sender: Sender) -> &mut Table {
        &mut self.tables[sender as usize % TABLES]
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self { tables: std::array::from_fn(|_| Table::default()), beyond: FxHashMap::default() }
    }
}

/// Open addressing, one place after the next. At least every fourth slot is free, so a search ends soon.
#[derive(Default)]
struct Table {
    /// A sender and his count, or 0. None, or a power of two of them.
    slots: Vec<u64>,
    used: usize,
}

impl Table {
    /// As [`Counts::add`], up to [`SLOT_MAX`].
    fn add(&mut self, sender: Sender) -> u64 {
        if self.used >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let place = self.place(sender);
        let slot = &mut self.slots[place];
        let before = count(*slot);
        match before {
            0 => {
                *slot = sender << COUNT_BITS | 1;
                self.used += 1;
            }
            SLOT_MAX => {}
            _ => *slot += 1,
        }
        before
    }

    fn subtract(&mut self, sender: Sender) {
        let place = self.place(sender);
        match self.slots.get_mut(place) {
            Some(slot) if count(*slot) > 1 => *slot -= 1,
            Some(slot) if *slot != 0 => self.vacate(place),
            _ => {}
        }
    }

    /// Where a sender is counted, or would be.
    fn place(&self, sender: Sender) -> usize {
        let mut place = self.home(sender);
        while self.slots.get(place).is_some_and(|slot| *slot != 0 && *slot >> COUNT_BITS != sender) {
            place = self.after(place);
        }
        place
    }

    /// Where the search for a sender begins: the high bits of a product, for numbers of one office follow one another.
    fn home(&self, sender: Sender) -> usize {
        let product = sender.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (product >> 32) as usize & self.slots.len().wrapping_sub(1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }

    /// Frees a slot, and moves up what would not be found past a free one.
    fn vacate(&mut self, mut free: usize) {
        let mask = self.slots.len() - 1;
        let mut place = self.after(free);
        while self.slots[place] != 0 {
            let home = self.home(self.slots[place] >> COUNT_BITS);
            let is_past_free = place.wrapping_sub(home) & mask >= place.wrapping_sub(free) & mask;
            if is_past_free {
                self.slots[free] = self.slots[place];
                free = place;
            }
            place = self.after(place);
        }
        self.slots[free] = 0;
        self.used -= 1;
    }

    fn grow(&mut self) {
        let larger = vec![0; (self.slots.len() * 2).max(SLOTS_MIN)];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot != 0 {
                let place = self.place(slot >> COUNT_BITS);
                self.slots[place] = slot;
            }
        }
    }
}

fn count(slot: u64) -> u64 {
    slot & SLOT_MAX
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Senders of one table, so that they meet.
    fn sender() -> impl Strategy<Value = Sender> {
        prop_oneof![0_u64..200, Just(3_906_249_999_999)].prop_map(|number| number * TABLES as u64 + 7)
    }

    proptest! {
        #[test]
        fn it_counts_as_a_map_does(steps in prop::collection::vec((sender(), any::<bool>()), 1..2_000)) {
            let mut counts = Counts::default();
            let mut map: HashMap<Sender, u64> = HashMap::new();
            for (sender, adds) in steps {
                let known = map.entry(sender).or_default();
                if adds {
                    prop_assert_eq!(counts.add(sender), *known);
                    *known += 1;
                } else {
                    counts.subtract(sender);
                    *known = known.saturating_sub(1);
                }
            }
            prop_assert_eq!(counts.len(), map.values().filter(|known| **known > 0).count());
            for (sender, known) in map {
                prop_assert_eq!(counts.add(sender), known);
            }
        }
    }

    #[test]
    fn the_longest_number_is_counted_beyond_what_a_slot_holds() {
        let longest = 999_999_999_999_999;
        let mut counts = Counts::default();
        for before in 0..SLOT_MAX + 3 {
            assert_eq!(counts.add(longest), before);
        }
        for left in (0..SLOT_MAX + 3).rev() {
            counts.subtract(longest);
            assert_eq!(counts.add(longest), left);
            counts.subtract(longest);
        }
        assert_eq!((counts.len(), counts.beyond.len()), (0, 0));
    }
}
