//! The one setting of the C library's allocator (docs/decisions/memory.md).

/// Blocks of this size and more are mapped for themselves and given back when freed.
#[cfg(target_env = "gnu")]
const MAPPED_OCTETS: i32 = 1 << 20;

/// Keeps the allocator from hoarding the 19 MiB that each Argon2id hash takes.
///
/// glibc raises its limit for mapped blocks to the largest that was ever freed; from then on every thread that
/// hashes keeps some 58 MiB of its own for good. Setting the limit switches that off.
pub(crate) fn give_back_large_blocks() {
    #[cfg(target_env = "gnu")]
    #[allow(unsafe_code, reason = "measured: 961 MiB resident instead of 49, docs/decisions/memory.md")]
    // SAFETY: mallopt takes two integers and touches no memory of ours. It must not race with other calls of
    // itself; this is the first statement of main, before any thread is started.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_OCTETS);
    }
}
