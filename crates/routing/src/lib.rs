//! From a citizen's text to a typed request: services files, the compiled rule table, explain and lint.
//!
//! It folds and cleans a text, finds the keyword by hash, reads typed arguments and gives a command or says
//! which field failed. It knows no town's word: all of them come from services files and language tables. It
//! never looks at state (whether a code exists, a slot is free), never reads a clock, a file or a socket.

mod args;
mod check;
mod clean;
mod command;
mod compile;
mod explain;
mod file;
mod grammar;
mod holidays;
mod interpret;
mod json;
mod keywords;
mod language;
mod local_time;
mod parse;
mod report;
mod rules;
mod word_map;
mod words;

pub use check::check;
pub use explain::{Candidate, Explanation};
pub use json::json;
pub use report::{Counts, Diagnostic, EX_CONFIG, Report, Severity};
pub use rules::Rules;
