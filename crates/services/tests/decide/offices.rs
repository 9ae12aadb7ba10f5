//! The four services as their files describe them, with the texts of section 11 from text files.

use std::collections::BTreeMap;

use jiff::civil::{Date, date, time};
use jiff::tz;
use model::calendar::{Calendar, Span};
use model::plan::NumberingPlan;
use model::request::ErrorKind;
use model::service::{
    AccountSettings, Activity, BookingSettings, DossierSettings, Form, Lifecycle, LimitSettings,
    QueueSettings, SubscriberSettings,
};
use model::{Service, ServiceId, Template};

pub(crate) fn span(from: (i8, i8), to: (i8, i8)) -> Span {
    Span { from: time(from.0, from.1, 0, 0), to: time(to.0, to.1, 0, 0) }
}

/// Reads lines of `role | id | parts | text`.
fn templates(lines: &str) -> BTreeMap<String, Template> {
    let rows = lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let mut cells = line.splitn(4, " | ");
        let mut cell = || cells.next().unwrap();
        let (role, id, parts, text) = (cell(), cell(), cell(), cell());
        (role.to_owned(), Template::parse(id, text, parts.parse().unwrap()).unwrap())
    })
    .collect()
}

fn service(id: &str, plan: &str, zone: &str, texts: &str) -> Service {
    let plan: &'static NumberingPlan = plan.parse().unwrap();
    Service {
        id: ServiceId::new(id),
        numbers: Vec::new(),
        groups: Vec::new(),
        plan,
        zone: tz::db().get(zone).unwrap(),
        templates: templates(texts),
        errors: BTreeMap::new(),
        forms: BTreeMap::new(),
        calendar: Calendar::default(),
        limits: LimitSettings { messages_per_minute: 10, misses_per_hour: 10 },
        notice_hours: span((7, 0), (21, 0)),
        tariff: None,
        dossiers: None,
        queues: BTreeMap::new(),
        subscribers: None,
        accounts: None,
        bookings: None,
    }
}

pub(crate) fn hue() -> Service {
    let mut hue = service("hue-xnc", "vn", "Asia/Ho_Chi_Minh", include_str!("texts/hue.txt"));
    for day in 0..5 {
        hue.calendar.weekly[day] = vec![span((7, 30), (11, 30)), span((13, 30), (17, 0))];
    }
    hue.dossiers = Some(DossierSettings {
        lifecycle: Lifecycle::Window { opens_after_h: 12, closes_after_h: 24, ended_for_days: 30 },
    });
    for code in ["STTXC", "STTNC", "STTKQ"] {
        let settings = QueueSettings {
            calendar: None,
            tick_minutes: 3,
            stale_minutes: 6,
            few_below: 20,
            many_from: 60,
            levels: ["it", "trung binh", "nhieu"].map(str::to_owned),
            template: format!("queue.{code}"),
        };
        hue.queues.insert(code.to_owned(), settings);
    }
    hue.errors = BTreeMap::from([
        (ErrorKind::BadCode, "dossier.bad_code".to_owned()),
        (ErrorKind::UnknownKeyword, "syntax".to_owned()),
    ]);
    hue
}

pub(crate) fn tttb() -> Service {
    let mut tttb = service("tttb", "vn", "Asia/Ho_Chi_Minh", include_str!("texts/tttb.txt"));
    tttb.subscribers = Some(SubscriberSettings { require_id: false, empty_word: "(trong)".to_owned() });
    tttb
}

pub(crate) fn danang() -> Service {
    let mut danang = service("danang", "vn", "Asia/Ho_Chi_Minh", include_str!("texts/danang.txt"));
    danang.dossiers = Some(DossierSettings { lifecycle: Lifecycle::National });
    danang.accounts = Some(AccountSettings {
        password_hours: 72,
        password_length: 10,
        max_rotations: 0,
        failed_logins_max: 5,
        lock_minutes: 15,
    });
    danang
}

pub(crate) fn trutnov() -> Service {
    let mut trutnov = service("trutnov", "cz", "Europe/Prague", include_str!("texts/trutnov.txt"));
    trutnov.limits.misses_per_hour = 5;
    trutnov.calendar.weekly[0] = vec![span((8, 0), (17, 0))];
    trutnov.calendar.weekly[2] = vec![span((8, 0), (17, 0))];
    trutnov.calendar.closed = czech_holidays();
    trutnov.bookings = Some(BookingSettings {
        grid_minutes: 15,
        horizon_days: 60,
        nearest_days: 7,
        nearest_lead_minutes: 15,
        code_digits: 6,
        live_max: 4,
        offers_max: 4,
        reminder_at: None,
        activities: ["ZOP", "POP", "ZCD", "PCD", "PTP", "RTP"]
            .map(|name| {
                let title = name.to_owned();
                (title.clone(), Activity { title, minutes: 15, counters: 1, active: true })
            })
            .into(),
    });
    let form =
        Form { form: "OBJ zkr datum cas jmeno".to_owned(), example: "OBJ ZOP 10.8. 14:00 NOVAK".to_owned() };
    trutnov.forms.insert("book".to_owned(), form);
    trutnov.errors = BTreeMap::from([
        (ErrorKind::MissingTime, "booking.missing".to_owned()),
        (ErrorKind::UnknownActivity, "booking.bad_activity".to_owned()),
    ]);
    trutnov
}

fn czech_holidays() -> BTreeMap<Date, String> {
    [date(2026, 9, 28), date(2026, 10, 28), date(2026, 11, 17)].map(|day| (day, "svatek".to_owned())).into()
}
