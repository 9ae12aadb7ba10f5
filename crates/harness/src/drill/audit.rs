//! The audit of a closed store: the auditor's invariants, and what this load knows beyond them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::auditor::{self, Books, Evidence, Finding, Invariant, Part, Readings, Resources, Sent, Submit};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use model::journal::Entry;
use model::{Key, Msisdn, Record, ServiceId};
use simulator::{MessageRef, Simulator, Testimony};
use vault::MasterKey;

use super::load::{CANARY, Citizen, Load, OWN_NUMBERS, Wish};
use crate::citizens::told_password;
use crate::process::Home;

/// By how much a daemon at rest may hold more after a load than before: descriptors of the segment made ahead,
/// threads of tokio's pool for passwords, and memory for what is cached.
const SLACK: Readings = Readings { descriptors: 4, tasks: 8, resident_kib: 64 * 1024 };

/// The bind group of every drill.
const GROUP: &str = "office";

/// Digits of the shortest number of a citizen that a log could show: a phone without its country.
const NUMBER_DIGITS: usize = 9;

/// What is left of a drill: handsets, log, and a closed store.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Where the daemons lived.
    pub home: &'a Home,
    /// The store to read: the home's, or a copy of it.
    pub store: &'a Path,
    /// The SMSC, which was asked to witness.
    pub simulator: &'a Simulator,
    /// What was sent.
    pub load: &'a Load,
    /// Panics over a text that were asked for.
    pub faults: u64,
    /// What the last daemon used at rest: before its load and after it.
    pub readings: [Readings; 2],
    /// Citizens before this place had their words looked for in an earlier audit.
    pub words_from: usize,
    /// Octets of the log before these were read in an earlier audit.
    pub log_from: u64,
}

/// What is wrong, and how often a text was sent again.
pub fn audit(case: &Case<'_>) -> Result<(Vec<Finding>, u64)> {
    let key = MasterKey::read(&case.home.key())?;
    let books =
        Books::read(case.store, &case.home.path().join("scratch"), &key).context("reading the store")?;
    let evidence = evidence(case)?;
    let mut findings = auditor::audit(&evidence, &books);
    if let Some(faults) = case.home.verify()?["faults"].as_array() {
        findings.extend(faults.iter().map(|fault| Finding::new(Invariant::I6, fault.to_string())));
    }
    check_effects(case, &books, &mut findings);
    check_seats(&books, &mut findings);
    check_panics(&evidence.log, &mut findings);
    Ok((findings, resent(&books)))
}

/// What the SMSC's side saw, in the auditor's words.
fn evidence(case: &Case<'_>) -> Result<Evidence> {
    let Testimony { pieces, submits, .. } = case.simulator.testimony();
    let mut parts: BTreeMap<MessageRef, Vec<Part>> = BTreeMap::new();
    for piece in pieces {
        let octets = piece.sm.user_data().map(|data| data.payload.to_vec()).unwrap_or_default();
        let part = Part { octets, acknowledged: piece.acknowledged };
        parts.entry(piece.message).or_default().push(part);
    }
    let citizens = case.load.citizens.iter().enumerate().map(|(place, citizen)| {
        // Words of earlier rounds were looked for in their rounds.
        let words = if place >= case.words_from { citizen.words.clone() } else { Vec::new() };
        (citizen.phone.clone(), words)
    });
    let [before, after] = case.readings;
    Ok(Evidence {
        citizens: citizens.collect(),
        sent: case.load.citizens.iter().map(|citizen| sent(citizen, &mut parts)).collect(),
        submits: submits
            .into_iter()
            .map(|it| Submit {
                at: it.at,
                group: GROUP.to_owned(),
                sm: it.sm,
                taken: it.status.is_ok(),
                message_ids: Vec::new(),
            })
            .collect(),
        own_numbers: OWN_NUMBERS.into_iter().map(str::to_owned).collect(),
        quiet: quiet(),
        log: log(case)?,
        canaries: canaries(case.load, |phone| texts(case.simulator, phone)),
        resources: Some(Resources { before, after, slack: SLACK }),
        ..Evidence::default()
    })
}

fn texts(simulator: &Simulator, phone: &str) -> Vec<String> {
    simulator.received(phone, 0).into_iter().map(|it| it.text.0).collect()
}

/// What this round's daemons logged.
fn log(case: &Case<'_>) -> Result<Vec<String>> {
    let mut log = File::open(case.home.log())?;
    log.seek(SeekFrom::Start(case.log_from))?;
    let mut octets = Vec::new();
    log.read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).lines().map(str::to_owned).collect())
}

/// Every number, ID number, name and password that could show in a log. A password is known to whom it was told only.
fn canaries(load: &Load, received: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut canaries = vec![CANARY.to_owned()];
    for citizen in &load.citizens {
        let national = citizen.phone.len().saturating_sub(NUMBER_DIGITS);
        canaries.extend(citizen.phone.get(national..).map(str::to_owned));
        if let Wish::Register { id_number } = &citizen.wish {
            canaries.push(id_number.clone());
            let told = received(&citizen.phone);
            canaries.extend(told.iter().filter_map(|text| told_password(text)).map(str::to_owned));
        }
    }
    canaries
}

fn sent(citizen: &Citizen, parts: &mut BTreeMap<MessageRef, Vec<Part>>) -> Sent {
    Sent {
        group: GROUP.to_owned(),
        from: citizen.phone.clone(),
        to: citizen.to.to_owned(),
        text: citizen.text.clone(),
        parts: parts.remove(&citizen.message).unwrap_or_default(),
        times: 1,
        again: 0,
        answered: true,
        citizen: true,
    }
}

/// All binds stood until everything was answered, so whatever was due has left, however young it is: the auditor
/// excuses what is younger than a minute, and here there is nothing to excuse.
#[allow(clippy::disallowed_methods, reason = "the daemons run on the machine's clock")]
fn quiet() -> Option<(Timestamp, Timestamp)> {
    let until = Timestamp::now() + SignedDuration::from_secs(61);
    Some((Timestamp::UNIX_EPOCH, until))
}

/// What was acknowledged has its effect, once.
fn check_effects(case: &Case<'_>, books: &Books, findings: &mut Vec<Finding>) {
    let faults = faults(books);
    if faults.len() as u64 != case.faults {
        let what = format!("{} panics were asked for, and {} texts met one", case.faults, faults.len());
        findings.push(Finding::new(Invariant::I2, what));
    }
    let held = |key: &Key| books.held.get(key).and_then(Option::as_ref);
    for citizen in &case.load.citizens {
        let Wish::Register { id_number } = &citizen.wish else { continue };
        if faults.contains(&citizen.text.as_str()) {
            continue; // He was told to try again.
        }
        let service = ServiceId::new("danang");
        let account = held(&Key::Account(service, id_number.as_str().into()));
        let phone = Msisdn::new(&citizen.phone).ok().map(|phone| Key::AccountPhone(service, phone));
        let holder = phone.as_ref().and_then(held);
        if account.is_none() || holder != Some(&Record::AccountPhone(id_number.as_str().into())) {
            let what = format!("{} is acknowledged and has no account", citizen.phone);
            findings.push(Finding::new(Invariant::I1, what));
        }
        for received in case.simulator.received(&citizen.phone, 0) {
            // A second run would say that the number is taken.
            if !received.text.contains("MK: ") {
                let what = format!("{} wanted an account and read: {}", citizen.phone, received.text.0);
                findings.push(Finding::new(Invariant::I2, what));
            }
        }
    }
    for code in case.load.dossiers.keys() {
        if held(&Key::Dossier(ServiceId::new("hue-xnc"), code.as_str().into())).is_none() {
            let what = format!("the API said that dossier {code} is written, and it is not there");
            findings.push(Finding::new(Invariant::I1, what));
        }
    }
    let entries = books.turns.iter().flat_map(|(_, turn)| &turn.entries);
    let commands = entries.filter(|entry| matches!(entry, Entry::Command { .. })).count() as u64;
    if commands < case.load.commands {
        let what = format!("{} commands were done and {commands} are in the journal", case.load.commands);
        findings.push(Finding::new(Invariant::I1, what));
    }
}

/// The texts over which a service panicked.
fn faults(books: &Books) -> Vec<&str> {
    let entries = books.turns.iter().flat_map(|(_, turn)| &turn.entries);
    entries
        .filter_map(|entry| match entry {
            Entry::Message { text, label, .. } if &**label == "fault" => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Every seat that is taken belongs to a live booking, and one message booked one.
fn check_seats(books: &Books, findings: &mut Vec<Finding>) {
    let (mut seats, mut live) = (0, 0);
    for record in books.held.values().flatten() {
        match record {
            // All activities here take one interval.
            Record::SlotDay(day) => {
                let masks = day.taken.values().flat_map(BTreeMap::values);
                seats += masks.map(|mask| mask.count_ones() as usize).sum::<usize>();
            }
            Record::PhoneBookings(bookings) => live += bookings.live.len(),
            _ => {}
        }
    }
    if seats != live {
        let what = format!("{seats} seats are taken and {live} bookings live");
        findings.push(Finding::new(Invariant::I2, what));
    }
}

/// No panic but those that were asked for.
fn check_panics(log: &[String], findings: &mut Vec<Finding>) {
    let panics = log.iter().filter(|line| line.contains("panicked") && !line.contains("asked for"));
    findings.extend(panics.map(|line| Finding::new(Invariant::I6, format!("the log says: {line}"))));
}

/// Submits that the journal counts as sent again.
fn resent(books: &Books) -> u64 {
    let mut last: BTreeMap<&Key, u64> = BTreeMap::new();
    for (key, record) in books.turns.iter().flat_map(|(_, turn)| &turn.writes) {
        if let Some(Record::Outbox(entry)) = record.as_deref() {
            last.insert(key, u64::from(entry.resent));
        }
    }
    last.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::Dice;

    #[test]
    fn numbers_id_numbers_names_and_passwords_must_not_show() {
        let mut load = Load::new(Dice::of(1, 0), 1);
        load.citizens.push(Citizen {
            message: MessageRef(0),
            phone: "84905000007".to_owned(),
            to: "8188",
            text: "TK,Nguyen KANAREKAB,201000007,20/12/1990".to_owned(),
            wish: Wish::Register { id_number: "201000007".to_owned() },
            words: Vec::new(),
        });
        let answer = "TK: 201000007, MK: x7Kpq2mW9z la tai khoan su dung";
        let canaries = canaries(&load, |phone| vec![format!("{answer} {phone}")]);
        assert_eq!(canaries, [CANARY, "905000007", "201000007", "x7Kpq2mW9z"]);
    }
}
