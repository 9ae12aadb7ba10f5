//! Which texts a service needs, and which fields each of them may name.

use std::collections::BTreeSet;

use model::Service;
use model::service::Lifecycle;

use crate::compile::Out;
use crate::compile::settings::role_names;
use crate::file::File;
use crate::report::{near, suggest};

/// Roles with the fields that the program fills in. Other roles are fixed texts or replies to mistakes.
const ROLES: [(&str, &[&str]); 66] = [
    ("one_per_sms", &[]),
    ("parts", &[]),
    ("busy", &[]),
    ("limit", &["mins"]),
    ("wrong_number", &["kw", "num"]),
    ("dossier.not_found", &["code", "rc"]),
    ("dossier.early", &["code", "t", "d"]),
    ("dossier.unpaid", &["code"]),
    ("dossier.processing", &["code", "d", "t", "d2", "rc", "unit"]),
    ("dossier.overdue", &["code", "d", "d2", "rc", "unit"]),
    ("dossier.overdue_no_date", &["rc", "d", "unit"]),
    ("dossier.no_date", &["code", "t", "d2", "rc", "unit"]),
    ("dossier.supplement", &["code", "note", "t", "d2", "rc", "unit"]),
    ("dossier.withdrawn", &["code", "d", "rc"]),
    ("dossier.ready", &["code", "rc", "unit"]),
    ("dossier.refused", &["code", "note"]),
    ("dossier.collected", &["code", "t", "d", "d2"]),
    ("dossier.ended", &["code"]),
    ("dossier.bad_code", &[]),
    ("dossier.submitted", &["rc", "unit"]),
    ("dossier.not_accepted", &["rc", "note", "unit"]),
    ("dossier.stopped", &["rc", "note", "unit"]),
    ("dossier.fee", &["rc", "unit"]),
    ("dossier.returned", &["rc", "d"]),
    ("dossier.syntax", &[]),
    ("queue.no_data", &[]),
    ("queue.stale", &["t", "d"]),
    ("queue.closed", &["t", "d"]),
    ("subscriber.info", &["name", "d", "id", "d2", "place", "typ"]),
    ("subscriber.none", &["ms"]),
    ("subscriber.match", &["ms"]),
    ("subscriber.incomplete", &["ms"]),
    ("subscriber.need_id", &[]),
    ("subscriber.mismatch", &["ms"]),
    ("subscriber.org", &["ms"]),
    ("subscriber.bad_id", &[]),
    ("subscriber.syntax", &[]),
    ("account.created", &["tk", "mk"]),
    ("account.rotated", &["tk", "mk"]),
    ("account.duplicate_id", &[]),
    ("account.duplicate_phone", &[]),
    ("account.syntax", &[]),
    ("account.mismatch", &[]),
    ("portal.otp", &["otp", "mins"]),
    ("portal.not_owner", &[]),
    ("booking.booked", &["act", "cd", "cds", "ct", "cname", "cc"]),
    ("booking.taken", &["act", "cd", "cds", "ct", "slots"]),
    ("booking.taken_none", &["act", "cd", "ct", "cd2", "ct2"]),
    ("booking.no_slot", &["act", "cd", "cds", "ct", "slots"]),
    ("booking.closed", &["act", "cd", "cd2", "ct2", "cds2"]),
    ("booking.closed_free", &["act", "cd", "cd2", "cds2", "slots"]),
    ("booking.closed_none", &["act", "cd"]),
    ("booking.none_week", &["act", "cd"]),
    ("booking.free", &["act", "cd", "cds", "slots"]),
    ("booking.free_none", &["act", "cd", "cd2", "ct2"]),
    ("booking.cancelled", &["cc", "cd", "ct"]),
    ("booking.cancel_not_found", &["cc", "cd"]),
    ("booking.duplicate", &["act", "cd", "cname"]),
    ("booking.too_many", &[]),
    ("booking.wait", &["mins"]),
    ("booking.remind", &["act", "cd", "cds", "ct", "cname", "cc"]),
    ("booking.horizon", &["act"]),
    ("booking.past", &["act", "form", "ex"]),
    ("booking.bad", &["field", "form", "ex"]),
    ("booking.missing", &["field", "form", "ex"]),
    ("booking.syntax", &["form", "ex"]),
];

/// Fields of the reply with a queue's figure.
const QUEUE: &[&str] = &["t", "d", "n", "lvl", "m"];
/// Fields of a reply to a mistake that is no role of its own.
const MISTAKE: &[&str] = &["field", "form", "ex", "act", "kw", "num"];

const COMMON: &[&str] = &["one_per_sms", "parts", "busy"];
const WINDOW: &[&str] = &[
    "not_found",
    "early",
    "unpaid",
    "processing",
    "overdue",
    "no_date",
    "supplement",
    "withdrawn",
    "ready",
    "refused",
    "collected",
    "ended",
];
const NATIONAL: &[&str] = &[
    "not_found",
    "submitted",
    "processing",
    "no_date",
    "overdue",
    "overdue_no_date",
    "not_accepted",
    "stopped",
    "supplement",
    "fee",
    "withdrawn",
    "ready",
    "returned",
];
const QUEUES: &[&str] = &["no_data", "stale", "closed"];
const SUBSCRIBER: &[&str] = &["info", "none", "match", "incomplete", "need_id", "mismatch", "org"];
const ACCOUNT: &[&str] = &["created", "duplicate_id", "duplicate_phone", "rotated"];
const BOOKING: &[&str] = &[
    "booked",
    "taken",
    "taken_none",
    "no_slot",
    "closed",
    "closed_free",
    "closed_none",
    "none_week",
    "free",
    "free_none",
    "cancelled",
    "cancel_not_found",
    "duplicate",
    "too_many",
    "wait",
];

pub(super) fn check(file: &File, service: &Service, out: &mut Out<'_>) {
    for role in needed(service) {
        if !file.template.contains_key(role.as_str()) {
            let message = format!("there is no template \"{role}\", which this service needs");
            out.error(&file.service.id, message, Some(how_to_write(&role, file)));
        }
    }
    for (code, table) in &file.queue {
        if !file.template.contains_key(table.template.get_ref().as_str()) {
            let message = format!("there is no template \"{}\"", table.template.get_ref());
            out.error(&table.template, message, suggest(table.template.get_ref(), role_names(file)));
        }
        if table.few_below > table.many_from {
            let message = format!("few_below {} lies above many_from {}", table.few_below, table.many_from);
            out.error(
                code,
                message,
                Some("fewer than few_below are few, many_from and more many".to_owned()),
            );
        }
    }
    fields(file, service, out);
    unused(file, service, out);
}

/// How a template that is missing is written; or the one that is there under a name with a slip.
fn how_to_write(role: &str, file: &File) -> String {
    let others = role_names(file).filter(|name| !known_role(name));
    if let Some(name) = near(role, others) {
        return format!("did you mean \"{name}\"?");
    }
    let fields = ROLES.iter().find(|(known, _)| *known == role).map_or(&[][..], |(_, fields)| *fields);
    let fields: Vec<String> = fields.iter().map(|field| format!("{{{field}}}")).collect();
    let may = if fields.is_empty() {
        "takes no fields".to_owned()
    } else {
        format!("may name {}", fields.join(" "))
    };
    format!("write [template.\"{role}\"] with id and text; the text {may}")
}

/// Templates that are never sent and forms that are never shown: most likely names with a slip.
fn unused(file: &File, service: &Service, out: &mut Out<'_>) {
    let commands = || file.rule.iter().map(|rule| rule.command.get_ref().as_str());
    let queues = || file.queue.values().map(|queue| queue.template.get_ref().as_str());
    let answers = || service.errors.values().map(String::as_str);
    for role in file.template.keys() {
        let name = role.get_ref().as_str();
        // A queue may have several wordings, of which its table names the one in use.
        let wording = name.starts_with("queue.") && !file.queue.is_empty();
        if !wording
            && !known_role(name)
            && !commands().chain(queues()).chain(answers()).any(|used| used == name)
        {
            let help = near(name, ROLES.iter().map(|(known, _)| *known));
            let help = help.map(|known| format!("did you mean \"{known}\"?"));
            out.report.warning(out.name, role.span(), format!("nothing uses the template \"{name}\""), help);
        }
    }
    for command in file.form.keys() {
        let name = command.get_ref();
        if !commands().any(|known| known == name) {
            let help = suggest(name, commands());
            out.report.warning(out.name, command.span(), format!("no rule has the command {name}"), help);
        }
    }
}

fn needed(service: &Service) -> Vec<String> {
    let mut needed: BTreeSet<String> = COMMON.iter().map(|role| (*role).to_owned()).collect();
    let mut add =
        |group: &str, roles: &[&str]| needed.extend(roles.iter().map(|role| format!("{group}.{role}")));
    match service.dossiers.as_ref().map(|settings| &settings.lifecycle) {
        Some(Lifecycle::Window { .. }) => add("dossier", WINDOW),
        Some(Lifecycle::National) => add("dossier", NATIONAL),
        None => {}
    }
    if !service.queues.is_empty() {
        add("queue", QUEUES);
    }
    if service.subscribers.is_some() {
        add("subscriber", SUBSCRIBER);
    }
    if service.accounts.is_some() {
        add("account", ACCOUNT);
    }
    if let Some(bookings) = &service.bookings {
        add("booking", BOOKING);
        if bookings.reminder_at.is_some() {
            add("booking", &["remind"]);
        }
        if bookings.activities.values().any(|activity| !activity.active) {
            add("booking", &["bad_activity"]);
        }
    }
    if service.dossiers.is_some() || service.subscribers.is_some() {
        needed.insert("limit".to_owned());
    }
    needed.into_iter().collect()
}

/// A text names only fields that its role fills in.
fn fields(file: &File, service: &Service, out: &mut Out<'_>) {
    for (role, table) in &file.template {
        let Some(template) = service.templates.get(role.get_ref()) else { continue };
        let figure = role.get_ref().starts_with("queue.") && !known_role(role.get_ref());
        let allowed = match ROLES.iter().find(|(known, _)| known == role.get_ref()) {
            Some((_, fields)) => *fields,
            None if figure => QUEUE,
            None if service.errors.values().any(|used| used == role.get_ref()) => MISTAKE,
            None => &[],
        };
        for field in template.fields().filter(|field| !allowed.contains(field)) {
            let message = format!("the role {} has no field {{{field}}}", role.get_ref());
            let help = format!(
                "available here: {}",
                if allowed.is_empty() { "none".into() } else { allowed.join(", ") }
            );
            out.error(&table.text, message, Some(help));
        }
    }
}

fn known_role(role: &str) -> bool {
    ROLES.iter().any(|(known, _)| *known == role)
}
