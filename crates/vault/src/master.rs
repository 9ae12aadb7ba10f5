//! The key of a store, which lives in a file of its own and wraps all other keys.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::random::{NoEntropy, random};

/// Octets of a symmetric key.
pub(crate) const KEY_LENGTH: usize = 32;

/// A key file is refused before it is read whole if it is longer than this: 64 digits and line ends.
const KEY_FILE_MAX: u64 = 80;

/// Octets of a wrapped key: nonce, key, tag.
pub(crate) const WRAPPED_LENGTH: usize = NONCE_LEN + KEY_LENGTH + 16;

/// The key under which a store's data keys are wrapped.
///
/// Two keys are derived from it, so that the check value tells nothing about the wrapping.
pub struct MasterKey {
    wrapping: LessSafeKey,
    check: hmac::Key,
}

/// Why a key file can't be used. Returned by [`MasterKey::read`] and [`MasterKey::write_new`]; the operator
/// mends the file, its mode or the path.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file can't be opened, read or written.
    #[error("key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// `tongdai key new` never overwrites: without the old key its store is lost.
    #[error("key file {} exists and is not overwritten: a store sealed under it would be lost", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may use the file.
    #[error("key file {} has mode {mode:04o}; only its owner may read it: chmod 600", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else than a key.
    #[error("key file {}: expected 64 hexadecimal digits, found {found} characters{}", path.display(),
        if *found == 64 { ", not all of them hexadecimal" } else { "" })]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Characters without surrounding blanks.
        found: usize,
    },
    /// No random octets for a new key.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

impl MasterKey {
    /// Reads a key file: 64 hexadecimal digits, readable by its owner only.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        Self::read_with_mode(path, 0o077)
    }

    /// Reads a credential that the service manager passed. An access control list on it shows as a group
    /// bit in its mode, so only access by others is refused.
    pub fn read_credential(path: &Path) -> Result<Self, KeyFileError> {
        Self::read_with_mode(path, 0o007)
    }

    /// Draws a key and writes it to a new file of mode 0600, synced with its directory.
    pub fn write_new(path: &Path) -> Result<Self, KeyFileError> {
        let octets = Zeroizing::new(random::<KEY_LENGTH>()?);
        let mut text = Zeroizing::new(hex::encode(octets.as_slice()));
        text.push('\n');
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(KeyFileError::Exists { path: path.to_owned() });
            }
            Err(error) => return Err(io(error)),
        };
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or_else(|| Path::new(".")))
            .and_then(|file| file.sync_all())
            .map_err(io)?;
        Ok(Self::from_octets(&octets))
    }

    /// A key from its octets, for tests and for what draws keys itself.
    pub fn from_octets(octets: &[u8; KEY_LENGTH]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, octets);
        let wrapping = hmac::sign(&root, b"tongdai wrap 1");
        let check = hmac::sign(&root, b"tongdai check 1");
        Self {
            wrapping: aead_key(wrapping.as_ref()),
            check: hmac::Key::new(hmac::HMAC_SHA256, check.as_ref()),
        }
    }

    /// A value that stands beside a store and tells whether a key is the store's.
    pub fn check_value(&self, store: &[u8]) -> [u8; 16] {
        let tag = hmac::sign(&self.check, store);
        let mut value = [0; 16];
        value.copy_from_slice(&tag.as_ref()[..16]);
        value
    }

    pub(crate) fn wrap(
        &self,
        purpose: &[u8],
        key: &[u8; KEY_LENGTH],
    ) -> Result<[u8; WRAPPED_LENGTH], NoEntropy> {
        // A handful of wraps in a store's life: random nonces can't meet.
        let nonce = random::<NONCE_LEN>()?;
        let mut wrapped = [0; WRAPPED_LENGTH];
        let (head, rest) = wrapped.split_at_mut(NONCE_LEN);
        let (body, tag) = rest.split_at_mut(KEY_LENGTH);
        head.copy_from_slice(&nonce);
        body.copy_from_slice(key);
        let sealed = self.wrapping.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(purpose),
            body,
        );
        tag.copy_from_slice(sealed.map_err(|_| NoEntropy)?.as_ref());
        Ok(wrapped)
    }

    pub(crate) fn unwrap_key(&self, purpose: &[u8], wrapped: &[u8]) -> Option<Zeroizing<[u8; KEY_LENGTH]>> {
        let (nonce, body) = wrapped.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let key = self.wrapping.open_in_place(nonce, Aad::from(purpose), body.as_mut_slice()).ok()?;
        let key: &[u8] = key;
        Some(Zeroizing::new(key.try_into().ok()?))
    }

    fn read_with_mode(path: &Path, forbidden: u32) -> Result<Self, KeyFileError> {
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let mode = file.metadata().map_err(io)?.permissions().mode() & 0o7777;
        if mode & forbidden != 0 {
            return Err(KeyFileError::Mode { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(Vec::new());
        file.take(KEY_FILE_MAX).read_to_end(&mut text).map_err(io)?;
        let digits = text.trim_ascii();
        let mut octets = Zeroizing::new([0; KEY_LENGTH]);
        match hex::decode_to_slice(digits, octets.as_mut_slice()) {
            Ok(()) => Ok(Self::from_octets(&octets)),
            Err(_) => Err(KeyFileError::Malformed { path: path.to_owned(), found: digits.len() }),
        }
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

/// A sealing key of 32 octets.
pub(crate) fn aead_key(octets: &[u8]) -> LessSafeKey {
    let key =
        UnboundKey::new(&AES_256_GCM, octets).expect("AES-256-GCM takes 32 octets, as HMAC-SHA256 gives");
    LessSafeKey::new(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_new_key_file_reads_back_and_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let written = MasterKey::write_new(&path).unwrap();
        let read = MasterKey::read(&path).unwrap();
        assert_eq!(written.check_value(b"store"), read.check_value(b"store"));
        assert_ne!(read.check_value(b"store"), read.check_value(b"other"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let before = fs::read(&path).unwrap();
        assert!(matches!(MasterKey::write_new(&path), Err(KeyFileError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_key_file_that_others_may_read_or_that_holds_no_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        MasterKey::write_new(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(MasterKey::read(&path), Err(KeyFileError::Mode { mode: 0o640, .. })));
        assert!(MasterKey::read_credential(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for (text, found) in [("", 0), ("abcd", 4), (&"g".repeat(64), 64), (&"a".repeat(65), 65)] {
            fs::write(&path, text).unwrap();
            let error = MasterKey::read(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::Malformed { found: n, .. } if n == found), "{error}");
        }
        assert!(matches!(MasterKey::read(&path.join("absent")), Err(KeyFileError::Io { .. })));
    }

    #[test]
    fn nothing_secret_shows_in_debug() {
        assert_eq!(format!("{:?}", MasterKey::from_octets(&[7; 32])), "MasterKey(***)");
    }
}
