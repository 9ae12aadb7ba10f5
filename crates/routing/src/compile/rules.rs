//! Keywords and rules.

use model::Service;
use toml::Spanned;

use super::pattern::{self, ArgElement, Element};
use super::{Out, arguments};
use crate::file::File;
use crate::file::grammar::{KeywordTable, RuleTable, WordsTable};
use crate::grammar::{COMMANDS, Field, Grammar, Rule, Slot};
use crate::keywords::Keywords;
use crate::language;
use crate::report::suggest;
use crate::words::{Words, fold_word};

/// Most optional keywords of one pattern: each doubles its paths.
const OPTIONAL_MAX: usize = 4;

/// Days ahead that a date may lie where a service has no bookings.
const HORIZON_DAYS: u32 = 365;

/// Compiles the grammar; also the keywords that other numbers of the platform should know.
pub(crate) fn grammar(file: &File, service: &Service, out: &mut Out<'_>) -> (Grammar, Vec<(String, String)>) {
    let base = base_words(file, out);
    let horizon = service.bookings.as_ref().map_or(HORIZON_DAYS, |bookings| bookings.horizon_days);
    let mut grammar = Grammar {
        words: Words::new(&base, &file.words),
        args: arguments::arguments(file, service, out),
        horizon_days: i32::try_from(horizon).unwrap_or(i32::MAX),
        ..Grammar::default()
    };
    for (name, table) in &file.keyword {
        check_keyword(name, table, out);
    }
    for table in &file.rule {
        add_rule(table, file, &mut grammar, out);
    }
    let foreign = foreign(file, &grammar.keywords);
    (grammar, foreign)
}

/// The base table of the file's language.
pub(crate) fn base_words(file: &File, out: &mut Out<'_>) -> WordsTable {
    let Some(name) = &file.service.language else { return WordsTable::default() };
    language::table(name.get_ref()).unwrap_or_else(|| {
        let message = format!("there is no table of words for the language \"{}\"", name.get_ref());
        out.error(name, message, suggest(name.get_ref(), language::known()));
        WordsTable::default()
    })
}

fn check_keyword(name: &Spanned<String>, table: &KeywordTable, out: &mut Out<'_>) {
    for word in std::iter::once(name).chain(&table.aliases).chain(&table.exact) {
        let folded = fold_word(word.get_ref());
        if folded.is_empty() || !folded.bytes().all(|octet| octet.is_ascii_uppercase()) {
            let help = "digits begin an argument: `XNC1` is the keyword XNC and the argument 1".to_owned();
            let message = format!("the keyword \"{}\" has other signs than letters", word.get_ref());
            out.error(word, message, Some(help));
        }
    }
}

/// The spellings of a keyword, each with whether a slip may be corrected to it.
fn spellings(name: &str, table: &KeywordTable) -> Vec<(String, bool)> {
    let correct = table.correct.unwrap_or(true);
    let aliases = table.aliases.iter().map(|alias| (fold_word(alias.get_ref()), correct));
    let exact = table.exact.iter().map(|alias| (fold_word(alias.get_ref()), false));
    std::iter::once((fold_word(name), correct)).chain(aliases).chain(exact).collect()
}

fn add_rule(table: &RuleTable, file: &File, grammar: &mut Grammar, out: &mut Out<'_>) {
    let parsed = pattern::parse(table.pattern.get_ref());
    let help = "keywords first, then arguments: \"[OBJ] TERMIN {activity} {date?}\"";
    let Some(elements) = out.read(&table.pattern, parsed, help) else { return };
    let args: Vec<&ArgElement> = elements
        .iter()
        .filter_map(|element| if let Element::Arg(arg) = element { Some(arg) } else { None })
        .collect();
    let slots = args.iter().filter_map(|arg| slot(arg, table, file, out)).collect();
    let rule = Rule {
        id: table.id.get_ref().as_str().into(),
        pattern: table.pattern.get_ref().clone(),
        command: table.command.get_ref().as_str().into(),
        slots,
        fields: args.iter().any(|arg| arg.comma),
        blanks: table.blanks,
        extra: table.extra,
    };
    check_command(table, &rule, file, out);
    if elements.iter().filter(|element| matches!(element, Element::Optional(_))).count() > OPTIONAL_MAX {
        out.error(&table.pattern, format!("more than {OPTIONAL_MAX} optional keywords"), None);
        return;
    }
    let index = grammar.rules.len();
    grammar.rules.push(rule);
    for path in pattern::paths(&elements) {
        if let Some(node) = node(&path, table, file, &mut grammar.keywords, out) {
            grammar.keywords.0[node].rules.push(index);
        }
    }
}

fn slot(arg: &ArgElement, table: &RuleTable, file: &File, out: &mut Out<'_>) -> Option<Slot> {
    let Some(field) = Field::named(&arg.field) else {
        let message = format!("no command has a field \"{}\"", arg.field);
        out.error(&table.pattern, message, suggest(&arg.field, Field::ALL.iter().map(|(name, _)| *name)));
        return None;
    };
    let index = file.arg.keys().position(|known| *known.get_ref() == arg.kind);
    if index.is_none() {
        let known = file.arg.keys().map(|known| known.get_ref().as_str());
        out.error(&table.pattern, format!("there is no [arg.{}]", arg.kind), suggest(&arg.kind, known));
    }
    Some(Slot { arg: index?, field, optional: arg.optional })
}

fn node(
    path: &[&str],
    table: &RuleTable,
    file: &File,
    keywords: &mut Keywords,
    out: &mut Out<'_>,
) -> Option<usize> {
    let mut node = 0;
    for word in path {
        let Some(keyword) = file.keyword.get(*word) else {
            let known = file.keyword.keys().map(|known| known.get_ref().as_str());
            let message = format!("there is no [keyword.{word}]");
            out.error(&table.pattern, message, suggest(word, known));
            return None;
        };
        node = keywords.child(node, &spellings(word, keyword));
    }
    Some(node)
}

/// A command has the fields that it needs and no others; any other name is a fixed text with its template.
fn check_command(table: &RuleTable, rule: &Rule, file: &File, out: &mut Out<'_>) {
    let name = table.command.get_ref();
    let Some((_, needed, optional)) = COMMANDS.iter().find(|(known, _, _)| known == name) else {
        if !file.template.contains_key(name.as_str()) {
            let known = COMMANDS.iter().map(|(name, _, _)| *name).chain(super::settings::role_names(file));
            let message = format!("\"{name}\" is neither a command nor the role of a template");
            out.error(&table.command, message, suggest(name, known));
        } else if !rule.slots.is_empty() {
            out.error(&table.pattern, "a fixed text takes no arguments".to_owned(), None);
        }
        return;
    };
    if let Some(settings) = missing_settings(name, file) {
        let help = format!("add {settings}: docs/services-file.md says what stands in it");
        out.error(&table.command, format!("{name} needs {settings}, which is not in this file"), Some(help));
    }
    for field in *needed {
        if !rule.slots.iter().any(|slot| slot.field == *field && !slot.optional) {
            let help = Some(format!("write {{{}}}", field.name()));
            out.error(&table.pattern, format!("{name} needs the field {}", field.name()), help);
        }
    }
    for (place, slot) in rule.slots.iter().enumerate() {
        let field = slot.field;
        if !needed.contains(&field) && !optional.contains(&field) {
            out.error(&table.pattern, format!("{name} has no field {}", field.name()), None);
        } else if rule.slots[..place].iter().any(|earlier| earlier.field == field) {
            out.error(&table.pattern, format!("the field {} stands there twice", field.name()), None);
        }
        check_type(table, rule, slot, file, out);
    }
}

/// The table without which a command has nothing to work on, where the file lacks it.
fn missing_settings(command: &str, file: &File) -> Option<&'static str> {
    let (there, settings) = match command {
        "dossier_status" => (file.dossiers.is_some(), "[dossiers]"),
        "queue_status" => (!file.queue.is_empty(), "[queue.CODE]"),
        "subscriber_info" => (file.subscribers.is_some(), "[subscribers]"),
        "register" => (file.accounts.is_some(), "[accounts]"),
        _ => (file.bookings.is_some(), "[bookings]"),
    };
    (!there).then_some(settings)
}

/// A field takes values of its own types only; between commas stand those that are read there.
fn check_type(table: &RuleTable, rule: &Rule, slot: &Slot, file: &File, out: &mut Out<'_>) {
    let Some((name, arg)) = file.arg.iter().nth(slot.arg) else { return };
    let (kind, types) = (arg.get_ref().kind.get_ref().as_str(), slot.field.types());
    let (name, field) = (name.get_ref(), slot.field.name());
    // An unknown type is told where it stands.
    if arguments::TYPES.contains(&kind) && !types.contains(&kind) {
        let message = format!("[arg.{name}] is of the type {kind}, which the field {field} can't be");
        out.error(&table.pattern, message, Some(format!("types of {field}: {}", types.join(", "))));
    } else if slot.field == Field::Dob && !rule.fields {
        let help = "part the arguments by commas: {name}, {id_number}, {dob}".to_owned();
        out.error(&table.pattern, "a date of birth is read between commas only".to_owned(), Some(help));
    } else if rule.fields && slot.field != Field::Dob && matches!(kind, "date" | "time" | "receipt") {
        let message = format!("{field}: a {kind} is not read between commas");
        out.error(&table.pattern, message, Some("part the arguments by blanks".to_owned()));
    }
}

/// The spellings of the keywords that begin a command.
fn foreign(file: &File, keywords: &Keywords) -> Vec<(String, String)> {
    let mut foreign = Vec::new();
    for (name, table) in &file.keyword {
        for (spelling, _) in spellings(name.get_ref(), table) {
            if keywords.exact(0, &spelling).is_some() {
                foreign.push((spelling, name.get_ref().clone()));
            }
        }
    }
    foreign
}
