//! Which texts a service needs, and which fields each of them may name.

use std::collections::BTreeSet;

use model::Service;
use model::service::Lifecycle;

use crate::compile::Out;
use crate::compile::settings::role_names;
use crate::file::File;
use crate::report::{near, suggest};

/// A role with the fields that the program fills in.
type Role = (&'static str, &'static [&'static str]);

/// Roles beside those of dossiers. Others are fixed texts or replies to mistakes.
const ROLES: [Role; 48] = [
    ("one_per_sms", &[]),
    ("parts", &[]),
    ("busy", &[]),
    ("limit", &["mins"]),
    ("wrong_number", &["kw", "num"]),
    ("dossier.bad_code", &[]),
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

/// Roles of dossiers with a window: all needed.
const WINDOW: [Role; 12] = [
    ("dossier.not_found", &["code", "rc"]),
    ("dossier.early", &["code", "rc", "t", "d"]),
    ("dossier.unpaid", &["code", "rc"]),
    ("dossier.processing", &["code", "rc", "note", "t", "d", "d2"]),
    ("dossier.overdue", &["code", "rc", "note", "t", "d", "d2"]),
    ("dossier.no_date", &["code", "rc", "note", "t", "d", "d2"]),
    ("dossier.supplement", &["code", "rc", "note", "t", "d", "d2"]),
    ("dossier.withdrawn", &["code", "rc", "t", "d"]),
    ("dossier.ready", &["code", "rc", "note", "t", "d", "d2"]),
    ("dossier.refused", &["code", "rc", "note", "t", "d", "d2"]),
    ("dossier.collected", &["code", "rc", "t", "d", "t2", "d2"]),
    ("dossier.ended", &["code", "rc"]),
];

/// Roles of dossiers with the ten national statuses: all needed.
const NATIONAL: [Role; 13] = [
    ("dossier.not_found", &["code", "rc"]),
    ("dossier.submitted", &["code", "rc", "unit", "note"]),
    ("dossier.processing", &["code", "rc", "unit", "note", "d"]),
    ("dossier.no_date", &["code", "rc", "unit", "note"]),
    ("dossier.overdue", &["code", "rc", "unit", "note", "d", "d2"]),
    ("dossier.overdue_no_date", &["code", "rc", "unit", "note", "d"]),
    ("dossier.not_accepted", &["code", "rc", "unit", "note"]),
    ("dossier.stopped", &["code", "rc", "unit", "note"]),
    ("dossier.supplement", &["code", "rc", "unit", "note"]),
    ("dossier.fee", &["code", "rc", "unit", "note"]),
    ("dossier.withdrawn", &["code", "rc", "unit", "note", "t", "d"]),
    ("dossier.ready", &["code", "rc", "unit", "note"]),
    ("dossier.returned", &["code", "rc", "unit", "note", "t", "d"]),
];

/// Fields of the reply with a queue's figure.
const QUEUE: &[&str] = &["t", "d", "n", "lvl", "m"];
/// Fields of a reply to a mistake that is no role of its own.
const MISTAKE: &[&str] = &["field", "form", "ex", "act", "kw", "num"];

const COMMON: &[&str] = &["one_per_sms", "parts", "busy"];
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
            out.error(&file.service.id, message, Some(how_to_write(&role, file, service)));
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
fn how_to_write(role: &str, file: &File, service: &Service) -> String {
    let others = role_names(file).filter(|name| !known_role(name));
    if let Some(name) = near(role, others) {
        return format!("did you mean \"{name}\"?");
    }
    let fields = known_fields(role, service).unwrap_or_default();
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
    let commands: BTreeSet<&str> = file.rule.iter().map(|rule| rule.command.get_ref().as_str()).collect();
    let mut used = commands.clone();
    used.extend(service.errors.values().map(String::as_str));
    used.extend(file.queue.values().map(|queue| queue.template.get_ref().as_str()));
    for role in file.template.keys() {
        let name = role.get_ref().as_str();
        // A queue may have several wordings, of which its table names the one in use.
        let wording = name.starts_with("queue.") && !file.queue.is_empty();
        if !wording && !known_role(name) && !used.contains(name) {
            let help = near(name, all_roles());
            let help = help.map(|known| format!("did you mean \"{known}\"?"));
            out.report.warning(out.name, role.span(), format!("nothing uses the template \"{name}\""), help);
        }
    }
    for command in file.form.keys() {
        let name = command.get_ref();
        if !commands.contains(name.as_str()) {
            let help = suggest(name, commands.iter().copied());
            out.report.warning(out.name, command.span(), format!("no rule has the command {name}"), help);
        }
    }
}

fn needed(service: &Service) -> Vec<String> {
    let mut needed: BTreeSet<String> = COMMON.iter().map(|role| (*role).to_owned()).collect();
    needed.extend(of_dossiers(service).iter().map(|(role, _)| (*role).to_owned()));
    let mut add =
        |group: &str, roles: &[&str]| needed.extend(roles.iter().map(|role| format!("{group}.{role}")));
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

/// The roles of the dossiers that a service keeps.
fn of_dossiers(service: &Service) -> &'static [Role] {
    match service.dossiers.as_ref().map(|settings| &settings.lifecycle) {
        Some(Lifecycle::Window { .. }) => &WINDOW,
        Some(Lifecycle::National) => &NATIONAL,
        None => &[],
    }
}

/// The fields of a role that the program knows.
fn known_fields(role: &str, service: &Service) -> Option<&'static [&'static str]> {
    let mut roles = ROLES.iter().chain(of_dossiers(service));
    roles.find(|(known, _)| *known == role).map(|(_, fields)| *fields)
}

/// A text names only fields that its role fills in.
fn fields(file: &File, service: &Service, out: &mut Out<'_>) {
    for (role, table) in &file.template {
        let Some(template) = service.templates.get(role.get_ref()) else { continue };
        let figure = role.get_ref().starts_with("queue.") && !known_role(role.get_ref());
        let allowed = match known_fields(role.get_ref(), service) {
            Some(fields) => fields,
            None if figure => QUEUE,
            None if service.errors.values().any(|used| used == role.get_ref()) => MISTAKE,
            None => &[],
        };
        for field in template.fields().filter(|field| !fills_in(role.get_ref(), allowed, field)) {
            let message = format!("the role {} has no field {{{field}}}", role.get_ref());
            let help = format!(
                "available here: {}",
                if allowed.is_empty() { "none".into() } else { allowed.join(", ") }
            );
            out.error(&table.text, message, Some(help));
        }
    }
}

/// Whether a field is filled in, in any of the spellings that a day and a time have.
fn fills_in(role: &str, allowed: &[&str], field: &str) -> bool {
    // A subscriber's days are texts of the operator's record.
    let moments = !role.starts_with("subscriber.");
    allowed.contains(&field) || moments && allowed.iter().any(|known| plain(known) == plain(field))
}

/// The plain name of a day or a time.
fn plain(field: &str) -> &str {
    match field {
        "cd" | "cds" => "d",
        "ct" => "t",
        "cd2" | "cds2" => "d2",
        "ct2" => "t2",
        other => other,
    }
}

fn known_role(role: &str) -> bool {
    all_roles().any(|known| known == role)
}

fn all_roles() -> impl Iterator<Item = &'static str> {
    ROLES.iter().chain(&WINDOW).chain(&NATIONAL).map(|(role, _)| *role)
}
