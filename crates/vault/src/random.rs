//! Random octets from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

/// The operating system gave no random octets. Returned by whatever draws a key; end the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random octets")]
pub struct NoEntropy;

/// `N` random octets.
pub fn random<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut octets = [0; N];
    SystemRandom::new().fill(&mut octets).map_err(|_| NoEntropy)?;
    Ok(octets)
}
