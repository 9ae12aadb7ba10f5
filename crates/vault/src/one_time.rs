//! Keys that seal one text each, so that zeroing the key forgets the text wherever its copies are.

use ring::aead::{Aad, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use crate::master::{KEY_LENGTH, aead_key};
use crate::random::{NoEntropy, random};
use crate::sealer::OpenFailed;

/// The key of one text.
pub struct OneTimeKey(Zeroizing<[u8; KEY_LENGTH]>);

impl OneTimeKey {
    /// Octets of the key.
    pub const LENGTH: usize = KEY_LENGTH;

    /// Draws a key and seals `text` with it, bound to `aad`. No nonce is kept: the key seals nothing else.
    pub fn seal(aad: &[u8], text: &[u8]) -> Result<(Self, Vec<u8>), NoEntropy> {
        let key = Zeroizing::new(random::<KEY_LENGTH>()?);
        let mut sealed = text.to_vec();
        aead_key(key.as_slice())
            .seal_in_place_append_tag(nonce(), Aad::from(aad), &mut sealed)
            .map_err(|_| NoEntropy)?;
        Ok((Self(key), sealed))
    }

    /// A key as it was kept.
    pub fn from_octets(octets: [u8; KEY_LENGTH]) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// The octets to keep, themselves sealed, until the text is forgotten.
    pub fn octets(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }

    /// Opens the text that this key sealed.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        let mut text = Zeroizing::new(sealed.to_vec());
        let key = aead_key(self.0.as_slice());
        let length =
            key.open_in_place(nonce(), Aad::from(aad), text.as_mut_slice()).map_err(|_| OpenFailed)?.len();
        text.truncate(length);
        Ok(text)
    }
}

impl std::fmt::Debug for OneTimeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeKey(***)")
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_with_its_own_key_only() {
        let (key, sealed) = OneTimeKey::seal(b"id", b"MK: abc").unwrap();
        let (other, _) = OneTimeKey::seal(b"id", b"MK: abc").unwrap();
        assert!(!sealed.windows(3).any(|window| window == b"abc"));
        assert_eq!(key.open(b"id", &sealed).unwrap().as_slice(), b"MK: abc");
        assert_eq!(other.open(b"id", &sealed), Err(OpenFailed));
        assert_eq!(key.open(b"other", &sealed), Err(OpenFailed));
        let kept = OneTimeKey::from_octets(*key.octets());
        assert_eq!(kept.open(b"id", &sealed).unwrap().as_slice(), b"MK: abc");
    }
}
