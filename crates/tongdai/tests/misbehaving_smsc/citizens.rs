//! Citizens who each ask for something of their own, and the audit of what became of it.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use model::{Key, Msisdn, Record, ServiceId};
use simulator::{Message, MessageRef, Outcome, Simulator};
use store::{Options, Store};
use vault::MasterKey;

use crate::stage::Stage;
use crate::support::{Home, PATIENCE};

/// The town hall that takes bookings.
pub(crate) const TOWN: &str = "420739547765";
/// The office that looks dossiers up.
pub(crate) const OFFICE: &str = "8383";
/// Places of one day: each quarter of an hour from 8:00 to 17:00.
const PER_DAY: usize = 36;
/// Wednesdays on which the town hall may be closed, as month and day.
const CLOSED: [(i8, i8); 11] =
    [(1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17), (12, 24), (12, 25), (12, 26)];

/// One citizen with one message.
pub(crate) struct Citizen {
    pub(crate) phone: String,
    pub(crate) message: MessageRef,
    /// What only this citizen's answer holds.
    pub(crate) mark: String,
    /// A booking, not a look-up.
    books: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Citizens {
    pub(crate) all: Vec<Citizen>,
    places: usize,
}

impl Citizens {
    /// So many more citizens book a place each.
    pub(crate) fn book(&mut self, simulator: &Simulator, count: usize) {
        for _ in 0..count {
            let place = self.next_place();
            let (phone, text) = (place.phone(), place.text());
            let message = simulator.send(&Message::new(phone, TOWN, text)).unwrap();
            self.booked(&place, message);
        }
    }

    /// So many more citizens look a dossier up each.
    pub(crate) fn look_up(&mut self, simulator: &Simulator, count: usize) {
        for message in look_ups(self.all.len(), count) {
            let (phone, mark) = (message.from.clone(), message.text.trim_start_matches("XNC ").to_owned());
            let message = simulator.send(&message).unwrap();
            self.all.push(Citizen { phone, message, mark, books: false });
        }
    }

    /// The next free place, for a test that sends the message itself.
    pub(crate) fn next_place(&mut self) -> Place {
        self.places += 1;
        Place::new(self.places - 1)
    }

    /// Notes a booking that a test has sent itself.
    pub(crate) fn booked(&mut self, place: &Place, message: MessageRef) {
        self.all.push(Citizen { phone: place.phone(), message, mark: place.name(), books: true });
    }

    /// Waits until every message is acknowledged and answered.
    pub(crate) async fn answered(&self, stage: &Stage) {
        for citizen in &self.all {
            let settled = stage.simulator.wait_settled(citizen.message, PATIENCE).await;
            let outcome = settled.map(|entry| entry.outcome);
            assert_eq!(outcome, Some(Outcome::Acknowledged), "{}", stage.home.log_text());
            let answer = stage.simulator.wait_answer(citizen.message, PATIENCE).await;
            assert!(answer.is_some(), "{:?}", stage.simulator.entry(citizen.message));
        }
    }

    /// Waits for all answers, ends the daemon and checks the promises.
    pub(crate) async fn audit(&self, mut stage: Stage) {
        self.answered(&stage).await;
        let resent = stage.resent();
        stage.leave();
        self.check(&stage, resent);
    }

    /// Checks the promises on the books of the simulator and the store of a daemon that has left. `resent` is what
    /// the daemon owned up to, in all its lives.
    pub(crate) fn check(&self, stage: &Stage, resent: u64) {
        let mut copies = 0;
        let mut answers = BTreeMap::new();
        for citizen in &self.all {
            let received = stage.simulator.received(&citizen.phone, 0);
            copies += received.len() - 1;
            for text in received {
                assert!(text.text.contains(&citizen.mark), "another's text: {}", *text.text);
                let first = answers.entry(&citizen.phone).or_insert_with(|| text.text.clone());
                assert_eq!(*first, text.text, "a second answer that is no copy of the first");
            }
        }
        assert!(copies as u64 <= resent, "{copies} copies, {resent} owned up to");
        let booked = self.all.iter().filter(|citizen| citizen.books);
        let store = open(&stage.home);
        let mut seats = 0;
        for citizen in booked {
            assert_eq!(live_bookings(&store, &citizen.phone), 1, "acknowledged, and booked once");
            seats += 1;
        }
        assert_eq!(taken_seats(&store), seats, "a seat is taken that nobody holds");
    }
}

/// Look-ups of citizens from a number on, each with a dossier of its own.
pub(crate) fn look_ups(first: usize, count: usize) -> impl Iterator<Item = Message> {
    (first..first + count)
        .map(|n| Message::new(format!("84905{n:06}"), OFFICE, format!("XNC {}", 70_000_000 + n)))
}

/// A place at the town hall, and who books it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    number: usize,
    date: Date,
    time: String,
}

impl Place {
    fn new(number: usize) -> Self {
        let date = *wednesdays().get(number / PER_DAY).expect("fewer places than the town hall has");
        let minutes = 8 * 60 + 15 * (number % PER_DAY);
        Self { number, date, time: format!("{:02}:{:02}", minutes / 60, minutes % 60) }
    }

    pub(crate) fn phone(&self) -> String {
        format!("420602{:06}", self.number)
    }

    /// A name of its own for each place, in letters.
    pub(crate) fn name(&self) -> String {
        let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
        format!("NOVAK{}{}", letter(self.number / 26), letter(self.number))
    }

    /// The words of the request.
    pub(crate) fn words(&self) -> [String; 5] {
        let date = format!("{}.{}.", self.date.day(), self.date.month());
        ["OBJ".to_owned(), "ZOP".to_owned(), date, self.time.clone(), self.name()]
    }

    pub(crate) fn text(&self) -> String {
        self.words().join(" ")
    }

    /// The text in five parts of a message, one word in each: put together in another order it is no request.
    pub(crate) fn long_text(&self, part: usize) -> String {
        self.words().iter().map(|word| format!("{word:<part$}")).collect::<String>().trim_end().to_owned()
    }
}

/// The Wednesdays on which the town hall is open, from a week on and as far ahead as it books.
fn wednesdays() -> Vec<Date> {
    let today = today();
    let days = (7..58).filter_map(|offset| today.checked_add(jiff::Span::new().days(offset)).ok());
    let open =
        |date: &Date| date.weekday() == Weekday::Wednesday && !CLOSED.contains(&(date.month(), date.day()));
    days.filter(open).collect()
}

fn open(home: &Home) -> Store {
    let key = MasterKey::read(&home.key()).unwrap();
    Store::open(&home.data(), &key, Options::default()).unwrap().0
}

fn live_bookings(store: &Store, phone: &str) -> usize {
    let key = Key::PhoneBookings(ServiceId::new("trutnov"), Msisdn::new(phone).unwrap());
    match store.get(&key).unwrap().as_deref() {
        Some(Record::PhoneBookings(bookings)) => bookings.live.len(),
        _ => 0,
    }
}

/// Seats taken over the whole horizon.
fn taken_seats(store: &Store) -> usize {
    let today = today();
    let days = (0..70).filter_map(|offset| today.checked_add(jiff::Span::new().days(offset)).ok());
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

fn today() -> Date {
    jiff::Timestamp::now().in_tz("Europe/Prague").unwrap().date()
}
