//! What citizens ask: 80 % dossier look-ups, 10 % waiting lines, 10 % free times.

use simulator::Message;

/// The passport office of Hue.
pub(crate) const HUE: &str = "8383";
/// The town hall of Trutnov.
const TRUTNOV: &str = "420739547765";

/// Citizens. The loop guard answers ten messages a minute of one sender: enough for 30,000 a second of them all.
const CITIZENS: u32 = 180_000;

/// Messages without end, the same at every run.
#[derive(Debug)]
pub(crate) struct Mix {
    dossiers: u32,
    sent: u32,
    /// Of a xorshift generator.
    state: u64,
}

impl Mix {
    pub(crate) fn new(dossiers: u32) -> Self {
        Self { dossiers: dossiers.max(1), sent: 0, state: 0x9E37_79B9_7F4A_7C15 }
    }

    /// A number below `bound`, near enough to uniform for a load.
    fn draw(&mut self, bound: u32) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        u32::try_from(self.state % u64::from(bound)).unwrap_or(0)
    }
}

impl Iterator for Mix {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let citizen = self.sent % CITIZENS;
        self.sent = self.sent.wrapping_add(1);
        Some(match self.draw(10) {
            0 => Message::new(
                vietnamese(citizen),
                HUE,
                ["XNC STTXC", "XNC STTNC", "XNC STTKQ"][citizen as usize % 3],
            ),
            1 => Message::new(format!("420602{citizen:06}"), TRUTNOV, "OBJ TERMIN ZOP"),
            // A citizen asks for a dossier of his own, again and again.
            _ => Message::new(vietnamese(citizen), HUE, format!("XNC {}", code(citizen % self.dossiers))),
        })
    }
}

/// The code that is printed on the receipt of a dossier.
pub(crate) fn code(dossier: u32) -> String {
    format!("{:08}", 10_000_000 + dossier)
}

fn vietnamese(citizen: u32) -> String {
    format!("84905{citizen:06}")
}

/// A message of each kind and words of which one stands in any right answer to it, whatever day it is.
pub(crate) fn samples() -> [(Message, &'static [&'static str]); 3] {
    let hue = |text: String| Message::new("84914000001", HUE, text);
    [
        (hue(format!("XNC {}", code(0))), &["10000000"]),
        (hue("XNC STTXC".to_owned()), &["37 nguoi", "hang doi", "ngoai gio"]),
        (Message::new("420603000001", TRUTNOV, "OBJ TERMIN ZOP"), &["ZOP"]),
    ]
}
