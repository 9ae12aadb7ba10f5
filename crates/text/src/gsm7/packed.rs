//! Eight septets in seven octets, lowest bits first (3GPP TS 23.038 §6.1.2.1).

/// The zero bits that bring the first septet after a user data header of `header_octets` (UDHL octet included)
/// to a septet boundary (3GPP TS 23.040 §9.2.3.24).
#[must_use]
pub fn fill_bits(header_octets: usize) -> usize {
    (7 - header_octets * 8 % 7) % 7
}

/// Packs septets after `fill` zero bits (0 to 6); bit 7 of each input octet is dropped.
///
/// A text whose last septet would leave seven spare bits gets a CR there, so that the far end does not read an
/// `@` that nobody wrote (§6.1.2.3.1).
#[must_use]
pub fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let fill = fill % 7;
    let bits = fill + septets.len() * 7;
    let mut out = vec![0; bits.div_ceil(8)];
    let mut put = |index: usize, septet: u8| {
        let position = fill + index * 7;
        let value = u16::from(septet & 0x7F) << (position % 8);
        let [low, high] = value.to_le_bytes();
        for (octet, part) in out.iter_mut().skip(position / 8).zip([low, high]) {
            *octet |= part;
        }
    };
    for (index, septet) in septets.iter().enumerate() {
        put(index, *septet);
    }
    if bits % 8 == 1 && !septets.is_empty() {
        put(septets.len(), 0x0D);
    }
    out
}

/// Unpacks all whole septets after `fill` bits. Where seven spare bits end the octets and hold zeros or CR, they
/// are padding and no character.
#[must_use]
pub fn unpack(octets: &[u8], fill: usize) -> Vec<u8> {
    let fill = fill % 7;
    let count = (octets.len() * 8).saturating_sub(fill) / 7;
    let mut out: Vec<u8> = (0..count)
        .map(|index| {
            let position = fill + index * 7;
            let at = |octet: usize| octets.get(octet).copied().unwrap_or(0);
            let pair = u16::from_le_bytes([at(position / 8), at(position / 8 + 1)]);
            let [low, _] = (pair >> (position % 8)).to_le_bytes();
            low & 0x7F
        })
        .collect();
    let ends_on_boundary = fill + count * 7 == octets.len() * 8;
    if ends_on_boundary && matches!(out.last(), Some(0x00 | 0x0D)) {
        out.pop();
    }
    out
}
