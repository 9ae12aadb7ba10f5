//! Octets to SMPP PDUs and back, and what is inside a message: data coding, user data headers, parts, receipts,
//! times.
//!
//! Decoding has three endings: incomplete, a PDU, or an answerable error; only an impossible `command_length` is
//! fatal. This crate never opens a socket, reads a clock, allocates by a length that the peer claims, or answers
//! a response.

pub mod command_id;
pub mod command_status;
pub mod data_coding;
pub mod encode;
pub mod esm_class;
pub mod frame;
pub mod pdu;
mod reader;
pub mod reassembly;
pub mod receipt;
mod rusmpp_adapter;
pub mod segment;
pub mod time;
pub mod tlv;
pub mod user_data;

pub use command_status::CommandStatus;
pub use encode::{EncodeError, encode};
pub use esm_class::SmKind;
pub use frame::{AnswerableError, FatalFrame, Framed, MAX_COMMAND_LENGTH, decode};
pub use pdu::{Bind, BindResp, Body, Pdu, Sm, SmResp};
pub use receipt::{MessageState, Receipt};
pub use tlv::{Tlv, Tlvs};
pub use user_data::{Concat, UserData, UserDataError};
