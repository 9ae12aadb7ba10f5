//! Any octets of a link as PDUs.

use bytes::BytesMut;
use codec::{FatalFrame, Framed, MAX_COMMAND_LENGTH, Pdu, decode, encode, frame::HEADER_LENGTH};

/// Reads octets as a link does, PDU by PDU.
///
/// - A frame takes exactly its command_length; an incomplete one takes nothing; only an impossible length is fatal.
/// - Header fields are those of the octets; a response is never unreadable and never answered.
/// - What was read can be written, and what was written reads as the same PDU.
/// - Octets that come in two pieces read as those that come in one.
pub fn pdu(octets: &[u8]) {
    let whole = read_all(octets, octets.len());
    let cut = octets.first().map_or(0, |first| usize::from(*first) * 7 % (octets.len() + 1));
    assert_eq!(whole, read_all(octets, cut), "cut at {cut}");
    for (length, framed) in &whole.0 {
        if let Framed::Pdu(pdu) = framed {
            check_rewritten(*length, pdu);
        }
    }
}

/// All frames, with their lengths, of octets that come as the first `cut` and then the rest, and how it ended.
fn read_all(octets: &[u8], cut: usize) -> (Vec<(usize, Framed)>, Option<FatalFrame>) {
    let mut wire = BytesMut::new();
    let (mut frames, mut at) = (Vec::new(), 0);
    for piece in [&octets[..cut], &octets[cut..]] {
        wire.extend_from_slice(piece);
        loop {
            let before = wire.clone();
            match decode(&mut wire) {
                Ok(None) => {
                    assert_eq!(wire, before, "an incomplete frame takes nothing");
                    break;
                }
                Ok(Some(framed)) => {
                    let taken = before.len() - wire.len();
                    check_frame(&framed, &before[..taken]);
                    at += taken;
                    assert_eq!(wire, before[taken..], "what follows is left alone");
                    frames.push((taken, framed));
                }
                Err(fatal) => {
                    let length = u32::from_be_bytes(*octets[at..].first_chunk().unwrap());
                    assert_eq!(fatal.command_length, length);
                    assert!(!(HEADER_LENGTH..=MAX_COMMAND_LENGTH).contains(&(length as usize)));
                    assert_eq!(fatal.generic_nack().sequence_number, 0);
                    return (frames, Some(fatal));
                }
            }
        }
    }
    (frames, None)
}

fn check_frame(framed: &Framed, octets: &[u8]) {
    let word = |at: usize| u32::from_be_bytes(*octets[at..].first_chunk().unwrap());
    let (length, id, status, sequence_number) = (word(0), word(4), word(8), word(12));
    assert_eq!(length as usize, octets.len());
    let answer = match framed {
        Framed::Pdu(pdu) => {
            let read = (pdu.body.command_id(), pdu.command_status.0, pdu.sequence_number);
            assert_eq!(read, (id, status, sequence_number));
            pdu.refusal()
        }
        Framed::Answerable(error) => {
            assert_eq!((error.command_id, error.sequence_number), (id, sequence_number));
            assert_eq!(error.body, octets[HEADER_LENGTH..]);
            assert!(!error.command_status.is_ok(), "an unreadable request is not acknowledged");
            error.answer()
        }
    };
    assert!(id < 0x8000_0000 || answer.is_none(), "a response is never answered");
    if let Some(answer) = answer {
        assert!(answer.body.is_response() && answer.sequence_number == sequence_number);
    }
}

/// A PDU of so many octets that was read is written and read again. Only a NUL that the peer left out may make it
/// longer.
fn check_rewritten(length: usize, pdu: &Pdu) {
    let mut wire = BytesMut::new();
    if encode(pdu, &mut wire).is_err() {
        assert_eq!((wire.len(), length), (0, MAX_COMMAND_LENGTH), "{pdu:?} cannot be written");
        return;
    }
    assert!(wire.len() <= length + 1, "{pdu:?} grew from {length} to {}", wire.len());
    assert_eq!(decode(&mut wire), Ok(Some(Framed::Pdu(pdu.clone()))));
    assert!(wire.is_empty());
}
