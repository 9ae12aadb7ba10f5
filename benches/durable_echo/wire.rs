//! Just enough of SMPP 3.4: whole PDUs found in a stream, and the five that this program sends.

/// command_ids.
pub(crate) const SUBMIT_SM: u32 = 0x0000_0004;
pub(crate) const DELIVER_SM: u32 = 0x0000_0005;
pub(crate) const UNBIND: u32 = 0x0000_0006;
pub(crate) const BIND_TRANSCEIVER: u32 = 0x0000_0009;
pub(crate) const ENQUIRE_LINK: u32 = 0x0000_0015;
/// What makes a command_id that of the response.
pub(crate) const RESPONSE: u32 = 0x8000_0000;

/// command_statuses.
pub(crate) const ESME_ROK: u32 = 0x00;
pub(crate) const ESME_RINVMSGLEN: u32 = 0x01;
pub(crate) const ESME_RINVCMDID: u32 = 0x03;
pub(crate) const ESME_RTHROTTLED: u32 = 0x58;

/// Octets of a header.
pub(crate) const HEADER_LENGTH: usize = 16;
/// The longest PDU that is waited for; a deliver_sm without a message_payload has under 400 octets.
pub(crate) const PDU_MAX: usize = 4_096;
/// Octets of a short_message.
pub(crate) const SHORT_MESSAGE_MAX: usize = 254;
/// Octets of a service_type and of an address, their NUL included.
const SERVICE_TYPE_MAX: usize = 6;
const ADDRESS_MAX: usize = 21;

/// A PDU in the buffer that it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pdu<'a> {
    pub(crate) command_id: u32,
    pub(crate) status: u32,
    pub(crate) sequence_number: u32,
    /// All of it, the header included.
    pub(crate) octets: &'a [u8],
}

/// A command_length that no PDU has: where the next one begins can't be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LostInStream;

/// The PDU that `stream` begins with; none while octets of it are missing.
pub(crate) fn first(stream: &[u8]) -> Result<Option<Pdu<'_>>, LostInStream> {
    let Some(header) = stream.first_chunk::<HEADER_LENGTH>() else { return Ok(None) };
    let field = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let length = field(0) as usize;
    if !(HEADER_LENGTH..=PDU_MAX).contains(&length) {
        return Err(LostInStream);
    }
    let pdu = |octets| Pdu { command_id: field(4), status: field(8), sequence_number: field(12), octets };
    Ok(stream.get(..length).map(pdu))
}

/// Sender and receiver of a deliver_sm, each with its ton and npi before and its NUL behind; none where the body is
/// none of a deliver_sm.
pub(crate) fn addresses<'a>(deliver_sm: &Pdu<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let body = &deliver_sm.octets[HEADER_LENGTH..];
    let (_, rest) = body.split_at_checked(string_length(body, SERVICE_TYPE_MAX)?)?;
    let (source, rest) = rest.split_at_checked(2 + string_length(rest.get(2..)?, ADDRESS_MAX)?)?;
    let destination = rest.get(..2 + string_length(rest.get(2..)?, ADDRESS_MAX)?)?;
    Some((source, destination))
}

/// Octets of the C-Octet String that `octets` begins with, its NUL included.
fn string_length(octets: &[u8], max: usize) -> Option<usize> {
    octets.iter().take(max).position(|octet| *octet == 0).map(|at| at + 1)
}

/// Appends a PDU whose body `write_body` appends.
fn append(
    to: &mut Vec<u8>,
    [command_id, status, sequence_number]: [u32; 3],
    write_body: impl FnOnce(&mut Vec<u8>),
) {
    let start = to.len();
    to.extend_from_slice(&[0; 4]);
    for field in [command_id, status, sequence_number] {
        to.extend_from_slice(&field.to_be_bytes());
    }
    write_body(to);
    let length = u32::try_from(to.len() - start).unwrap_or(u32::MAX);
    to[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Appends the response to `command_id`; a deliver_sm_resp has an empty message_id.
pub(crate) fn append_response(to: &mut Vec<u8>, command_id: u32, status: u32, sequence_number: u32) {
    append(to, [command_id | RESPONSE, status, sequence_number], |body| {
        if command_id == DELIVER_SM {
            body.push(0);
        }
    });
}

/// Appends a PDU without a body, such as an unbind.
pub(crate) fn append_bare(to: &mut Vec<u8>, command_id: u32, sequence_number: u32) {
    append(to, [command_id, ESME_ROK, sequence_number], |_| {});
}

/// Appends a bind_transceiver for SMPP 3.4.
pub(crate) fn append_bind(to: &mut Vec<u8>, system_id: &str, password: &str) {
    append(to, [BIND_TRANSCEIVER, ESME_ROK, 1], |body| {
        body.extend_from_slice(system_id.as_bytes());
        body.push(0);
        body.extend_from_slice(password.as_bytes());
        // system_type; interface_version; addr_ton, addr_npi and address_range.
        body.extend_from_slice(&[0, 0, 0x34, 0, 0, 0]);
    });
}

/// Appends a submit_sm in the default alphabet, each address as [`addresses`] gives it.
pub(crate) fn append_submit(to: &mut Vec<u8>, sequence_number: u32, route: Route<'_>, text: &[u8]) {
    append(to, [SUBMIT_SM, ESME_ROK, sequence_number], |body| {
        body.push(0); // service_type
        body.extend_from_slice(route.source);
        body.extend_from_slice(route.destination);
        // esm_class, protocol_id, priority_flag, schedule_delivery_time, validity_period, registered_delivery,
        // replace_if_present_flag, data_coding, sm_default_msg_id.
        body.extend_from_slice(&[0; 9]);
        let text = &text[..text.len().min(SHORT_MESSAGE_MAX)];
        body.push(text.len() as u8);
        body.extend_from_slice(text);
    });
}

/// From where to where a submit_sm goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route<'a> {
    pub(crate) source: &'a [u8],
    pub(crate) destination: &'a [u8],
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A deliver_sm from `source` to 8383 with `text`.
    pub(crate) fn deliver_sm(sequence_number: u32, source: &str, text: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        append(&mut octets, [DELIVER_SM, 0, sequence_number], |body| {
            body.extend_from_slice(b"\0\x01\x01");
            body.extend_from_slice(source.as_bytes());
            body.extend_from_slice(b"\0\0\x018383\0");
            body.extend_from_slice(&[0; 9]);
            body.push(text.len() as u8);
            body.extend_from_slice(text.as_bytes());
        });
        octets
    }

    #[test]
    fn a_pdu_is_found_once_its_last_octet_is_there() {
        let mut stream = deliver_sm(7, "84905000001", "XNC 1");
        let length = stream.len();
        for missing in 1..=length {
            assert_eq!(first(&stream[..length - missing]), Ok(None), "{missing}");
        }
        stream.extend_from_slice(&[0xFF; 40]);
        let pdu = first(&stream).unwrap().unwrap();
        assert_eq!((pdu.command_id, pdu.status, pdu.sequence_number), (DELIVER_SM, 0, 7));
        assert_eq!(pdu.octets, &stream[..length]);
    }

    #[test]
    fn a_hostile_length_is_an_error_and_never_waited_for() {
        for length in [0, 1, 15, PDU_MAX as u32 + 1, 0x7FFF_FFFF, u32::MAX] {
            let mut header = [0; HEADER_LENGTH];
            header[..4].copy_from_slice(&length.to_be_bytes());
            assert_eq!(first(&header), Err(LostInStream), "{length}");
        }
        let mut longest = vec![0; PDU_MAX];
        longest[..4].copy_from_slice(&(PDU_MAX as u32).to_be_bytes());
        assert_eq!(first(&longest).unwrap().unwrap().octets.len(), PDU_MAX);
    }

    #[test]
    fn addresses_are_given_with_ton_npi_and_nul() {
        let octets = deliver_sm(1, "84905000001", "");
        let pdu = first(&octets).unwrap().unwrap();
        assert_eq!(addresses(&pdu), Some((&b"\x01\x0184905000001\0"[..], &b"\0\x018383\0"[..])));
    }

    #[test]
    fn a_body_that_ends_early_or_has_an_endless_address_has_none() {
        let whole = deliver_sm(1, "84905000001", "");
        let end_of_addresses = HEADER_LENGTH + 1 + 14 + 7;
        for length in HEADER_LENGTH..end_of_addresses {
            let pdu = Pdu { octets: &whole[..length], ..first(&whole).unwrap().unwrap() };
            assert_eq!(addresses(&pdu), None, "{length}");
        }
        let endless = deliver_sm(1, &"9".repeat(ADDRESS_MAX), "");
        assert_eq!(addresses(&first(&endless).unwrap().unwrap()), None);
    }

    #[test]
    fn what_is_written_is_a_whole_pdu() {
        let mut octets = Vec::new();
        let route = Route { source: b"\0\x018383\0", destination: b"\x01\x0184905000001\0" };
        append_submit(&mut octets, 9, route, &[b'x'; 300]);
        let pdu = first(&octets).unwrap().unwrap();
        assert_eq!(pdu.octets.len(), octets.len());
        assert_eq!(octets[octets.len() - 255], 254, "sm_length");
        // A submit_sm is laid out as a deliver_sm is.
        assert_eq!(addresses(&pdu), Some((route.source, route.destination)));
    }
}
