//! The keys of a store, wrapped under its master key: one data key a start, one look-up key for ever.
//!
//! They stand in entries of a fixed length, appended and never changed. An entry is its kind, its number and
//! the wrapped key.

use ring::aead::LessSafeKey;
use zeroize::Zeroizing;

use crate::lookup::LookupKey;
use crate::master::{KEY_LENGTH, MasterKey, WRAPPED_LENGTH, aead_key};
use crate::random::{NoEntropy, random};

const KIND_LOOKUP: u8 = 1;
const KIND_DATA: u8 = 2;
/// Kind and number, which are also what the wrapping is bound to.
const LABEL_LENGTH: usize = 5;

/// The unwrapped keys of a store.
pub struct Keys {
    pub(crate) data: Vec<LessSafeKey>,
    pub(crate) lookup: Option<LookupKey>,
}

/// Entries that are no keys of this master key. Returned by [`Keys::load`]; the store refuses to open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// An entry that is not the last can't be unwrapped or is out of order: the file is damaged.
    #[error("entry {entry} of the keys can't be unwrapped")]
    Damaged {
        /// Place in the file, 0-based.
        entry: usize,
    },
}

impl Keys {
    /// Octets of an entry.
    pub const ENTRY_LENGTH: usize = LABEL_LENGTH + WRAPPED_LENGTH;

    /// Unwraps the entries of a keys file. Returns how many octets of it are good as well: an entry at the
    /// very end that was cut short or torn was never used, and the next one is written over it.
    pub fn load(master: &MasterKey, file: &[u8]) -> Result<(Self, usize), KeysError> {
        let mut keys = Self { data: Vec::new(), lookup: None };
        let mut good = 0;
        for (index, entry) in file.chunks(Self::ENTRY_LENGTH).enumerate() {
            if !keys.take(master, entry) {
                let last = (index + 1) * Self::ENTRY_LENGTH >= file.len();
                if last {
                    break;
                }
                return Err(KeysError::Damaged { entry: index });
            }
            good += Self::ENTRY_LENGTH;
        }
        Ok((keys, good))
    }

    /// Draws the data key of this start, and the look-up key where there is none yet. Returns the entries to
    /// append; they must be durable before anything is sealed.
    pub fn draw(&mut self, master: &MasterKey) -> Result<Vec<u8>, NoEntropy> {
        let mut entries = Vec::with_capacity(2 * Self::ENTRY_LENGTH);
        if self.lookup.is_none() {
            let key = Zeroizing::new(random::<KEY_LENGTH>()?);
            append_entry(&mut entries, master, KIND_LOOKUP, 0, &key)?;
            self.lookup = Some(LookupKey::from_octets(key.as_slice()));
        }
        let key = Zeroizing::new(random::<KEY_LENGTH>()?);
        let number = u32::try_from(self.data.len()).map_err(|_| NoEntropy)?;
        append_entry(&mut entries, master, KIND_DATA, number, &key)?;
        self.data.push(aead_key(key.as_slice()));
        Ok(entries)
    }

    /// How many data keys there are.
    pub fn data_keys(&self) -> u32 {
        u32::try_from(self.data.len()).unwrap_or(u32::MAX)
    }

    /// The key of the look-up hashes, once drawn.
    pub fn lookup(&self) -> Option<LookupKey> {
        self.lookup.clone()
    }

    fn take(&mut self, master: &MasterKey, entry: &[u8]) -> bool {
        let Some((label, wrapped)) = entry.split_at_checked(LABEL_LENGTH) else { return false };
        let Some(key) = master.unwrap_key(label, wrapped) else { return false };
        if label == label_of(KIND_LOOKUP, 0) && self.lookup.is_none() {
            self.lookup = Some(LookupKey::from_octets(key.as_slice()));
            return true;
        }
        let in_order = u32::try_from(self.data.len()).is_ok_and(|next| label == label_of(KIND_DATA, next));
        if in_order {
            self.data.push(aead_key(key.as_slice()));
        }
        in_order
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} data keys, ***)", self.data.len())
    }
}

fn label_of(kind: u8, number: u32) -> [u8; LABEL_LENGTH] {
    let [a, b, c, d] = number.to_be_bytes();
    [kind, a, b, c, d]
}

fn append_entry(
    out: &mut Vec<u8>,
    master: &MasterKey,
    kind: u8,
    number: u32,
    key: &[u8; KEY_LENGTH],
) -> Result<(), NoEntropy> {
    let label = label_of(kind, number);
    let wrapped = master.wrap(&label, key)?;
    out.extend_from_slice(&label);
    out.extend_from_slice(&wrapped);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sealer;

    #[test]
    fn keys_come_back_and_a_torn_last_entry_is_written_over() {
        let master = MasterKey::from_octets(&[9; 32]);
        let (mut keys, good) = Keys::load(&master, b"").unwrap();
        assert_eq!(good, 0);
        let mut file = keys.draw(&master).unwrap();
        assert_eq!(file.len(), 2 * Keys::ENTRY_LENGTH);
        let hash = keys.lookup().unwrap().hash(1, b"x");
        let sealed = Sealer::new(keys).seal(b"aad", b"first start").unwrap();

        let (mut keys, _) = Keys::load(&master, &file).unwrap();
        file.extend(keys.draw(&master).unwrap());
        assert_eq!(file.len(), 3 * Keys::ENTRY_LENGTH, "one look-up key for ever");
        assert_eq!(keys.lookup().unwrap().hash(1, b"x"), hash);
        assert_eq!(Sealer::new(keys).open(b"aad", &sealed).unwrap().as_slice(), b"first start");

        for cut in 1..Keys::ENTRY_LENGTH {
            let (_, good) = Keys::load(&master, &file[..file.len() - cut]).unwrap();
            assert_eq!(good, 2 * Keys::ENTRY_LENGTH);
        }
        file[Keys::ENTRY_LENGTH + 20] ^= 1;
        assert_eq!(Keys::load(&master, &file).unwrap_err(), KeysError::Damaged { entry: 1 });
    }
}
