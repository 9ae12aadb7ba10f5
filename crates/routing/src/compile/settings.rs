//! Everything of a service that is no grammar.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use model::plan::{self, NumberingPlan};
use model::service::{
    AccountSettings, Activity, BookingSettings, DossierSettings, Form, Lifecycle, LimitSettings,
    QueueSettings, SubscriberSettings, Tariff,
};
use model::{ErrorKind, Service, ServiceId, Span, Template};

use super::{Out, calendar};
use crate::file::settings::{BookingsTable, DossiersTable, QueueTable};
use crate::file::{File, Named};
use crate::report::suggest;

/// Hours in which notices leave where a file says nothing.
const NOTICE_HOURS: (i8, i8) = (7, 21);

/// Compiles the settings; what is wrong gets a harmless value and an error in the report.
pub(crate) fn service(file: &File, out: &mut Out<'_>) -> Service {
    let table = &file.service;
    let zone = TimeZone::get(table.zone.get_ref());
    let zone = out.read(&table.zone, zone, "write a zone as Asia/Ho_Chi_Minh").unwrap_or(TimeZone::UTC);
    let notice_hours = table.notice_hours.as_ref().and_then(|hours| calendar::span(hours, out));
    let hour = |hour| Time::new(hour, 0, 0, 0).unwrap_or_default();
    let default_hours = Span { from: hour(NOTICE_HOURS.0), to: hour(NOTICE_HOURS.1) };
    let tariff = file.tariff.as_ref();
    Service {
        id: id(file, out),
        numbers: numbers(file, out),
        groups: table.groups.clone(),
        plan: numbering_plan(file, out),
        zone,
        templates: templates(file, out),
        errors: errors(file, out),
        forms: forms(file),
        calendar: calendar::calendar(&file.calendar, out),
        limits: LimitSettings {
            messages_per_minute: file.limits.messages_per_minute.0,
            misses_per_hour: file.limits.misses_per_hour.0,
        },
        notice_hours: notice_hours.unwrap_or(default_hours),
        tariff: tariff.map(|tariff| Tariff {
            class: tariff.class.clone(),
            price: tariff.price,
            currency: tariff.currency.clone(),
        }),
        dossiers: file.dossiers.as_ref().map(dossiers),
        queues: queues(&file.queue, out),
        subscribers: file.subscribers.as_ref().map(|table| SubscriberSettings {
            require_id: table.require_id,
            empty_word: table.empty_word.clone(),
        }),
        accounts: file.accounts.as_ref().map(|table| AccountSettings {
            password_hours: table.password_hours.0,
            password_length: table.password_length.0,
            max_rotations: table.max_rotations,
            failed_logins_max: table.failed_logins_max.0,
            lock_minutes: table.lock_minutes,
        }),
        bookings: file.bookings.as_ref().map(|table| bookings(table, file, out)),
    }
}

fn id(file: &File, out: &mut Out<'_>) -> ServiceId {
    let id = &file.service.id;
    let well_formed = !id.get_ref().is_empty()
        && id.get_ref().bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    if !well_formed {
        out.error(id, "a service's id has letters, digits and dashes".to_owned(), None);
    }
    ServiceId::new(id.get_ref().as_str())
}

fn numbers(file: &File, out: &mut Out<'_>) -> Vec<String> {
    let mut numbers = Vec::new();
    for number in &file.service.numbers {
        let digits = number.get_ref().trim_start_matches('+').to_owned();
        if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            out.error(number, format!("\"{}\" is no number", number.get_ref()), Some("digits only".into()));
        }
        numbers.push(digits);
    }
    if numbers.is_empty() {
        out.error(&file.service.id, "a service needs a number to answer on".to_owned(), None);
    }
    numbers
}

fn numbering_plan(file: &File, out: &mut Out<'_>) -> &'static NumberingPlan {
    let country = &file.service.country;
    let plan = country.get_ref().parse::<&'static NumberingPlan>();
    out.read(country, plan, "the numbering plan of the citizens' own numbers").unwrap_or(&plan::VIET_NAM)
}

fn templates(file: &File, out: &mut Out<'_>) -> BTreeMap<String, Template> {
    let mut templates = BTreeMap::new();
    for (role, table) in &file.template {
        let parsed = Template::parse(&table.id, table.text.get_ref(), table.max_parts);
        if let Some(template) = out.read(&table.text, parsed, "a place is written {name}") {
            templates.insert(role.get_ref().clone(), template);
        }
    }
    templates
}

/// The kind of mistake of a name.
pub(crate) fn kind_named(name: &str) -> Option<ErrorKind> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

fn errors(file: &File, out: &mut Out<'_>) -> BTreeMap<ErrorKind, String> {
    let mut errors = BTreeMap::new();
    for (name, role) in &file.errors {
        match kind_named(name.get_ref()) {
            Some(kind) => {
                errors.insert(kind, role.get_ref().clone());
            }
            None => out.error(
                name,
                format!("there is no kind of mistake \"{}\"", name.get_ref()),
                suggest(name.get_ref(), KINDS.iter().copied()),
            ),
        }
        if !file.template.contains_key(role.get_ref().as_str()) {
            let message = format!("there is no template \"{}\"", role.get_ref());
            out.error(role, message, suggest(role.get_ref(), role_names(file)));
        }
    }
    errors
}

/// The names of all kinds of mistakes, for suggestions.
const KINDS: [&str; 24] = [
    "empty",
    "unknown_keyword",
    "wrong_number",
    "missing_argument",
    "bad_code",
    "unknown_queue",
    "multiple_commands",
    "bad_id",
    "bad_syntax",
    "bad_name",
    "bad_dob",
    "id_dob_mismatch",
    "missing_activity",
    "unknown_activity",
    "missing_name",
    "missing_date",
    "bad_date",
    "past_date",
    "too_far",
    "missing_time",
    "bad_time",
    "missing_code",
    "unreadable",
    "missing_parts",
];

/// The roles of a file's templates.
pub(crate) fn role_names(file: &File) -> impl Iterator<Item = &str> + Clone {
    file.template.keys().map(|role| role.get_ref().as_str())
}

fn forms(file: &File) -> BTreeMap<String, Form> {
    let form = |(name, form): (&toml::Spanned<String>, &crate::file::texts::FormTable)| {
        (name.get_ref().clone(), Form { form: form.form.clone(), example: form.example.clone() })
    };
    file.form.iter().map(form).collect()
}

fn dossiers(table: &DossiersTable) -> DossierSettings {
    let lifecycle = match *table {
        DossiersTable::Window { opens_after_h, closes_after_h, ended_for_days } => {
            Lifecycle::Window { opens_after_h, closes_after_h, ended_for_days }
        }
        DossiersTable::National {} => Lifecycle::National,
    };
    DossierSettings { lifecycle }
}

fn queues(tables: &Named<QueueTable>, out: &mut Out<'_>) -> BTreeMap<String, QueueSettings> {
    let mut queues = BTreeMap::new();
    for (code, table) in tables {
        let settings = QueueSettings {
            calendar: table.calendar.as_ref().map(|table| calendar::calendar(table, out)),
            tick_minutes: table.tick_minutes.0,
            stale_minutes: table.stale_minutes,
            few_below: table.few_below,
            many_from: table.many_from,
            levels: table.levels.clone(),
            template: table.template.get_ref().clone(),
        };
        queues.insert(code.get_ref().clone(), settings);
    }
    queues
}

fn bookings(table: &BookingsTable, file: &File, out: &mut Out<'_>) -> BookingSettings {
    let grid = *table.grid_minutes.get_ref();
    if grid == 0 || 60 % grid != 0 {
        out.error(&table.grid_minutes, format!("{grid} minutes do not divide an hour"), None);
    }
    let mut activities = BTreeMap::new();
    for (code, activity) in &file.activity {
        let minutes = *activity.minutes.get_ref();
        if grid > 0 && (minutes == 0 || minutes % grid != 0) {
            let message = format!("{minutes} minutes are no multiple of the grid of {grid}");
            out.error(&activity.minutes, message, None);
        }
        let title = activity.title.clone();
        let (counters, active) = (activity.counters, activity.active);
        activities.insert(code.get_ref().clone(), Activity { title, minutes, counters, active });
    }
    let reminder = table.reminder_at.as_ref();
    let reminder_at = reminder.and_then(|at| {
        let time = calendar::clock(at.get_ref()).ok_or("no time of day");
        out.read(at, time, "write it as 17:00")
    });
    BookingSettings {
        grid_minutes: grid,
        horizon_days: table.horizon_days.0,
        nearest_days: table.nearest_days.0,
        nearest_lead_minutes: table.nearest_lead_minutes,
        code_digits: table.code_digits.0,
        live_max: table.live_max.0,
        offers_max: table.offers_max.0,
        reminder_at,
        activities,
    }
}
