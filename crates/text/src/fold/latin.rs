//! Letters and signs that become one ASCII character: nearly all that Vietnamese and Czech have beyond ASCII.

use std::sync::LazyLock;

use super::Zero;

/// Latin-1 to Latin Extended-B.
const FIRST: u32 = 0x80;
const LAST: u32 = 0x24F;
/// Latin Extended Additional.
const MORE_FIRST: u32 = 0x1E00;
const MORE_LAST: u32 = 0x1EFF;

/// What folding makes of each of them; 0 where that is not one character.
static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let all = (FIRST..=LAST).chain(MORE_FIRST..=MORE_LAST);
    all.map(|code| char::from_u32(code).map_or(0, folded)).collect()
});

fn folded(character: char) -> u8 {
    let mut text = Vec::new();
    super::push(character, &Zero::of(""), &mut text);
    if let [octet] = text[..] { octet } else { 0 }
}

/// The ASCII octet that `character` becomes wherever it stands, if it is one of these.
pub(super) fn plain(character: char) -> Option<u8> {
    let place = match u32::from(character) {
        code @ FIRST..=LAST => code - FIRST,
        code @ MORE_FIRST..=MORE_LAST => code - MORE_FIRST + (LAST - FIRST + 1),
        _ => return None,
    };
    PLAIN.get(place as usize).copied().filter(|octet| *octet != 0)
}
