//! Citizens who text a real daemon through the simulator's SMSC, and what each of them must find in the end.
//!
//! Each message has a handset of its own, so that what comes to a handset is told from what comes to others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use model::journal::Entry;
use model::{Key, Msisdn, Record, ServiceId};
use simulator::{Message, MessageRef, Outcome, Simulator};
use store::{Options, Store};
use vault::MasterKey;

use crate::auditor::digits_of;
use crate::drill::today;

const TRUTNOV: &str = "420739547765";
const ACTIVITIES: [&str; 6] = ["ZOP", "POP", "ZCD", "PCD", "PTP", "RTP"];

/// How many messages of each kind.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    /// Look-ups, which change nothing.
    pub look_ups: u32,
    /// Registrations, answered with a password and asked to be confirmed by a receipt.
    pub registrations: u32,
    /// Bookings of the nearest free time.
    pub bookings: u32,
    /// Cancellations of bookings whose answers have come, as many as there are.
    pub cancellations: u32,
    /// Texts of two parts that no rule takes.
    pub long: u32,
}

/// What somebody texted.
#[derive(Debug, Clone)]
enum Kind {
    LookUp { number: String },
    Register { id_number: String },
    Book,
    Cancel { booked_by: String },
    Long,
}

/// One message.
#[derive(Debug, Clone)]
struct Sent {
    message: MessageRef,
    from: String,
    kind: Kind,
    /// Whether its booking was taken back.
    cancelled: bool,
}

/// All that were sent so far.
#[derive(Debug, Default)]
pub struct Citizens {
    sent: Vec<Sent>,
    /// Number of the first, in phones and identity papers.
    first: usize,
}

impl Citizens {
    /// Nobody has texted yet, and the first has this number: others than those before.
    pub fn numbered_from(first: usize) -> Self {
        Self { sent: Vec::new(), first }
    }

    /// Sends a mix, kind by kind in turn.
    pub fn send(&mut self, simulator: &Simulator, mix: &Mix) -> Result<()> {
        let cancellations = self.cancellations(simulator, mix.cancellations as usize);
        let most = [mix.look_ups, mix.registrations, mix.bookings, mix.long].into_iter().max().unwrap_or(0);
        for index in 0..most.max(u32::try_from(cancellations.len())?) {
            if index < mix.look_ups {
                let number = format!("7{:07}", self.next());
                let text = format!("XNC {number}");
                self.text(simulator, "8383", text, Kind::LookUp { number })?;
            }
            if index < mix.registrations {
                let id_number = format!("201{:06}", self.next());
                let text = format!("TK,Nguyen Van A,{id_number},20/12/1990");
                self.text(simulator, "8188", text, Kind::Register { id_number })?;
            }
            if index < mix.bookings {
                let activity = ACTIVITIES[self.next() % ACTIVITIES.len()];
                self.text(simulator, TRUTNOV, format!("OBJ {activity} NOVAK"), Kind::Book)?;
            }
            if let Some((booked_by, text)) = cancellations.get(index as usize) {
                self.text(simulator, TRUTNOV, text.clone(), Kind::Cancel { booked_by: booked_by.clone() })?;
            }
            if index < mix.long {
                // Two parts in UCS-2.
                self.text(simulator, TRUTNOV, "Dobrý den, ".repeat(9), Kind::Long)?;
            }
        }
        Ok(())
    }

    fn next(&self) -> usize {
        self.first + self.sent.len()
    }

    fn text(&mut self, simulator: &Simulator, to: &str, text: String, kind: Kind) -> Result<()> {
        let from = format!("84905{:06}", self.next());
        let message = simulator.send(&Message::new(&from, to, text))?;
        self.sent.push(Sent { message, from, kind, cancelled: false });
        Ok(())
    }

    /// Bookings that are to be cancelled: who booked, and the words that his answer told him to send.
    fn cancellations(&mut self, simulator: &Simulator, count: usize) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let booked =
            self.sent.iter_mut().rev().filter(|sent| matches!(sent.kind, Kind::Book) && !sent.cancelled);
        for sent in booked {
            if found.len() == count {
                break;
            }
            let answers = simulator.received(&sent.from, 0);
            let words = answers
                .first()
                .and_then(|it| it.text.split_once("Zruseni: ").map(|(_, words)| words.to_owned()));
            if let Some(words) = words {
                sent.cancelled = true;
                found.push((sent.from.clone(), words));
            }
        }
        found
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.sent.len()
    }

    /// Whether nobody has texted yet.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Senders of the messages that the SMSC saw acknowledged whole.
    pub fn settled(&self, simulator: &Simulator) -> BTreeSet<String> {
        let settled = simulator.ledger().into_iter().filter(|entry| entry.outcome == Outcome::Acknowledged);
        settled.map(|entry| entry.from.to_string()).collect()
    }

    /// Senders of `settled` whose message the journal of the closed store in `data` does not hold.
    pub fn missing(settled: &BTreeSet<String>, data: &Path, key: &MasterKey) -> Result<Vec<String>> {
        let mut journalled = BTreeSet::new();
        store::read_journal(data, key, |_, turn| {
            journalled.extend(turn.entries.iter().filter_map(|entry| match entry {
                Entry::Message { source, .. } => Some(digits_of(source)),
                _ => None,
            }));
        })?;
        Ok(settled.difference(&journalled).cloned().collect())
    }

    /// Waits until every message is acknowledged and answered; says what is missing after `patience`.
    pub async fn wait_answers(&self, simulator: &Simulator, patience: Duration) -> Result<()> {
        let all = self.sent.len() as u64;
        let settled = simulator.wait_until(patience, |stats| stats.acknowledged >= all).await;
        ensure!(settled, "of {all} messages some are not acknowledged: {:?}", simulator.stats());
        for sent in &self.sent {
            let answer = simulator.wait_answer(sent.message, patience).await;
            answer.with_context(|| format!("no answer to {:?}", sent.kind))?;
        }
        Ok(())
    }

    /// Whether every message is acknowledged and answered now.
    pub fn are_answered(&self, simulator: &Simulator) -> bool {
        let entries = simulator.ledger();
        entries.len() == self.sent.len()
            && entries.iter().all(|entry| entry.outcome == Outcome::Acknowledged && entry.replies > 0)
    }

    /// What is wrong in handsets and store, once all was answered and the daemon has stopped: an effect that is
    /// missing, one that is there twice, an answer of another citizen, two different answers to one message.
    pub fn audit(&self, simulator: &Simulator, store: &Store) -> Result<Vec<String>> {
        let mut findings = Vec::new();
        let mut seats = 0;
        for sent in &self.sent {
            let answers: Vec<String> =
                simulator.received(&sent.from, 0).into_iter().map(|it| it.text.to_string()).collect();
            let different: BTreeSet<&String> = answers.iter().collect();
            if different.len() != 1 {
                findings.push(format!(
                    "{:?}: {} different answers: {different:?}",
                    sent.kind,
                    different.len()
                ));
            }
            let wrong = answers.iter().find(|answer| !sent.is_answered_by(answer));
            findings.extend(wrong.map(|answer| format!("{:?} was answered `{answer}`", sent.kind)));
            if let (Kind::Register { id_number }, Some(answer)) = (&sent.kind, answers.first()) {
                findings.extend(registration(store, &sent.from, id_number, answer)?);
            }
            if matches!(sent.kind, Kind::Book) {
                let live = live_bookings(store, &sent.from)?;
                if live > usize::from(!self.was_cancelled(&sent.from)) {
                    findings.push(format!("{live} live bookings of one message"));
                }
                seats += live;
            }
        }
        let taken = taken_seats(store)?;
        if seats != taken {
            findings.push(format!("{taken} seats are taken, {seats} bookings live"));
        }
        Ok(findings)
    }

    /// The same for the store in `data`, which no process has open.
    pub fn audit_closed(&self, simulator: &Simulator, data: &Path, key: &MasterKey) -> Result<Vec<String>> {
        let options = Options { segment_octets: 1 << 20, ..Options::default() };
        let (store, _) = Store::open(data, key, options)?;
        self.audit(simulator, &store)
    }

    fn was_cancelled(&self, from: &str) -> bool {
        self.sent.iter().any(|sent| matches!(&sent.kind, Kind::Cancel { booked_by } if booked_by == from))
    }

    /// How often an answer came more than once: allowed where the fate of the first was unknown.
    pub fn repeated(&self, simulator: &Simulator) -> usize {
        self.sent.iter().map(|sent| simulator.received(&sent.from, 0).len().saturating_sub(1)).sum()
    }
}

impl Sent {
    fn is_answered_by(&self, answer: &str) -> bool {
        match &self.kind {
            Kind::LookUp { number } => answer.starts_with(&format!("Khong tim thay ho so {number}.")),
            Kind::Register { id_number } => answer.starts_with(&format!("TK: {id_number}, MK: ")),
            Kind::Book => answer.starts_with("MeU Trutnov: objednano ") || !answer.contains("objednano"),
            Kind::Cancel { .. } => answer.starts_with("Objednavka ") && answer.ends_with("byla zrusena."),
            Kind::Long => answer.starts_with("Zprave nerozumime."),
        }
    }
}

fn registration(store: &Store, from: &str, id_number: &str, answer: &str) -> Result<Option<String>> {
    let service = ServiceId::new("danang");
    let record = store.get(&Key::Account(service, id_number.into()))?;
    let Some(Record::Account(account)) = record.as_deref() else {
        return Ok(Some(format!("the account {id_number} was acknowledged and is missing")));
    };
    let phone = store.get(&Key::AccountPhone(service, Msisdn::new(from).context("a phone")?))?;
    if phone.as_deref() != Some(&Record::AccountPhone(id_number.into())) {
        return Ok(Some(format!("the phone of the account {id_number} is not its own")));
    }
    let fits = told_password(answer)
        .zip(account.password_hash.0.as_deref())
        .is_some_and(|(told, hash)| vault::verify_password(told, hash));
    Ok((!fits).then(|| format!("the password that was told for {id_number} is not the one in force")))
}

/// The password that an answer tells.
pub fn told_password(answer: &str) -> Option<&str> {
    answer.split("MK: ").nth(1)?.split([' ', ',', '.']).next()
}

fn live_bookings(store: &Store, from: &str) -> Result<usize> {
    let key = Key::PhoneBookings(ServiceId::new("trutnov"), Msisdn::new(from).context("a phone")?);
    Ok(match store.get(&key)?.as_deref() {
        Some(Record::PhoneBookings(bookings)) => bookings.live.len(),
        _ => 0,
    })
}

/// Seats taken over the next two weeks.
fn taken_seats(store: &Store) -> Result<usize> {
    let today = today();
    let mut taken = BTreeMap::new();
    for offset in 0..14 {
        let date = today.checked_add(jiff::Span::new().days(offset))?;
        let record = store.get(&Key::SlotDay(ServiceId::new("trutnov"), date))?;
        if let Some(Record::SlotDay(day)) = record.as_deref() {
            let seats = day.taken.values().flat_map(|times| times.values());
            taken.insert(date, seats.map(|seats| seats.count_ones() as usize).sum::<usize>());
        }
    }
    Ok(taken.values().sum())
}
