//! One file a subcommand.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod key;
pub(crate) mod load;
pub(crate) mod run;
pub(crate) mod sim;
pub(crate) mod store;
