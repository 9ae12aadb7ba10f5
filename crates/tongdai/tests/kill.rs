//! kill -9 and SIGTERM in the middle of a load, again and again: nothing acknowledged is missing, nothing is booked or
//! registered twice, every message is answered.
//!
//! `TONGDAI_KILL_ROUNDS` sets the kills (CI: 5); the test kills twice without it.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use model::{Key, Msisdn, Record, ServiceId};
use simulator::{Config, Message, Outcome, Simulator};
use store::{Options, Store};
use vault::MasterKey;

use crate::support::{Daemon, Home, PATIENCE};

/// Messages of each kind in one round.
const PER_ROUND: u32 = 20;

/// How many of the round's messages are acknowledged when the process is killed: spread over the round.
fn kill_after(round: u32) -> u64 {
    u64::from(round * 17 % (PER_ROUND * 3))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_load_nothing_is_lost_and_nothing_doubled() {
    let rounds: u32 = std::env::var("TONGDAI_KILL_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(2);
    let simulator = impatient_smsc().await;
    let home = Home::new();
    let smscs = smscs(&simulator);
    let mut sent = Sent::default();
    for round in 0..rounds {
        let daemon = Daemon::start(&home, &smscs);
        assert!(simulator.wait_receivers(1, PATIENCE).await, "round {round}: {}", home.log_text());
        let enough = simulator.stats().acknowledged + kill_after(round);
        sent.send_round(&simulator, round);
        assert!(simulator.wait_until(PATIENCE, |stats| stats.acknowledged >= enough).await, "round {round}");
        daemon.kill();
    }
    sent.finish(&simulator, &home).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_twice_to_stop_in_the_middle_of_a_load_it_drains_and_nothing_is_lost_and_nothing_doubled() {
    let simulator = impatient_smsc().await;
    let home = Home::new();
    let mut sent = Sent::default();
    for round in 0..2 {
        let daemon = Daemon::start(&home, &smscs(&simulator));
        assert!(simulator.wait_receivers(1, PATIENCE).await, "round {round}: {}", home.log_text());
        let enough = simulator.stats().acknowledged + 10;
        sent.send_round(&simulator, round);
        assert!(simulator.wait_until(PATIENCE, |stats| stats.acknowledged >= enough).await, "round {round}");
        daemon.ask_to_stop();
        assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());
    }
    sent.finish(&simulator, &home).await;
}

async fn impatient_smsc() -> Simulator {
    let mut config = Config::default();
    // An operator waits longer; here the next round must not wait for it.
    config.exchange.redelivery.first = Duration::from_millis(200);
    config.exchange.redelivery.longest = Duration::from_secs(1);
    Simulator::start(config).await.unwrap()
}

/// Numbers are told apart by their country code, so one SMSC can carry both countries here.
fn smscs(simulator: &Simulator) -> [(&'static str, &'static str, SocketAddr); 1] {
    [("vn", "vn", simulator.smpp_address())]
}

/// What was sent, by reference of the simulator's ledger.
#[derive(Default)]
struct Sent {
    messages: Vec<(simulator::MessageRef, Kind)>,
}

#[derive(Debug, Clone)]
enum Kind {
    LookUp,
    Register { phone: String, id_number: String },
    Book { phone: String },
}

impl Sent {
    fn send_round(&mut self, simulator: &Simulator, round: u32) {
        for index in 0..PER_ROUND {
            let number = round * 1_000 + index;
            let phone = format!("84905{number:06}");
            let id_number = format!("201{number:06}");
            let text = format!("TK,Nguyen Van A,{id_number},20/12/1990");
            let register = simulator.send(&Message::new(&phone, "8188", text)).unwrap();
            self.messages.push((register, Kind::Register { phone: phone.clone(), id_number }));
            let look_up = simulator.send(&Message::new(&phone, "8383", format!("XNC 7{number:07}"))).unwrap();
            self.messages.push((look_up, Kind::LookUp));
            // The nearest free slot: two bookings of one message would show as two live bookings.
            let phone = format!("84905{number:06}");
            let book = simulator.send(&Message::new(&phone, "420739547765", "OBJ ZOP NOVAK")).unwrap();
            self.messages.push((book, Kind::Book { phone }));
        }
    }

    /// A start that lives: everything is acknowledged and answered, and the books are right.
    async fn finish(&self, simulator: &Simulator, home: &Home) {
        let daemon = Daemon::start(home, &smscs(simulator));
        let all = u64::try_from(self.messages.len()).unwrap();
        let done = simulator.wait_until(PATIENCE, |stats| stats.acknowledged >= all).await;
        assert!(done, "of {all}: {:?}", simulator.stats());
        for (message, kind) in &self.messages {
            let answer = simulator.wait_answer(*message, PATIENCE).await;
            assert!(answer.is_some(), "no answer: {kind:?}, {:?}", simulator.entry(*message));
        }
        assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());
        self.audit(simulator, home);
    }

    /// Reads the ledger and the store.
    fn audit(&self, simulator: &Simulator, home: &Home) {
        let key = MasterKey::read(&home.key()).unwrap();
        let (store, _) = Store::open(&home.data(), &key, Options::default()).unwrap();
        let ledger: BTreeMap<_, _> =
            simulator.ledger().into_iter().map(|entry| (entry.message, entry)).collect();
        let mut seats = 0;
        for (message, kind) in &self.messages {
            let entry = &ledger[message];
            assert_eq!(entry.outcome, Outcome::Acknowledged);
            assert!(entry.replies >= 1);
            match kind {
                Kind::LookUp => {}
                Kind::Register { phone, id_number } => assert_registered(&store, phone, id_number),
                Kind::Book { phone } => seats += live_bookings(&store, phone),
            }
        }
        assert_eq!(seats, taken_seats(&store), "a seat is taken that nobody holds");
        for entry in simulator.ledger() {
            for received in simulator.received(&entry.from, 0) {
                // A second run of a registration would say that the number is taken.
                assert!(!received.text.contains("da duoc su dung"), "a registration ran twice");
            }
        }
    }
}

fn assert_registered(store: &Store, phone: &str, id_number: &str) {
    let service = ServiceId::new("danang");
    let account = store.get(&Key::Account(service, id_number.into())).unwrap();
    assert!(matches!(account.as_deref(), Some(Record::Account(_))), "acknowledged and missing");
    let phone = Key::AccountPhone(service, Msisdn::new(phone).unwrap());
    assert_eq!(store.get(&phone).unwrap().as_deref(), Some(&Record::AccountPhone(id_number.into())));
}

/// The live bookings of a phone: one, or none where the week was full.
fn live_bookings(store: &Store, phone: &str) -> usize {
    let key = Key::PhoneBookings(ServiceId::new("trutnov"), Msisdn::new(phone).unwrap());
    match store.get(&key).unwrap().as_deref() {
        Some(Record::PhoneBookings(bookings)) => {
            assert!(bookings.live.len() <= 1, "one message booked twice");
            bookings.live.len()
        }
        _ => 0,
    }
}

/// Seats taken over the next two weeks.
fn taken_seats(store: &Store) -> usize {
    let today = today();
    let days = (0..14).filter_map(|offset| today.checked_add(jiff::Span::new().days(offset)).ok());
    let records = days.filter_map(|date| store.get(&Key::SlotDay(ServiceId::new("trutnov"), date)).unwrap());
    records
        .map(|record| match &*record {
            Record::SlotDay(day) => {
                day.taken.values().flat_map(|it| it.values()).map(|seats| seats.count_ones() as usize).sum()
            }
            _ => 0,
        })
        .sum()
}

#[allow(clippy::disallowed_methods, reason = "the daemon under test runs on the machine's clock")]
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().in_tz("Europe/Prague").unwrap().date()
}
