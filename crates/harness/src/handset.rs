//! Citizens' handsets: they join the parts of what they receive.

use std::collections::{BTreeMap, HashMap, VecDeque};

use codec::data_coding::{DefaultAlphabet, decode_text};
use codec::{Sm, UserData};

/// A text on a handset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The number that sent it, digits only.
    pub from: String,
    /// The whole text.
    pub text: String,
}

/// All handsets, by their digits.
#[derive(Debug, Default)]
pub struct Handsets {
    inboxes: HashMap<String, VecDeque<Received>>,
    /// Parts by sender, receiver and reference.
    parts: HashMap<(String, String, u16), BTreeMap<u8, UserData>>,
}

impl Handsets {
    /// Takes what an SMSC accepted. The citizen's digits come without `+`.
    pub fn take(&mut self, sm: &Sm) {
        let Ok(data) = sm.user_data() else { return };
        let (from, to) = (digits(&sm.source.digits), digits(&sm.destination.digits));
        let Some(concat) = data.concat else {
            self.show(from, to, &data, &data.payload.clone(), sm.data_coding);
            return;
        };
        let key = (from.clone(), to.clone(), concat.reference);
        let parts = self.parts.entry(key.clone()).or_default();
        parts.insert(concat.number, data.clone());
        if parts.len() == usize::from(concat.total) {
            let parts = self.parts.remove(&key).unwrap_or_default();
            let octets: Vec<u8> = parts.values().flat_map(|part| part.payload.to_vec()).collect();
            self.show(from, to, &data, &octets, sm.data_coding);
        }
    }

    fn show(&mut self, from: String, to: String, data: &UserData, octets: &[u8], data_coding: u8) {
        let decoded = decode_text(octets, data_coding, data.shifts, DefaultAlphabet::Gsm7);
        let text = decoded.map(|decoded| decoded.text).unwrap_or_default();
        self.inboxes.entry(to).or_default().push_back(Received { from, text });
    }

    /// The next unread text of a handset.
    pub fn read(&mut self, to: &str) -> Option<Received> {
        self.inboxes.get_mut(&digits(to))?.pop_front()
    }

    /// Everything that nobody has read yet, by handset.
    pub fn unread(&self) -> impl Iterator<Item = (&str, &Received)> {
        self.inboxes.iter().flat_map(|(to, inbox)| inbox.iter().map(move |received| (to.as_str(), received)))
    }
}

/// A number without its `+`.
pub(crate) fn digits(number: &str) -> String {
    number.trim_start_matches('+').to_owned()
}
