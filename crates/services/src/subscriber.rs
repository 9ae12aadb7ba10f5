//! In whose name the sender's number is registered (docs/services/subscribers.md). Nobody can ask about another
//! number, and a wrong ID number learns nothing of the record.

use jiff::civil::Date;
use model::service::SubscriberSettings;
use model::{CommandError, Key, Msisdn, Record, Redacted, Subscriber};

use crate::case::{Case, Decision, check_length, done, label, not_found, refuse};
use crate::moment::vn_date;
use crate::render::Values;

/// Characters of any text of a record.
const TEXT_MAX: usize = 200;

/// Answers `subscriber_info`.
pub(crate) fn info(id_number: Option<&Redacted<String>>, sender: &Msisdn, case: &Case<'_>) -> Decision {
    let Some(settings) = &case.service.subscribers else {
        return Ok(label("no_subscribers"));
    };
    let values = Values::new().text("ms", &case.service.plan.written(sender));
    if settings.require_id && id_number.is_none() {
        return Ok(case.reply(sender, "subscriber.need_id", values));
    }
    let Some(subscriber) = case.subscriber(sender)? else {
        return Ok(case.reply(sender, "subscriber.none", values));
    };
    if subscriber.organisation {
        return Ok(case.reply(sender, "subscriber.org", values));
    }
    let Some(id_number) = id_number else {
        return Ok(case.reply(sender, "subscriber.info", record(subscriber, values, settings)));
    };
    let matched = subscriber.doc_number.as_deref().is_some_and(|known| same_number(known, id_number));
    let role = match (matched, is_complete(subscriber)) {
        (true, true) => "subscriber.match",
        (true, false) => "subscriber.incomplete",
        (false, _) => "subscriber.mismatch",
    };
    Ok(case.reply(sender, role, values))
}

/// The six fields, with a word for each that is empty.
fn record(subscriber: &Subscriber, values: Values, settings: &SubscriberSettings) -> Values {
    let or_empty = |value: Option<&str>| match value.map(str::trim) {
        Some(value) if !value.is_empty() => value.to_owned(),
        _ => settings.empty_word.clone(),
    };
    values
        .text("name", &or_empty(subscriber.full_name.as_deref()))
        .text("d", &or_empty(subscriber.birth_date.map(written).as_deref()))
        .text("id", &or_empty(subscriber.doc_number.as_deref()))
        .text("d2", &or_empty(subscriber.doc_issued_on.map(written).as_deref()))
        .text("place", &or_empty(subscriber.doc_issued_by.as_deref()))
        .text("typ", &or_empty(subscriber.doc_type.as_deref()))
}

fn written(date: Date) -> String {
    let mut text = String::new();
    vn_date(date, &mut text);
    text
}

fn is_complete(subscriber: &Subscriber) -> bool {
    let texts = [
        subscriber.full_name.as_deref(),
        subscriber.doc_number.as_deref(),
        subscriber.doc_issued_by.as_deref(),
        subscriber.doc_type.as_deref(),
    ];
    texts.iter().all(|text| text.is_some_and(|text| !text.trim().is_empty()))
        && subscriber.birth_date.is_some()
        && subscriber.doc_issued_on.is_some()
}

/// Compares by letters and digits: feeds write blanks and dots into long numbers.
fn same_number(known: &str, given: &str) -> bool {
    let key = model::dossier::code_key;
    !key(given).is_empty() && key(known) == key(given)
}

/// Takes a record of the operator's feed. Such records are shared: the service at hand plays no part.
pub(crate) fn put(subscriber: &Subscriber, case: &Case<'_>) -> Decision {
    if let Err(error) = check(subscriber) {
        return Ok(refuse(error, "subscriber_refused"));
    }
    let updated_at = subscriber.updated_at.or(Some(case.now));
    let record = Record::Subscriber(Box::new(Subscriber { updated_at, ..subscriber.clone() }));
    Ok(done(0, vec![(Key::Subscriber(subscriber.msisdn), Some(record))], "subscriber_put"))
}

fn check(subscriber: &Subscriber) -> Result<(), CommandError> {
    for (field, value) in [
        ("operator", subscriber.operator.as_deref()),
        ("full_name", subscriber.full_name.as_deref()),
        ("doc_type", subscriber.doc_type.as_deref()),
        ("doc_number", subscriber.doc_number.as_deref()),
        ("doc_issued_by", subscriber.doc_issued_by.as_deref()),
    ] {
        check_length(field, value.unwrap_or_default(), TEXT_MAX)?;
    }
    Ok(())
}

/// Drops a record.
pub(crate) fn delete(msisdn: &Msisdn, case: &Case<'_>) -> Decision {
    if case.subscriber(msisdn)?.is_none() {
        return Ok(refuse(not_found("subscriber"), "subscriber_not_found"));
    }
    Ok(done(0, vec![(Key::Subscriber(*msisdn), None)], "subscriber_deleted"))
}
