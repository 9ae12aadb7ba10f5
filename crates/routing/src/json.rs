//! An interpretation as JSON: the shape of the corpus and of `explain --json`.

use jiff::civil::Time;
use model::account::IdType;
use model::{Command, Interpretation};
use serde_json::{Map, Value, json as object};

/// `service` with `command` and its fields, or with `error`. Dates are ISO, times `HH:MM`.
#[must_use]
pub fn json(interpretation: &Interpretation) -> Value {
    let mut out = Map::new();
    out.insert("service".to_owned(), interpretation.service.as_str().into());
    match &interpretation.result {
        Ok(command) => {
            out.insert("command".to_owned(), command.name().into());
            out.extend(fields(command));
        }
        Err(rejection) => {
            out.insert("error".to_owned(), rejection.kind.name().into());
        }
    }
    Value::Object(out)
}

fn fields(command: &Command) -> Map<String, Value> {
    let fields = match command {
        Command::DossierStatus { code } => object!({ "code": code }),
        Command::QueueStatus { queue } => object!({ "queue": queue }),
        Command::SubscriberInfo { id_number: Some(id) } => object!({ "id_number": id.0 }),
        Command::Register { name, id_number, id_type, dob } => {
            let id_type = match id_type {
                IdType::Cmnd9 => "CMND9",
                IdType::Cccd12 => "CCCD12",
            };
            object!({ "name": name.0, "id_number": id_number.0, "id_type": id_type, "dob": dob.0.to_string() })
        }
        Command::Book { activity, date, time, name } => {
            let (date, time) = (date.to_string(), clock(*time));
            object!({ "activity": activity, "date": date, "time": time, "name": name.0 })
        }
        Command::BookNearest { activity, name } => object!({ "activity": activity, "name": name.0 }),
        Command::FreeSlots { activity, date, date_defaulted: true } => {
            object!({ "activity": activity, "date": date.to_string(), "date_defaulted": true })
        }
        Command::FreeSlots { activity, date, date_defaulted: false } => {
            object!({ "activity": activity, "date": date.to_string() })
        }
        Command::Cancel { code, date } => object!({ "code": code.0, "date": date.to_string() }),
        Command::SubscriberInfo { id_number: None } | Command::Text { .. } => object!({}),
    };
    match fields {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// `HH:MM`.
pub(crate) fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
