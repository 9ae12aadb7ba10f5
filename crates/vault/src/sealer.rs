//! Sealing of values: AES-256-GCM with a counter for a nonce, under the data key of this start.
//!
//! A sealed value is: version (1 octet), key number (4), nonce (8), sealed body and tag (16). Integers are
//! big-endian. The nonce is a counter that begins at zero under a key that no other start uses, so it never
//! repeats; the four other octets of the algorithm's nonce are zero.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use crate::keys::Keys;

const VERSION: u8 = 1;
const HEADER_LENGTH: usize = 1 + 4 + 8;
const TAG_LENGTH: usize = 16;

/// A sealed value that can't be opened: changed, cut short, moved from another place, or sealed under a key
/// that is not there. Returned by [`Sealer::open`]; treat what held it as damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value can't be opened")]
pub struct OpenFailed;

/// Nothing can be sealed: no key was drawn in this start, or its counter ran out. Returned by
/// [`Sealer::seal`]; a fault of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key to seal with")]
pub struct SealFailed;

/// Seals under the newest data key of a store and opens under any of them.
pub struct Sealer {
    keys: Vec<LessSafeKey>,
    current: u32,
    counter: AtomicU64,
}

impl Sealer {
    /// Octets that sealing adds.
    pub const OVERHEAD: usize = HEADER_LENGTH + TAG_LENGTH;

    /// A sealer over `keys`, whose newest data key was drawn in this start and used by nobody else.
    pub fn new(keys: Keys) -> Self {
        let current = u32::try_from(keys.data.len().saturating_sub(1)).unwrap_or(u32::MAX);
        Self { keys: keys.data, current, counter: AtomicU64::new(0) }
    }

    /// A sealer that only opens: no key was drawn, so no nonce is known to be free.
    pub fn read_only(keys: Keys) -> Self {
        Self { keys: keys.data, current: 0, counter: AtomicU64::new(u64::MAX) }
    }

    /// How many data keys it takes to open `value` and all that was sealed before it; none where it is no sealed
    /// value.
    pub fn keys_needed(value: &[u8]) -> Option<u32> {
        let (version, rest) = value.split_first()?;
        let (number, _) = rest.split_first_chunk::<4>()?;
        if *version == VERSION { u32::from_be_bytes(*number).checked_add(1) } else { None }
    }

    /// How many data keys it opens with.
    pub fn data_keys(&self) -> u32 {
        u32::try_from(self.keys.len()).unwrap_or(u32::MAX)
    }

    /// Seals `plaintext`, bound to `aad`: the place where the value stands.
    pub fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealFailed> {
        let mut out = Vec::with_capacity(plaintext.len() + Self::OVERHEAD);
        self.seal_into(aad, &mut out, |out| out.extend_from_slice(plaintext))?;
        Ok(out)
    }

    /// Appends a sealed value to `out`: `write` appends the plaintext, which is sealed where it stands.
    pub fn seal_into<R>(
        &self,
        aad: &[u8],
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<R, SealFailed> {
        let key = self.keys.get(self.current as usize).ok_or(SealFailed)?;
        let counter = self
            .counter
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |counter| counter.checked_add(1))
            .map_err(|_| SealFailed)?;
        out.push(VERSION);
        out.extend_from_slice(&self.current.to_be_bytes());
        out.extend_from_slice(&counter.to_be_bytes());
        let start = out.len();
        let written = write(out);
        assert!(out.len() >= start, "the plaintext is appended, nothing before it is taken away");
        let tag = key
            .seal_in_place_separate_tag(nonce(counter.to_be_bytes()), Aad::from(aad), &mut out[start..])
            .map_err(|_| SealFailed)?;
        out.extend_from_slice(tag.as_ref());
        Ok(written)
    }

    /// Opens a value that was sealed with the same `aad`.
    pub fn open(&self, aad: &[u8], value: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        let mut value = Zeroizing::new(value.to_vec());
        let length = self.open_in_place(aad, &mut value)?.len();
        value.drain(..HEADER_LENGTH);
        value.truncate(length);
        Ok(value)
    }

    /// Opens a value where it stands and returns the part of it that is the plaintext.
    pub fn open_in_place<'a>(&self, aad: &[u8], value: &'a mut [u8]) -> Result<&'a [u8], OpenFailed> {
        let (header, body) = value.split_at_mut_checked(HEADER_LENGTH).ok_or(OpenFailed)?;
        let (version, rest) = header.split_first().ok_or(OpenFailed)?;
        let (number, counter) = rest.split_first_chunk::<4>().ok_or(OpenFailed)?;
        let counter: [u8; 8] = (*counter).try_into().map_err(|_| OpenFailed)?;
        if *version != VERSION {
            return Err(OpenFailed);
        }
        let key = self.keys.get(u32::from_be_bytes(*number) as usize).ok_or(OpenFailed)?;
        let plain = key.open_in_place(nonce(counter), Aad::from(aad), body).map_err(|_| OpenFailed)?;
        Ok(plain)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer(key {}, ***)", self.current)
    }
}

fn nonce(counter: [u8; 8]) -> Nonce {
    let mut octets = [0; NONCE_LEN];
    octets[NONCE_LEN - 8..].copy_from_slice(&counter);
    Nonce::assume_unique_for_key(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::MasterKey;

    fn sealer() -> Sealer {
        let master = MasterKey::from_octets(&[3; 32]);
        let (mut keys, _) = Keys::load(&master, b"").unwrap();
        keys.draw(&master).unwrap();
        Sealer::new(keys)
    }

    proptest! {
        #[test]
        fn a_value_opens_in_its_own_place_only(plain: Vec<u8>, aad: Vec<u8>, flip: prop::sample::Index) {
            let sealer = sealer();
            let mut sealed = sealer.seal(&aad, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + Sealer::OVERHEAD);
            let opened = sealer.open(&aad, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            let mut elsewhere = aad.clone();
            elsewhere.push(0);
            prop_assert_eq!(sealer.open(&elsewhere, &sealed), Err(OpenFailed));
            let at = flip.index(sealed.len());
            sealed[at] ^= 1;
            prop_assert_eq!(sealer.open(&aad, &sealed), Err(OpenFailed));
            prop_assert_eq!(sealer.open(&aad, &sealed[..at]), Err(OpenFailed));
        }
    }

    #[test]
    fn no_nonce_is_used_twice_and_a_reader_seals_nothing() {
        let sealer = sealer();
        assert_eq!((Sealer::keys_needed(&sealer.seal(b"", b"x").unwrap()), sealer.data_keys()), (Some(1), 1));
        assert_eq!(Sealer::keys_needed(b""), None);
        let nonces: std::collections::BTreeSet<_> =
            (0..100).map(|_| sealer.seal(b"", b"x").unwrap()[..HEADER_LENGTH].to_vec()).collect();
        assert_eq!(nonces.len(), 100);
        let master = MasterKey::from_octets(&[3; 32]);
        let (mut keys, _) = Keys::load(&master, b"").unwrap();
        keys.draw(&master).unwrap();
        assert_eq!(Sealer::read_only(keys).seal(b"", b"x"), Err(SealFailed));
    }
}
