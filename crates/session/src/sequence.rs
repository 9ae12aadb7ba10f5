//! Our own sequence numbers (SMPP 3.4, 5.1.4). The peer's are a space of their own and are only echoed.

/// The highest sequence number that we send; after it comes 1.
pub const SEQUENCE_NUMBER_MAX: u32 = 0x7FFF_FFFF;

/// Counts 1 to [`SEQUENCE_NUMBER_MAX`] and begins again at 1.
#[derive(Debug)]
pub(crate) struct SequenceNumbers {
    next: u32,
}

impl SequenceNumbers {
    /// A new session begins at 1.
    pub(crate) fn new() -> Self {
        Self { next: 1 }
    }

    /// The next number.
    pub(crate) fn take(&mut self) -> u32 {
        let taken = self.next;
        self.next = if taken >= SEQUENCE_NUMBER_MAX { 1 } else { taken + 1 };
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_at_one_and_wraps_to_one() {
        let mut numbers = SequenceNumbers::new();
        assert_eq!([numbers.take(), numbers.take()], [1, 2]);
        numbers.next = SEQUENCE_NUMBER_MAX;
        assert_eq!([numbers.take(), numbers.take()], [0x7FFF_FFFF, 1]);
    }
}
