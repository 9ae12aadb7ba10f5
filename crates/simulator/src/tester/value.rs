//! Values that differ from message to message. Each is a pure function of the message's index, so that a reply can be
//! held against what was asked without remembering it, and every run asks the same in the same order.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::mix::MixError;

/// A value as it is written in a mix file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueSpec {
    /// Numbers from 0 up to below this.
    below: Option<u64>,
    /// Or one of these words.
    words: Option<Vec<String>>,
    /// Drawn, in place of taken in turn.
    #[serde(default)]
    random: bool,
    /// The remainder of another value, in place of the message's index.
    of: Option<String>,
}

#[derive(Debug)]
struct Value {
    source: Source,
    below: u64,
    words: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// 0, 1, 2, … with each message.
    Turn,
    /// Uniformly drawn; the number makes the draws of two values differ.
    Random(u64),
    /// Of another value, which is one of the first two kinds.
    Of(usize),
}

/// All values of a mix.
#[derive(Debug)]
pub(super) struct Values {
    seed: u64,
    names: Vec<String>,
    values: Vec<Value>,
}

impl Values {
    pub(super) fn new(seed: u64, specs: BTreeMap<String, ValueSpec>) -> Result<Self, MixError> {
        let names: Vec<String> = specs.keys().cloned().collect();
        let depends: Vec<bool> = specs.values().map(|spec| spec.of.is_some()).collect();
        let mut values = Vec::with_capacity(specs.len());
        for (salt, (name, spec)) in (1..).zip(specs) {
            let words = spec.words.unwrap_or_default();
            let below = match (spec.below, u64::try_from(words.len())) {
                (Some(below), Ok(0)) if (1..1 << 62).contains(&below) => below,
                (None, Ok(count)) if count > 0 => count,
                _ => return Err(MixError::Value(name, "either `below`, at least 1, or `words` is needed")),
            };
            let source = match spec.of {
                None if spec.random => Source::Random(salt),
                None => Source::Turn,
                Some(_) if spec.random => {
                    return Err(MixError::Value(name, "`of` and `random` exclude each other"));
                }
                Some(of) => {
                    let other = names.iter().position(|it| *it == of);
                    let other = other.filter(|it| !depends.get(*it).copied().unwrap_or(true));
                    Source::Of(other.ok_or(MixError::Value(name, "`of` names a value that has no `of`"))?)
                }
            };
            values.push(Value { source, below, words });
        }
        Ok(Self { seed, names, values })
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|it| it == name)
    }

    /// The words of a value; none where it is a number.
    pub(super) fn words(&self, value: usize) -> &[String] {
        self.values.get(value).map(|value| value.words.as_slice()).unwrap_or_default()
    }

    /// What all numbers of a value lie below.
    pub(super) fn below(&self, value: usize) -> u64 {
        self.values.get(value).map_or(1, |value| value.below)
    }

    /// The value for the message with this index.
    pub(super) fn number(&self, value: usize, index: u64) -> u64 {
        let Some(Value { source, below, .. }) = self.values.get(value) else { return 0 };
        let whole = match *source {
            Source::Turn => index,
            Source::Random(salt) => return scale(self.draw(index, salt), *below),
            // One step deep only: `new` saw to it.
            Source::Of(other) => self.number(other, index),
        };
        whole % below
    }

    /// 64 random bits for the message with this index.
    pub(super) fn draw(&self, index: u64, salt: u64) -> u64 {
        scramble(index ^ scramble(self.seed ^ scramble(salt)))
    }
}

/// A uniform number below `below` of 64 random bits.
pub(super) fn scale(bits: u64, below: u64) -> u64 {
    u64::try_from((u128::from(bits) * u128::from(below)) >> 64).unwrap_or_default()
}

/// The output function of SplitMix64: each bit of the input moves half of those of the output.
fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(toml: &str) -> Result<Values, MixError> {
        Values::new(7, toml::from_str(toml).unwrap())
    }

    #[test]
    fn values_are_taken_in_turn_drawn_or_derived() {
        let values = values(
            "citizen = { below = 10 }\nown = { below = 3, of = \"citizen\" }\nany = { below = 3, random = true }\n\
             line = { words = [\"A\", \"B\"] }",
        )
        .unwrap();
        let [citizen, own, any, line] = ["citizen", "own", "any", "line"].map(|it| values.find(it).unwrap());
        assert_eq!([0, 9, 10, 13].map(|it| values.number(citizen, it)), [0, 9, 0, 3]);
        assert_eq!([0, 9, 13].map(|it| values.number(own, it)), [0, 0, 0]);
        assert_eq!([0, 1, 2].map(|it| values.number(line, it)), [0, 1, 0]);
        assert_eq!(values.words(line), ["A", "B"]);
        let mut counts = [0; 3];
        for index in 0..3_000 {
            counts[usize::try_from(values.number(any, index)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        for toml in [
            "a = {}",
            "a = { below = 0 }",
            "a = { below = 1, words = [\"A\"] }",
            "a = { words = [] }",
            "a = { below = 1, of = \"b\" }",
            "a = { below = 1, of = \"a\" }",
            "a = { below = 1, of = \"b\", random = true }\nb = { below = 1 }",
            "a = { below = 1, of = \"b\" }\nb = { below = 1, of = \"c\" }\nc = { below = 1 }",
        ] {
            assert!(values(toml).is_err(), "{toml}");
        }
    }
}
