//! Passwords: drawing, hashing, checking. Hashing takes tens of milliseconds; never call it in a turn.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use zeroize::Zeroizing;

use crate::random::{NoEntropy, random};

/// Argon2id as OWASP asks for at least: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Longer passwords are refused before they are hashed: hashing time must not follow a stranger's input.
const PASSWORD_MAX: usize = 256;

/// Letters and digits that nobody confuses when reading them from a handset: no 0 O 1 l I.
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";

/// Why a password was neither drawn nor hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Returned by [`hash_password`]: tell the citizen that it is too long.
    #[error("a password has at most {PASSWORD_MAX} octets")]
    TooLong,
    /// Returned by [`draw_password`]: too short to hold an upper case letter, a lower case one and a digit.
    #[error("a drawn password has at least 3 characters")]
    TooShort,
    /// Returned by [`hash_password`]: the hash refused its input or had no memory; try again later.
    #[error("the password hash failed")]
    Hash,
    /// No random octets.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// The Argon2id hash of a password under a fresh salt, in PHC form.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    if password.len() > PASSWORD_MAX {
        return Err(PasswordError::TooLong);
    }
    let salt = random::<16>()?;
    let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Hash)
}

/// Whether `password` is the one behind a PHC string. A string that can't be read fits no password.
pub fn verify_password(password: &str, phc: &str) -> bool {
    if password.len() > PASSWORD_MAX {
        return false;
    }
    let Ok(hash) = PasswordHash::new(phc) else { return false };
    hasher().is_ok_and(|hasher| hasher.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Draws a password of `length` characters with upper case, lower case and digits among them, each such
/// password equally likely.
pub fn draw_password(length: usize) -> Result<Zeroizing<String>, PasswordError> {
    if length < 3 {
        return Err(PasswordError::TooShort);
    }
    if length > PASSWORD_MAX {
        return Err(PasswordError::TooLong);
    }
    let alphabet = [UPPER, LOWER, DIGITS].concat();
    // Throwing a whole candidate away keeps those that remain equally likely. One of ten characters passes
    // two times in three, one of three still one time in seven.
    loop {
        let mut password = Zeroizing::new(String::with_capacity(length));
        while password.len() < length {
            password.push(char::from(draw_letter(&alphabet)?));
        }
        if [UPPER, LOWER, DIGITS].iter().all(|kind| password.bytes().any(|letter| kind.contains(&letter))) {
            return Ok(password);
        }
    }
}

fn draw_letter(alphabet: &[u8]) -> Result<u8, NoEntropy> {
    // The last, incomplete run of the alphabet is thrown away: no letter is likelier than another.
    let limit = 256 - 256 % alphabet.len();
    loop {
        let [octet] = random::<1>()?;
        if usize::from(octet) < limit {
            return Ok(alphabet[usize::from(octet) % alphabet.len()]);
        }
    }
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_and_names_its_cost() {
        let phc = hash_password("Mua xuan 26").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify_password("Mua xuan 26", &phc));
        assert!(!verify_password("mua xuan 26", &phc));
        assert!(!verify_password("Mua xuan 26", "no hash"));
        assert_ne!(hash_password("a").unwrap(), hash_password("a").unwrap());
        assert_eq!(hash_password(&"x".repeat(257)), Err(PasswordError::TooLong));
    }

    #[test]
    fn drawn_passwords_hold_all_kinds_and_no_letter_that_is_misread() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let password = draw_password(10).unwrap();
            assert_eq!(password.len(), 10);
            assert!(password.bytes().any(|letter| letter.is_ascii_uppercase()));
            assert!(password.bytes().any(|letter| letter.is_ascii_lowercase()));
            assert!(password.bytes().any(|letter| letter.is_ascii_digit()));
            assert!(!password.contains(['0', 'O', '1', 'l', 'I']));
            seen.insert(password.to_string());
        }
        assert_eq!(seen.len(), 500);
        assert_eq!(draw_password(2), Err(PasswordError::TooShort));
    }
}
