//! The load: citizens who ask, register, book, cancel and write at length, and clerks at the API.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use simulator::{Message, MessageRef, Simulator, Split};

use super::Dice;
use crate::process::Api;

/// The number of the town hall of Trutnov.
pub(super) const TRUTNOV: &str = "420739547765";

/// Our own numbers.
pub(super) const OWN_NUMBERS: [&str; 4] = ["8383", "8188", "1414", TRUTNOV];

/// Every invented name begins so; it stands in no program text, so a log that shows it shows a citizen.
pub(super) const CANARY: &str = "KANAREK";

/// What a citizen wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// What became of a dossier that nobody has.
    LookUp,
    /// An account.
    Register {
        /// In the name of this ID number.
        id_number: String,
    },
    /// A place at a counter.
    Book,
    /// To give it back.
    Cancel,
    /// Many words; whatever the answer.
    Long,
}

/// One citizen with one message.
#[derive(Debug, Clone)]
pub struct Citizen {
    /// Which message, in the simulator's ledger.
    pub message: MessageRef,
    /// His number, digits as in E.164.
    pub phone: String,
    /// The number that he wrote to.
    pub to: &'static str,
    /// What he wrote.
    pub text: String,
    /// What for.
    pub wish: Wish,
    /// Words that only he may write and read.
    pub words: Vec<String>,
}

/// Everything that was sent from one home.
#[derive(Debug)]
pub struct Load {
    dice: Dice,
    registrations: u32,
    today: Date,
    serial: u64,
    /// In the order of sending.
    pub citizens: Vec<Citizen>,
    /// Bookings whose citizens have not cancelled them, by place in `citizens`.
    booked: BTreeSet<usize>,
    /// Dossiers that the API said are written, with how many commands each had.
    pub dossiers: BTreeMap<String, u64>,
    /// Commands that the API said are done.
    pub commands: u64,
}

impl Load {
    /// Nobody has written yet. A password takes tens of milliseconds to hash, so `registrations` of each
    /// [`Self::send`] are what a machine can bear.
    pub fn new(dice: Dice, registrations: u32) -> Self {
        Self {
            dice,
            registrations,
            today: today(),
            serial: 0,
            citizens: Vec::new(),
            booked: BTreeSet::new(),
            dossiers: BTreeMap::new(),
            commands: 0,
        }
    }

    /// Messages of all kinds, each from a handset of its own: an answer then belongs to one message.
    pub fn send(&mut self, simulator: &Simulator) -> Result<()> {
        for _ in 0..8 {
            self.look_up(simulator)?;
            self.book(simulator)?;
        }
        for _ in 0..self.registrations {
            self.register(simulator)?;
        }
        for split in [Split::Udh8, Split::Udh8, Split::Udh8, Split::Udh16, Split::Sar] {
            self.long(simulator, split)?;
        }
        self.cancel(simulator)
    }

    /// What clerks do meanwhile; nobody knows what became of a call without an answer.
    pub fn command(&mut self, api: &Api) {
        for _ in 0..3 {
            let code = format!("6{:07}", self.next());
            let path = format!("/dossiers/hue-xnc/{code}");
            let put = api.put(&path, &json!({"kind": "passport", "applicant": format!("{CANARY} {code}")}));
            let Ok(answer) = put else { return };
            if answer.status != 200 {
                continue;
            }
            self.commands += 1;
            self.dossiers.insert(code.clone(), 1);
            let paid = api.post(&format!("{path}/events"), &json!({"event": "fee_paid", "amount": 200_000}));
            if paid.is_ok_and(|answer| answer.status == 200) {
                self.commands += 1;
                self.dossiers.insert(code, 2);
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn look_up(&mut self, simulator: &Simulator) -> Result<()> {
        let serial = self.next();
        let code = format!("7{serial:07}");
        let message = Message::new(vietnamese(serial), "8383", format!("XNC {code}"));
        self.enter(simulator, &message, "8383", Wish::LookUp, vec![code])
    }

    fn register(&mut self, simulator: &Simulator) -> Result<()> {
        let serial = self.next();
        let id_number = format!("201{serial:06}");
        // Every fourth registration is a text of two parts.
        let blanks = if serial.is_multiple_of(4) { 120 } else { 1 };
        let name = letters(serial);
        let text = format!("TK,Nguyen{:blanks$}{name},{id_number},20/12/1990", "");
        let message = Message::new(vietnamese(serial), "8188", text);
        let words = vec![id_number.clone(), name];
        self.enter(simulator, &message, "8188", Wish::Register { id_number }, words)
    }

    fn book(&mut self, simulator: &Simulator) -> Result<()> {
        let serial = self.next();
        let (activity, date) = (self.activity(), self.day());
        let (hour, quarter) = (8 + self.dice.below(9), 15 * self.dice.below(4));
        let name = letters(serial);
        let (day, month) = (date.day(), date.month());
        let text = format!("OBJ {activity} {day}.{month}. {hour}:{quarter:02} {name}");
        self.booked.insert(self.citizens.len());
        let message = Message::new(czech(serial), TRUTNOV, text);
        self.enter(simulator, &message, TRUTNOV, Wish::Book, vec![name])
    }

    /// Cancels what a citizen has booked and was told of.
    fn cancel(&mut self, simulator: &Simulator) -> Result<()> {
        let answered: Vec<usize> = self.booked.iter().copied().take(4).collect();
        for place in answered {
            let Some(citizen) = self.citizens.get(place) else { continue };
            let told = simulator.received(&citizen.phone, 0);
            let Some(answer) = told.first() else { continue };
            self.booked.remove(&place);
            let Some((_, storno)) = answer.text.split_once("Zruseni: ") else { continue };
            let (text, phone) = (storno.to_owned(), czech(self.next()));
            self.enter(simulator, &Message::new(phone, TRUTNOV, text), TRUTNOV, Wish::Cancel, Vec::new())?;
        }
        Ok(())
    }

    /// Handsets count their references from 1: these citizens' parts have the same ones, at the same number.
    fn long(&mut self, simulator: &Simulator, split: Split) -> Result<()> {
        let serial = self.next();
        let name = letters(serial);
        let text = format!("{name} {}{name}", format!("xin hoi ho so {name} o dau ").repeat(12));
        let message = Message { split, ..Message::new(vietnamese(serial), "8383", text) };
        self.enter(simulator, &message, "8383", Wish::Long, vec![name])
    }

    fn enter(
        &mut self,
        simulator: &Simulator,
        message: &Message,
        to: &'static str,
        wish: Wish,
        words: Vec<String>,
    ) -> Result<()> {
        let reference = simulator.send(message)?;
        let (phone, text) = (message.from.clone(), message.text.to_string());
        self.citizens.push(Citizen { message: reference, phone, to, text, wish, words });
        Ok(())
    }

    fn activity(&mut self) -> &'static str {
        ["ZOP", "POP", "ZCD", "PCD", "PTP", "RTP"][usize::try_from(self.dice.below(6)).unwrap_or(0)]
    }

    /// One of the office's days within the booking horizon.
    fn day(&mut self) -> Date {
        let ahead = 1 + i64::try_from(self.dice.below(50)).unwrap_or(0);
        let mut day = self.today.saturating_add(ahead.days());
        while !matches!(day.weekday(), Weekday::Monday | Weekday::Wednesday) {
            day = day.saturating_add(1.day());
        }
        day
    }
}

fn vietnamese(serial: u64) -> String {
    format!("84905{serial:06}")
}

fn czech(serial: u64) -> String {
    format!("420602{serial:06}")
}

/// A name for a number, in letters.
fn letters(serial: u64) -> String {
    let digits = format!("{serial:06}");
    let letters = digits.bytes().map(|digit| char::from(b'A' + (digit - b'0')));
    format!("{CANARY}{}", letters.collect::<String>())
}

/// Today in Trutnov.
#[allow(clippy::disallowed_methods, reason = "the daemons run on the machine's clock")]
pub(crate) fn today() -> Date {
    Timestamp::now().in_tz("Europe/Prague").map_or_else(|_| Date::default(), |now| now.date())
}
