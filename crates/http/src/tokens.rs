//! The file of bearer tokens: one `name sha256-of-the-token-in-hex` a line.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

/// Tokens of one file. Each request is compared with every one of them, in constant time.
const TOKENS_MAX: usize = 256;

/// Octets of the file: 256 lines of a name and a hash with room for comments.
const FILE_OCTETS_MAX: u64 = 64 * 1024;

/// Characters of a name; it stands in every journal entry of its commands.
const NAME_CHARS_MAX: usize = 32;

/// The tokens that may call the API, as hashes.
#[derive(Clone, Default)]
pub struct Tokens {
    by_hash: Vec<(Arc<str>, [u8; 32])>,
}

/// A file of tokens that can't be used. Returned by [`Tokens::read`] and [`Tokens::parse`]; the start ends
/// with it: a file that cannot be read with 66, every other with 78.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The file can't be read; look at its path and owner.
    #[error("the token file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Others than the owner may read or write the file; run `chmod 600` on it.
    #[error("the token file has mode {mode:04o}; make it 0600")]
    Exposed {
        /// The permission bits that were found.
        mode: u32,
    },
    /// The file is larger than any that is meant.
    #[error("the token file has more than {FILE_OCTETS_MAX} octets or {TOKENS_MAX} tokens")]
    TooLarge,
    /// A line is not `name sha256-in-hex`; correct that line.
    #[error("line {line} of the token file is not `name sha256-in-hex`")]
    BadLine {
        /// 1-based.
        line: usize,
    },
    /// The same token stands there under two names; drop one.
    #[error("line {line} of the token file repeats the token of an earlier line")]
    Repeated {
        /// 1-based.
        line: usize,
    },
}

impl Tokens {
    /// Reads the file at `path`, which only its owner may read.
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        let file = std::fs::File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(TokensError::Exposed { mode });
        }
        let mut text = String::new();
        file.take(FILE_OCTETS_MAX + 1).read_to_string(&mut text)?;
        Self::parse(&text)
    }

    /// Reads lines of `name sha256-in-hex`; blank lines and lines that start with `#` are skipped. A name may
    /// stand on several lines, so that a token can be replaced without a gap.
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        if text.len() as u64 > FILE_OCTETS_MAX {
            return Err(TokensError::TooLarge);
        }
        let mut by_hash: Vec<(Arc<str>, [u8; 32])> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, hash) = read_line(line).ok_or(TokensError::BadLine { line: index + 1 })?;
            if by_hash.iter().any(|(_, known)| *known == hash) {
                return Err(TokensError::Repeated { line: index + 1 });
            }
            by_hash.push((name.into(), hash));
        }
        if by_hash.len() > TOKENS_MAX {
            return Err(TokensError::TooLarge);
        }
        Ok(Self { by_hash })
    }

    /// Whether there is none: then only the probes and `/metrics` answer.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// The name of `token`, compared in constant time with every known hash.
    pub(crate) fn name_of(&self, token: &str) -> Option<Arc<str>> {
        let hash = digest(&SHA256, token.as_bytes());
        self.by_hash.iter().fold(None, |found, (name, known)| {
            let equal = bool::from(known.as_slice().ct_eq(hash.as_ref()));
            if equal { Some(Arc::clone(name)) } else { found }
        })
    }
}

fn read_line(line: &str) -> Option<(&str, [u8; 32])> {
    let mut words = line.split_whitespace();
    let (name, hash) = (words.next()?, words.next()?);
    let well_formed = name.len() <= NAME_CHARS_MAX
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
        && words.next().is_none();
    let mut octets = [0; 32];
    hex::decode_to_slice(hash, &mut octets).ok()?;
    well_formed.then_some((name, octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc` (FIPS 180-4, example 1).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_token_is_found_by_its_hash_alone() {
        let tokens = Tokens::parse(&format!("# clerks\n\nhue {ABC}\n")).unwrap();
        assert_eq!(tokens.name_of("abc").as_deref(), Some("hue"));
        assert_eq!(tokens.name_of("abd"), None);
        assert_eq!(tokens.name_of(ABC), None);
        assert!(Tokens::default().is_empty() && Tokens::default().name_of("").is_none());
    }

    #[test]
    fn wrong_lines_are_named() {
        for bad in ["hue", "hue zz", &format!("a b {ABC}"), &format!("a {ABC} c"), &format!("ü {ABC}")] {
            let error = Tokens::parse(&format!("ok {ABC}\n{bad}")).err().unwrap();
            assert!(matches!(error, TokensError::BadLine { line: 2 }), "{bad}");
        }
        let twice = Tokens::parse(&format!("a {ABC}\nb {ABC}")).err().unwrap();
        assert!(matches!(twice, TokensError::Repeated { line: 2 }));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("hue {ABC}\n")).unwrap();
        assert!(!Tokens::read(file.path()).unwrap().is_empty());
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Tokens::read(file.path()), Err(TokensError::Exposed { mode: 0o640 })));
        assert!(matches!(Tokens::read(Path::new("/nonexistent")), Err(TokensError::Unreadable(_))));
    }
}
