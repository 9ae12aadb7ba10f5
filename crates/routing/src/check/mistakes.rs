//! Every mistake that a citizen can make has its reply, and no reply shows a place that nothing fills in.

use std::collections::BTreeSet;

use model::{ErrorKind, Service};

use crate::args::{Arg, Kind, date};
use crate::compile::Out;
use crate::file::File;
use crate::file::grammar::RuleTable;
use crate::grammar::{COMMANDS, Field, Grammar, Rule, Slot};

/// Fields of a reply that come from `[form.COMMAND]`.
const FORM: [&str; 2] = ["form", "ex"];
/// Fields of the reply to a keyword of another number.
const FOREIGN: [&str; 2] = ["kw", "num"];

pub(super) fn check(file: &File, grammar: &Grammar, service: &Service, out: &mut Out<'_>) {
    let mut kinds =
        BTreeSet::from([ErrorKind::Empty, ErrorKind::UnknownKeyword, ErrorKind::MultipleCommands]);
    if file.service.platform.is_some() {
        kinds.insert(ErrorKind::WrongNumber);
    }
    kinds.extend(grammar.rules.iter().flat_map(|rule| of_rule(rule, grammar)));
    for kind in kinds.iter().filter(|kind| !service.errors.contains_key(kind)) {
        let message = format!("nothing answers the mistake {}", kind.name());
        let help = format!("write {} = \"…\" in [errors], with the role of a template", kind.name());
        out.error(&file.service.id, message, Some(help));
    }
    places(file, service, out);
    // Rules and tables run in step only where every pattern could be read.
    if grammar.rules.len() == file.rule.len() {
        for (rule, table) in grammar.rules.iter().zip(&file.rule) {
            forms(rule, table, grammar, service, out);
        }
    }
}

/// The mistakes that a text for this rule can end in.
fn of_rule(rule: &Rule, grammar: &Grammar) -> BTreeSet<ErrorKind> {
    let args = rule.slots.iter().filter_map(|slot| Some((slot, grammar.args.get(slot.arg)?)));
    let mut kinds: BTreeSet<ErrorKind> = args.flat_map(|(slot, arg)| of_slot(slot, arg)).collect();
    kinds.extend(rule.extra);
    // Too many fields, or too few.
    kinds.extend(rule.fields.then_some(ErrorKind::BadSyntax));
    kinds
}

fn of_slot(slot: &Slot, arg: &Arg) -> Vec<ErrorKind> {
    let mut kinds = vec![arg.bad];
    let default = matches!(&arg.kind, Kind::Date(date) if date.default_days.is_some());
    if !slot.optional && !default {
        kinds.push(arg.missing);
    }
    match &arg.kind {
        Kind::Digits(digits) => kinds.extend(digits.swapped),
        // A name and a time in each other's place.
        Kind::Name(name) => kinds.extend([name.with_digits, ErrorKind::BadSyntax]),
        Kind::Time => kinds.push(ErrorKind::BadSyntax),
        Kind::IdNumber(id) if id.birth_year => kinds.push(ErrorKind::IdDobMismatch),
        Kind::Date(date) if slot.field != Field::Dob && matches!(date.year, date::Year::Coming) => {
            kinds.extend([ErrorKind::PastDate, ErrorKind::TooFar]);
        }
        _ => {}
    }
    kinds
}

/// Mistakes that belong to no command leave the places empty that a command fills in.
fn places(file: &File, service: &Service, out: &mut Out<'_>) {
    for (name, role) in &file.errors {
        let kind = crate::compile::settings::kind_named(name.get_ref());
        let foreign = kind == Some(ErrorKind::WrongNumber);
        let any = matches!(
            kind,
            Some(
                ErrorKind::Empty
                    | ErrorKind::UnknownKeyword
                    | ErrorKind::MultipleCommands
                    | ErrorKind::Unreadable
                    | ErrorKind::MissingParts
            )
        );
        let Some(template) = service.templates.get(role.get_ref()) else { continue };
        let empty = |field: &&str| match FOREIGN.contains(field) {
            true => !foreign,
            false => any || foreign,
        };
        if let Some(field) = template.fields().find(empty) {
            let message = format!("the mistake {} fills in no {{{field}}}", name.get_ref());
            out.error(role, message, Some("name a template without it".to_owned()));
        }
    }
}

/// A reply that shows the right form needs the form of the rule's command.
fn forms(rule: &Rule, table: &RuleTable, grammar: &Grammar, service: &Service, out: &mut Out<'_>) {
    let known = COMMANDS.iter().any(|(name, _, _)| *name == &*rule.command);
    let known = known || service.templates.contains_key(&*rule.command);
    if !known || service.forms.contains_key(&*rule.command) {
        return;
    }
    for kind in of_rule(rule, grammar) {
        let Some(role) = service.errors.get(&kind) else { continue };
        let Some(template) = service.templates.get(role) else { continue };
        if let Some(field) = template.fields().find(|field| FORM.contains(field)) {
            let (command, kind) = (&rule.command, kind.name());
            let message =
                format!("nothing fills in {{{field}}} of \"{role}\", which answers {kind} of this rule");
            let help = format!("write [form.{command}] with form = \"…\" and example = \"…\"");
            out.error(&table.command, message, Some(help));
            return;
        }
    }
}
