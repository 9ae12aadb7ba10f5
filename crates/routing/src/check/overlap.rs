//! Rules that never match, rules that take each other's texts, keywords and types that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use crate::args::Kind;
use crate::clean::Cleaned;
use crate::compile::Out;
use crate::compile::pattern::{self, Element};
use crate::file::File;
use crate::grammar::{Grammar, Rule};
use crate::local_time::LocalTime;
use crate::parse::{Outcome, Parser, Trace};
use crate::words::fold_word;

pub(super) fn check(file: &File, grammar: &Grammar, out: &mut Out<'_>) {
    same_ids(file, out);
    same_spellings(file, out);
    dropped(file, grammar, out);
    examples(file, grammar, out);
    unused(file, out);
    // Rules and tables run in step only where every pattern could be read.
    if grammar.rules.len() == file.rule.len() {
        for (node, place) in grammar.keywords.0.iter().enumerate() {
            shadowed(file, grammar, node, &place.rules, out);
        }
    }
}

fn same_ids(file: &File, out: &mut Out<'_>) {
    let mut seen = BTreeMap::new();
    for rule in &file.rule {
        if seen.insert(rule.id.get_ref(), ()).is_some() {
            out.error(&rule.id, format!("there are two rules \"{}\"", rule.id.get_ref()), None);
        }
    }
}

/// One spelling belongs to one keyword.
fn same_spellings(file: &File, out: &mut Out<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, table) in &file.keyword {
        for word in std::iter::once(name).chain(&table.aliases).chain(&table.exact) {
            if let Some(other) = seen.insert(fold_word(word.get_ref()), name.get_ref()) {
                let message = format!("\"{}\" is a spelling of the keyword {other} as well", word.get_ref());
                out.error(word, message, None);
            }
        }
    }
}

/// A keyword that is dropped as a small word, or that begins a signature, is never seen.
fn dropped(file: &File, grammar: &Grammar, out: &mut Out<'_>) {
    let words = &grammar.words;
    let lists = [
        (&words.debris, "debris"),
        (&words.thanks, "thanks"),
        (&words.heads, "heads"),
        (&words.signatures, "signatures"),
    ];
    for (name, table) in &file.keyword {
        for word in std::iter::once(name).chain(&table.aliases).chain(&table.exact) {
            let folded = fold_word(word.get_ref());
            if let Some((_, list)) = lists.iter().find(|(phrases, _)| phrases.has_word(&folded)) {
                let message = format!("\"{}\" is dropped before keywords are looked for", word.get_ref());
                let help = format!("it is one of the {list} of [words] or of the language's base table");
                out.error(word, message, Some(help));
            }
        }
    }
}

/// Each type has an example that is of the type.
fn examples(file: &File, grammar: &Grammar, out: &mut Out<'_>) {
    for ((_, table), arg) in file.arg.iter().zip(&grammar.args) {
        let Some(example) = &table.get_ref().example else {
            let message = format!("[arg.{}] has no example", arg.name);
            out.error(&table.get_ref().kind, message, Some("write example = \"…\"".to_owned()));
            continue;
        };
        if !reads(grammar, arg, example) {
            let message = format!("\"{}\" is not of the type {}", example.get_ref(), arg.name);
            out.error(example, message, None);
        }
    }
}

fn reads(grammar: &Grammar, arg: &crate::args::Arg, example: &Spanned<String>) -> bool {
    let text = text::fold::fold(example.get_ref()).text;
    let cleaned = Cleaned { text, angles: Vec::new() };
    let context = crate::args::Context {
        cleaned: &cleaned,
        words: &grammar.words,
        now: &LocalTime::fixed(PROBE),
        horizon_days: i32::MAX,
        args: &grammar.args,
        strict: false,
    };
    !matches!(arg.read(&context, 0), crate::args::Read::Miss(_))
}

/// A moment at which examples are read: a day without a year is then still ahead.
const PROBE: jiff::civil::DateTime = jiff::civil::DateTime::constant(2026, 1, 1, 0, 0, 0, 0);

fn unused(file: &File, out: &mut Out<'_>) {
    let elements = file.rule.iter().filter_map(|rule| pattern::parse(rule.pattern.get_ref()).ok()).flatten();
    let mut used = BTreeSet::new();
    for element in elements {
        used.insert(match element {
            Element::Keyword(word) | Element::Optional(word) => word,
            Element::Arg(arg) => format!("{{{}}}", arg.kind),
        });
    }
    for name in file.keyword.keys() {
        if !used.contains(name.get_ref()) {
            let message = format!("no rule uses the keyword {}", name.get_ref());
            out.report.warning(out.name, name.span(), message, None);
        }
    }
    let named = |name: &str| file.arg.values().any(|arg| arg_names(arg.get_ref(), name));
    for name in file.arg.keys() {
        if !used.contains(&format!("{{{}}}", name.get_ref())) && !named(name.get_ref()) {
            let message = format!("no rule uses [arg.{}]", name.get_ref());
            out.report.warning(out.name, name.span(), message, None);
        }
    }
}

fn arg_names(arg: &crate::file::grammar::ArgTable, name: &str) -> bool {
    arg.not_arg.as_ref().is_some_and(|other| other.get_ref() == name)
}

/// Rules behind the same keywords: the text of a later one's examples must not be taken by an earlier one.
fn shadowed(file: &File, grammar: &Grammar, node: usize, rules: &[usize], out: &mut Out<'_>) {
    for (place, later) in rules.iter().enumerate() {
        for earlier in &rules[..place] {
            let (first, second) = (&grammar.rules[*earlier], &grammar.rules[*later]);
            let same_types = first.slots.len() == second.slots.len()
                && first.slots.iter().zip(&second.slots).all(|(a, b)| a.arg == b.arg);
            let table = &file.rule[*later];
            let message = if same_types || takes_all(first) {
                format!("rule {} can never match", second.id)
            } else if takes_example(grammar, node, *earlier, second) {
                format!("rule {} never sees texts like its own example", second.id)
            } else {
                continue;
            };
            let help = format!("rule \"{}\" above takes them; move it down or make it stricter", first.id);
            out.error(&table.pattern, message, Some(help));
        }
    }
}

/// A rule without arguments that must be there, and that does not mind what is left over, takes every text.
fn takes_all(rule: &Rule) -> bool {
    rule.extra.is_none() && rule.slots.iter().all(|slot| slot.optional)
}

fn takes_example(grammar: &Grammar, node: usize, earlier: usize, later: &Rule) -> bool {
    let separator = if later.fields { ", " } else { " " };
    let examples: Vec<&str> =
        later.slots.iter().map(|slot| grammar.args[slot.arg].example.as_str()).collect();
    let text = text::fold::fold(&examples.join(separator)).text;
    let cleaned = Cleaned { text, angles: Vec::new() };
    let now = LocalTime::fixed(PROBE);
    let parser = Parser { grammar, cleaned: &cleaned, now: &now };
    let first = &grammar.rules[earlier];
    let list =
        |rule: &Rule| rule.slots.iter().any(|slot| matches!(grammar.args[slot.arg].kind, Kind::Word(_)));
    // Two lists of words part by their words, which the examples show only one of.
    let both_lists = list(first) && list(later) && first.slots.len() == 1 && later.slots.len() == 1;
    let parsed = parser.probe(earlier, node, &mut Trace::default());
    !both_lists && matches!(parsed.outcome, Outcome::Command { .. })
}
