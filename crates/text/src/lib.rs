//! Text as the air carries it: GSM 03.38 septets, UCS-2 and Latin-1 octets, and how many message parts a text
//! takes. It never guesses an alphabet, never cuts a text silently, and does no I/O.

pub mod fold;
pub mod gsm7;
pub mod latin1;
pub mod parts;
pub mod ucs2;
