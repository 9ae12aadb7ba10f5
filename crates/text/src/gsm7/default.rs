//! The default alphabet and its extension table, both ways.

/// Selects the extension table for the next septet.
pub const ESCAPE: u8 = 0x1B;

/// 3GPP TS 23.038 §6.2.1. The escape itself reads as a no-break space where nothing follows it.
pub(super) const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', //
];

/// 3GPP TS 23.038 §6.2.1.1.
pub(super) const EXTENSION: &[(u8, char)] = &[
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Whether all octets are septets whose characters have the same code in ASCII: most texts hold no other. By
/// comparisons and not by a table, for so the compiler looks at many octets at once.
pub(super) fn are_same_in_ascii(octets: &[u8]) -> bool {
    let other = |octet: u8| {
        let outside = !matches!(octet, b' '..=b'z') & (octet != b'\n') & (octet != b'\r');
        outside | (octet == b'$') | (octet == b'@') | matches!(octet, b'['..=b'`')
    };
    octets.iter().fold(0, |seen, octet| seen | u8::from(other(*octet))) == 0
}

/// Where one character stands in the alphabet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Main(u8),
    Extension(u8),
}

/// The places of U+0000 to U+00FF, made at compile time: nearly all that is asked.
const LATIN: [Option<Place>; 256] = {
    let mut places = [None; 256];
    let mut code = 0;
    while code < 128 {
        let character = DEFAULT[code] as usize;
        if code != ESCAPE as usize && character < 256 {
            places[character] = Some(Place::Main(code as u8));
        }
        code += 1;
    }
    let mut entry = 0;
    while entry < EXTENSION.len() {
        let (code, character) = EXTENSION[entry];
        if (character as usize) < 256 {
            places[character as usize] = Some(Place::Extension(code));
        }
        entry += 1;
    }
    places
};

fn place(character: char) -> Option<Place> {
    if let Some(place) = LATIN.get(character as usize) {
        return *place;
    }
    match character {
        'Δ' => Some(Place::Main(0x10)),
        'Φ' => Some(Place::Main(0x12)),
        'Γ' => Some(Place::Main(0x13)),
        'Λ' => Some(Place::Main(0x14)),
        'Ω' => Some(Place::Main(0x15)),
        'Π' => Some(Place::Main(0x16)),
        'Ψ' => Some(Place::Main(0x17)),
        'Σ' => Some(Place::Main(0x18)),
        'Θ' => Some(Place::Main(0x19)),
        'Ξ' => Some(Place::Main(0x1A)),
        '€' => Some(Place::Extension(0x65)),
        _ => None,
    }
}

/// The septets that one character takes (1 or 2), or `None` where the alphabet lacks it.
#[must_use]
pub fn septets_of(character: char) -> Option<usize> {
    place(character).map(|place| match place {
        Place::Main(_) => 1,
        Place::Extension(_) => 2,
    })
}

/// The septets that a text takes, or `None` where any character of it is in neither table.
#[must_use]
pub fn septets(text: &str) -> Option<usize> {
    if are_same_in_ascii(text.as_bytes()) {
        return Some(text.len());
    }
    if text.is_ascii() {
        return ascii_septets(text.as_bytes());
    }
    text.chars().try_fold(0, |sum, character| Some(sum + septets_of(character)?))
}

/// Septets of U+0000 to U+007F; a character that the alphabet lacks counts [`LACKED`].
const ASCII_SEPTETS: [u8; 128] = {
    let mut septets = [0; 128];
    let mut code = 0;
    while code < 128 {
        septets[code] = match LATIN[code] {
            Some(Place::Main(_)) => 1,
            Some(Place::Extension(_)) => 2,
            None => LACKED,
        };
        code += 1;
    }
    septets
};

/// A bit that no count of septets has.
const LACKED: u8 = 0x80;

/// [`septets`] of a text that is all ASCII: a plain sum over its octets.
fn ascii_septets(octets: &[u8]) -> Option<usize> {
    let septets = |octet: &u8| ASCII_SEPTETS[usize::from(octet & 0x7F)];
    let (sum, seen) = octets.iter().fold((0, 0), |(sum, seen), octet| {
        let septets = septets(octet);
        (sum + usize::from(septets), seen | septets)
    });
    (seen & LACKED == 0).then_some(sum)
}

/// Writes a text as unpacked septets, or `None` where any character of it is in neither table.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    if are_same_in_ascii(text.as_bytes()) {
        return Some(text.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(text.len());
    for character in text.chars() {
        match place(character)? {
            Place::Main(code) => out.push(code),
            Place::Extension(code) => out.extend([ESCAPE, code]),
        }
    }
    Some(out)
}
