//! Names of services, rules, texts and bind groups: few, and told to every thread with every message.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::from_text;

/// A name that the office gives: in a services file, on the command line, or in the source of this program.
///
/// A plain value of one word. Equal names are one text in memory, which is never freed: a name costs nothing to pass
/// on, and no two threads write the line of memory where its uses are counted. So **nothing that a citizen typed or
/// that came over a socket may become one**; what is read back from journal and records was one before.
#[derive(Clone, Copy)]
pub struct Name(&'static &'static str);

/// Every name so far, but for the empty one.
static NAMES: Mutex<Option<HashMap<&'static str, Name>>> = Mutex::new(None);

/// What all empty names are.
static EMPTY: &str = "";

impl Name {
    /// The name itself.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        if name.is_empty() {
            return Self::default();
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.get_or_insert_default();
        if let Some(known) = names.get(name) {
            return *known;
        }
        let text: &'static str = Box::leak(name.into());
        let new = Self(Box::leak(Box::new(text)));
        names.insert(text, new);
        new
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl Default for Name {
    fn default() -> Self {
        Self(&EMPTY)
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl PartialEq for Name {
    /// Equal names are one text.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Name {}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Name {
    /// As its text, and not as its place: tables that hold names are in the same order in every run.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text::deserialize(deserializer, "a name", |text| Ok::<_, Infallible>(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_one_and_others_are_not() {
        let [first, second] = ["hue-xnc", "hue-xnc"].map(|name| Name::from(name.to_owned()));
        assert_eq!(first, second);
        assert!(std::ptr::eq(first.as_str(), second.as_str()));
        assert_ne!(first, Name::from("hue-xnd"));
        assert_eq!(Name::from(""), Name::default());
        assert_eq!(size_of::<Option<Name>>(), size_of::<usize>());
    }

    #[test]
    fn threads_that_meet_a_name_at_once_agree() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..500).map(|number| Name::from(format!("n{number}"))).collect()))
            .collect();
        let mut named = threads.into_iter().map(|thread| thread.join().unwrap());
        let first: Vec<Name> = named.next().unwrap();
        assert!(named.all(|other: Vec<Name>| other == first));
    }
}
