//! Any text of a citizen at any number and day.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use model::request::Request;
use model::{Command, Interpretation, Msisdn, Now, Outcome, Seed, Service, Snapshot, Step};
use routing::{Rules, json};
use text::parts::{Alphabet, measure};

use crate::input::Input;

/// The packs that come with the program, and another town's.
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut files = Rules::builtin_files().to_vec();
    files
        .push(("stadtbuecherei.toml", include_str!("../../../deploy/services/examples/stadtbuecherei.toml")));
    Rules::load(&files).unwrap()
});

/// Rounds of reading records before a decision.
const ROUNDS_MAX: usize = 3;
/// The first day on which a message may come.
const FIRST_DAY: Date = date(2020, 1, 1);

/// Reads a text: number, day (two octets since 2020), quarter of an hour, then the text; decides it where nothing is
/// known yet.
///
/// - The same text means the same, with and without an explanation.
/// - A day to book lies in the horizon, a birth date in the past; names, codes and ID numbers have their form.
/// - It is decided in three rounds; the reply is written in GSM-7 and takes no more parts than its template may.
pub fn grammar(octets: &[u8]) {
    let mut input = Input::new(octets);
    let service = input.pick(RULES.services());
    let now = moment(&mut input);
    let text = String::from_utf8_lossy(input.rest());
    let to = &service.numbers[0];
    let read = RULES.interpret(to, &text, now).unwrap();
    let explained = RULES.explain(to, &text, now).unwrap();
    assert_eq!(explained.interpretation, read);
    assert_eq!(explained.request, json(&read));
    assert!(!explained.to_string().is_empty());
    check_command(service, &read, now);
    check_reply(service, read, now);
}

fn moment(input: &mut Input<'_>) -> Timestamp {
    let day = FIRST_DAY.saturating_add(i32::from(input.u16()).days());
    let minutes = i32::from(input.octet()) * 5;
    day.at(0, 0, 0, 0)
        .saturating_add(minutes.minutes())
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp()
}

fn check_command(service: &Service, read: &Interpretation, now: Timestamp) {
    let Ok(command) = &read.result else { return };
    let today = now.to_zoned(service.zone.clone()).date();
    let horizon = service.bookings.as_ref().map_or(0, |bookings| bookings.horizon_days);
    let horizon = today.saturating_add(i32::try_from(horizon).unwrap().days());
    match command {
        Command::DossierStatus { code } => {
            let key = model::dossier::code_key(code);
            let digits = key.bytes().filter(u8::is_ascii_digit).count();
            assert!(key.len() <= 32 && digits >= 4 && code.is_ascii(), "{code:?}");
            // Asked for as it was read it means the same, unless words beside it were taken for a part of it.
            assert!(code.contains(' ') || RULES.reads_code(service.id, code), "{code:?}");
        }
        Command::QueueStatus { queue } => assert!(service.queues.contains_key(queue)),
        Command::SubscriberInfo { id_number: Some(id) } => check_id_number(id),
        Command::SubscriberInfo { id_number: None } | Command::Text { .. } => {}
        Command::Register { name, id_number, dob, .. } => {
            check_name(name);
            check_id_number(id_number);
            assert!(dob.0 <= today && dob.0.year() >= 1800, "born on {}", dob.0);
        }
        Command::Book { activity, date, time, name } => {
            check_name(name);
            check_activity(service, activity);
            assert!((today..=horizon).contains(date) && time.second() == 0, "{date} {time}");
        }
        Command::BookNearest { activity, name } => {
            check_name(name);
            check_activity(service, activity);
        }
        Command::FreeSlots { activity, date, .. } => {
            check_activity(service, activity);
            assert!((today..=horizon).contains(date), "{date}");
        }
        Command::Cancel { code, .. } => {
            assert!(code.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        }
    }
}

fn check_name(name: &str) {
    let plain = |octet: u8| octet.is_ascii_graphic() && !octet.is_ascii_lowercase() || octet == b' ';
    assert!(name.bytes().all(plain) && name.trim() == name && !name.contains("  "), "{name:?}");
    assert!(name.bytes().any(|octet| octet.is_ascii_uppercase()), "{name:?}");
}

fn check_id_number(id: &str) {
    assert!(matches!(id.len(), 9 | 12) && id.bytes().all(|octet| octet.is_ascii_digit()), "{id:?}");
}

fn check_activity(service: &Service, activity: &str) {
    assert!(service.bookings.as_ref().unwrap().activities.contains_key(activity), "{activity:?}");
}

/// Decides the message of a stranger where there are no records.
fn check_reply(service: &Service, interpretation: Interpretation, now: Timestamp) {
    let sender = if service.numbers[0].starts_with("420") { "420731234567" } else { "84905123456" };
    let request = Request::Message { sender: Msisdn::new(sender).unwrap(), interpretation };
    let now = Now { wall: now, monotonic: Duration::from_secs(1_000) };
    for message in decided(&request, service, now).messages {
        let Some(text) = message.text else { continue };
        let templates = service.templates.values().filter(|template| template.id == message.template);
        let most = templates.map(|template| template.max_parts).max().unwrap_or(0);
        let measured = measure(&text);
        assert_eq!(measured.alphabet, Alphabet::Gsm7, "{text:?}");
        assert!(measured.parts <= usize::from(most), "{} parts, at most {most}: {text:?}", measured.parts);
    }
}

fn decided(request: &Request, service: &Service, now: Now) -> Outcome {
    let mut snapshot = Snapshot::default();
    for _ in 0..=ROUNDS_MAX {
        match services::decide(request, service, &snapshot, now, Seed::new([7; 32], 0)) {
            Step::Done(outcome) => return outcome,
            Step::Need(keys) => {
                for key in keys {
                    assert!(snapshot.get(&key).is_none(), "a record is asked for once");
                    snapshot.insert(key, None);
                }
            }
        }
    }
    panic!("not decided in {ROUNDS_MAX} rounds")
}
