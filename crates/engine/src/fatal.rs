//! The one way in which a turn can fail.

/// Nothing more may be acknowledged. Returned by [`crate::Engine::turn`] and [`crate::Engine::start`]; say it and
/// end the process non-zero: the next start recovers what is durable.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The store could not read or make a turn durable.
    #[error("the store failed: {0}")]
    Store(#[from] store::StoreError),
}
