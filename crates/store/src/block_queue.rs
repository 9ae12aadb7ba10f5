//! A queue of millions that grows by blocks: what it holds is never moved to a larger place, which would keep a whole
//! turn waiting for it.

use std::collections::VecDeque;

/// Entries of one block.
const BLOCK: usize = 4_096;

/// First in, first out.
#[derive(Debug)]
pub struct BlockQueue<T> {
    /// None of them is empty.
    blocks: VecDeque<VecDeque<T>>,
    length: usize,
}

impl<T> Default for BlockQueue<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), length: 0 }
    }
}

impl<T> BlockQueue<T> {
    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The first entry.
    pub fn front(&self) -> Option<&T> {
        self.blocks.front()?.front()
    }

    /// The last entry.
    pub fn back(&self) -> Option<&T> {
        self.blocks.back()?.back()
    }

    /// Puts an entry behind all others.
    pub fn push_back(&mut self, entry: T) {
        self.length += 1;
        match self.blocks.back_mut().filter(|block| block.len() < BLOCK) {
            Some(block) => block.push_back(entry),
            None => {
                let mut block = VecDeque::with_capacity(BLOCK);
                block.push_back(entry);
                self.blocks.push_back(block);
            }
        }
    }

    /// Takes the first entry.
    pub fn pop_front(&mut self) -> Option<T> {
        let block = self.blocks.front_mut()?;
        let entry = block.pop_front();
        if block.is_empty() {
            self.blocks.pop_front();
        }
        self.length -= usize::from(entry.is_some());
        entry
    }

    /// Takes the last entry.
    pub fn pop_back(&mut self) -> Option<T> {
        let block = self.blocks.back_mut()?;
        let entry = block.pop_back();
        if block.is_empty() {
            self.blocks.pop_back();
        }
        self.length -= usize::from(entry.is_some());
        entry
    }

    /// All entries in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    /// How many of the first entries have a property that no entry behind them has.
    pub fn partition_point(&self, has: impl Fn(&T) -> bool) -> usize {
        let whole = self.blocks.partition_point(|block| block.back().is_some_and(&has));
        let before: usize = self.blocks.range(..whole).map(VecDeque::len).sum();
        before + self.blocks.get(whole).map_or(0, |block| block.partition_point(has))
    }

    /// Takes the entry at a place out of the middle, where there is one.
    pub fn remove(&mut self, mut place: usize) -> Option<T> {
        let mut at = 0;
        while place >= self.blocks.get(at)?.len() {
            place -= self.blocks[at].len();
            at += 1;
        }
        let entry = self.blocks[at].remove(place);
        if self.blocks[at].is_empty() {
            self.blocks.remove(at);
        }
        self.length -= usize::from(entry.is_some());
        entry
    }

    /// Of the first entries as many as lie side by side; none only where there are none at all.
    pub fn first_slice(&self) -> &[T] {
        self.blocks.front().map_or(&[], |block| block.as_slices().0)
    }

    /// Drops all entries.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl<T> Extend<T> for BlockQueue<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, entries: I) {
        entries.into_iter().for_each(|entry| self.push_back(entry));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Pop(usize),
        PopBack(usize),
        Remove(usize),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => (0..3 * BLOCK).prop_map(Step::Push),
            5 => (0..3 * BLOCK).prop_map(Step::Pop),
            2 => (0..2 * BLOCK).prop_map(Step::PopBack),
            5 => (0..6 * BLOCK).prop_map(Step::Remove),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_queue(steps in prop::collection::vec(step(), 1..24)) {
            let (mut queue, mut plain) = (BlockQueue::default(), VecDeque::new());
            let mut next = 0;
            for step in steps {
                match step {
                    Step::Push(count) => {
                        queue.extend(next..next + count);
                        plain.extend(next..next + count);
                        next += count;
                    }
                    Step::Pop(count) => (0..count).for_each(|_| assert_eq!(queue.pop_front(), plain.pop_front())),
                    Step::PopBack(count) => {
                        (0..count).for_each(|_| assert_eq!(queue.pop_back(), plain.pop_back()));
                    }
                    Step::Remove(place) => {
                        prop_assert_eq!(queue.remove(place), plain.remove(place));
                        let least = next / 2;
                        let below = queue.partition_point(|entry| *entry < least);
                        prop_assert_eq!(below, plain.partition_point(|entry| *entry < least));
                        prop_assert!(queue.iter().rev().eq(plain.iter().rev()));
                    }
                    Step::Clear => {
                        queue.clear();
                        plain.clear();
                    }
                }
                prop_assert_eq!(queue.len(), plain.len());
                prop_assert_eq!((queue.front(), queue.back()), (plain.front(), plain.back()));
                let first = queue.first_slice();
                prop_assert_eq!(first.is_empty(), plain.is_empty());
                prop_assert!(first.iter().eq(plain.range(..first.len())));
            }
            prop_assert!(std::iter::from_fn(|| queue.pop_front()).eq(plain));
        }
    }
}
