//! The allocator and its settings (docs/decisions/memory.md).

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_arena_max_object_size`, in KiB: larger blocks are mapped for themselves and given back when freed. The
/// 19 MiB of an Argon2id hash would stay with the arena for as long as nothing else is allocated. No less than mimalloc's
/// largest page, or each of those, which hold the lists of a large turn, is mapped anew as well.
const ARENA_MAX_OBJECT_SIZE: (mi_option_t, c_long) = (45, 4_096);

/// Sets the allocator up. Call it as the first statement of `main`, before any thread is started.
pub(crate) fn set_up() {
    let (option, value) = ARENA_MAX_OBJECT_SIZE;
    #[allow(unsafe_code, reason = "measured: docs/decisions/memory.md")]
    // SAFETY: it takes two integers and touches no memory of ours; options are read at each use. It must not race with
    // other calls of itself: this runs before any thread is started.
    unsafe {
        mi_option_set(option, value);
    }
}
