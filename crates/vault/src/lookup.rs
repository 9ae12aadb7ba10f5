//! Keyed hashes by which records of a citizen are found without his numbers standing in a key.

use ring::hmac;

/// The key of a store's look-up hashes; made once, for all its life.
#[derive(Clone)]
pub struct LookupKey(hmac::Key);

impl LookupKey {
    /// Octets of a hash: 128 bits, so that two citizens never meet.
    pub const HASH_LENGTH: usize = 16;

    /// The key of these octets; a store draws 32.
    pub fn from_octets(octets: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, octets))
    }

    /// The hash of `value` as a thing of kind `kind`; the same value of another kind hashes otherwise.
    pub fn hash(&self, kind: u8, value: &[u8]) -> [u8; Self::HASH_LENGTH] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[kind]);
        context.update(value);
        let mut hash = [0; Self::HASH_LENGTH];
        hash.copy_from_slice(&context.sign().as_ref()[..Self::HASH_LENGTH]);
        hash
    }
}

impl std::fmt::Debug for LookupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookupKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_key_kind_and_value() {
        let key = LookupKey::from_octets(&[1; 32]);
        let hash = key.hash(3, b"84905123456");
        assert_eq!(hash, key.hash(3, b"84905123456"));
        assert_ne!(hash, key.hash(4, b"84905123456"));
        assert_ne!(hash, key.hash(3, b"84905123457"));
        assert_ne!(hash, LookupKey::from_octets(&[2; 32]).hash(3, b"84905123456"));
    }
}
