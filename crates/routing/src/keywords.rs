//! The keyword paths of one service: exact look-up by hash, and one-edit look-up by an index of deletions.
//!
//! Two words lie at most one edit (insertion, deletion, replacement, swap of neighbours) apart only if a
//! spelling with at most one letter left out is common to both. The hashes of all such spellings of all keywords are
//! kept, so that a slip costs as many look-ups as the word has letters, however many keywords there are; what is found
//! is compared letter by letter, so that a hash that two spellings share costs no more than that.

use rustc_hash::FxHashMap;

use crate::word_map::WordMap;

/// A place in the tree of keywords; 0 is the root.
pub(crate) type NodeId = usize;

/// Keywords shorter than this are never corrected and never joined from separate letters.
const SHORTEST: usize = 3;

/// Where a keyword leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) node: NodeId,
    /// A slip may be corrected to this spelling.
    pub(crate) correct: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    /// Boxed, because behind nearly all keywords there is no other.
    next: Option<Box<Next>>,
    /// Rules whose keywords end here, in file order.
    pub(crate) rules: Vec<usize>,
    /// A slip in the keyword that leads here may be corrected.
    pub(crate) correct: bool,
}

/// The keywords behind a node.
#[derive(Debug, Default)]
struct Next {
    children: WordMap<Child>,
    near: FxHashMap<u64, Vec<Box<str>>>,
}

impl Next {
    fn add(&mut self, word: &str, child: Child) {
        self.children.entry(word).insert_entry(child);
        for variant in deletions(word) {
            self.near.entry(variant).or_default().push(word.into());
        }
    }
}

/// The tree of a service.
#[derive(Debug)]
pub(crate) struct Keywords(pub(crate) Vec<Node>);

impl Default for Keywords {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Keywords {
    /// The node behind `parent` for the keyword whose spellings these are; made where there is none.
    pub(crate) fn child(&mut self, parent: NodeId, spellings: &[(String, bool)]) -> NodeId {
        if let Some(child) = spellings.iter().find_map(|(word, _)| self.exact(parent, word)) {
            return child.node;
        }
        let node = self.0.len();
        let correct = spellings.iter().any(|(_, correct)| *correct);
        self.0.push(Node { correct, ..Node::default() });
        let next = self.0[parent].next.get_or_insert_default();
        for (word, correct) in spellings {
            next.add(word, Child { node, correct: *correct });
        }
        node
    }

    pub(crate) fn node(&self, node: NodeId) -> &Node {
        &self.0[node]
    }

    /// The child of exactly this spelling.
    pub(crate) fn exact(&self, node: NodeId, word: &str) -> Option<&Child> {
        self.children(node)?.get(word)
    }

    /// The keywords behind a node; none where there are none.
    pub(crate) fn children(&self, node: NodeId) -> Option<&WordMap<Child>> {
        Some(&self.0[node].next.as_ref()?.children)
    }

    /// Whether letters joined to a word of this length may be a keyword.
    pub(crate) fn may_join(length: usize) -> bool {
        length >= SHORTEST
    }

    /// The one keyword that lies one edit from `word`, if it may be corrected; commands count, not spellings.
    pub(crate) fn corrected(&self, node: NodeId, word: &str) -> Option<NodeId> {
        let from = self.0[node].next.as_ref()?;
        if word.len() < SHORTEST - 1 || !from.children.may_hold_near(word) {
            return None;
        }
        let mut found: Option<&Child> = None;
        for variant in deletions(word) {
            for spelling in from.near.get(&variant).into_iter().flatten() {
                let Some(child) = from.children.get(spelling) else { continue };
                if spelling.len() < SHORTEST || !is_one_edit(word, spelling) {
                    continue;
                }
                match found {
                    Some(other) if other.node != child.node => return None,
                    Some(other) if other.correct => {}
                    _ => found = Some(child),
                }
            }
        }
        found.filter(|child| child.correct).map(|child| child.node)
    }
}

/// The hashes of the word itself and of all its spellings with one letter left out.
fn deletions(word: &str) -> impl Iterator<Item = u64> + '_ {
    // The multiplier of FNV-1a.
    let with = |hash: u64, letter: &u8| hash.wrapping_mul(0x0100_0000_01B3).wrapping_add(u64::from(*letter));
    let letters = word.as_bytes();
    let mut before = 0;
    // Where the place that is left out is the end, nothing is.
    (0..=letters.len()).map(move |left_out| {
        let variant = letters.get(left_out + 1..).unwrap_or(&[]).iter().fold(before, with);
        before = letters.get(left_out).map_or(before, |letter| with(before, letter));
        variant
    })
}

/// Whether one insertion, deletion, replacement or swap of neighbours makes `b` of `a`. Both are ASCII.
pub(crate) fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let back = a[front..].iter().rev().zip(b[front..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[front..a.len() - back], &b[front..b.len() - back]);
    match (a, b) {
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([x, y], [v, w]) => x == w && y == v,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_edits_and_nothing_else() {
        for (a, b) in [("XCN", "XNC"), ("XN", "XNC"), ("XNNC", "XNC"), ("XMC", "XNC"), ("TTBT", "TTTB")] {
            assert!(is_one_edit(a, b), "{a} {b}");
        }
        for (a, b) in [("XNC", "XNC"), ("CNX", "XNC"), ("X", "XNC"), ("STTABC", "STTXC")] {
            assert!(!is_one_edit(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_slip_counts_commands_and_never_short_or_exact_spellings() {
        let mut keywords = Keywords::default();
        let term = keywords.child(0, &[("TERMIN".into(), true), ("TERMINY".into(), true)]);
        keywords.child(0, &[("STORNO".into(), true), ("STO".into(), false)]);
        keywords.child(0, &[("TK".into(), true)]);
        assert_eq!(keywords.corrected(0, "TERMINU"), Some(term));
        assert_eq!(keywords.corrected(0, "STOP"), None);
        assert_eq!(keywords.corrected(0, "TKK"), None);
        keywords.child(0, &[("TERMIT".into(), true)]);
        assert_eq!(keywords.corrected(0, "TERMIX"), None);
    }
}
