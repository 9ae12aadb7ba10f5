//! The real engine over a real store, with simulated time, links, SMSCs and handsets.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use codec::{CommandStatus, Sm};
use engine::{Config, Decided, Effect, Engine, Event, LinkConfig, LinkId, Profile};
use jiff::{SignedDuration, Timestamp};
use model::plan::{CZECHIA, VIET_NAM};
use model::{
    Account, Address, Answer, ClerkCommand, CommandError, Key, Now, Record, Redacted, Seed, ServiceId,
};
use routing::Rules;
use store::sim::{SimDisk, SimRecords};
use store::{Options, Store, Work, Writer};
use vault::MasterKey;

use crate::handset::Handsets;
use crate::link::Link;
use crate::smsc::Smsc;

/// The binds of every play: two sisters to one Vietnamese SMSC, one to a Czech one.
const LINKS: [(&str, &str); 3] = [("a", "vn"), ("b", "vn"), ("cz", "cz")];

/// The key of every play's store.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// Turns without the clock moving; more of them are a loop.
const TURNS_MAX: usize = 10_000;

/// Everything that a dialogue needs.
pub struct World {
    pub(crate) disk: SimDisk,
    pub(crate) records: SimRecords,
    engine: Option<Engine>,
    writer: Option<Writer>,
    rules: Arc<Rules>,
    now: Now,
    pub(crate) links: Vec<Link>,
    pub(crate) smscs: HashMap<String, Smsc>,
    /// What citizens hold in their hands.
    pub handsets: Handsets,
    answers: HashMap<u64, Result<Answer, CommandError>>,
    pending: Vec<Event>,
    slot: u64,
    seed: u64,
}

impl World {
    /// A world at `wall` with an empty store; all links are bound.
    pub fn start(rules: Arc<Rules>, wall: Timestamp) -> Result<Self> {
        let links = (0..).zip(LINKS).map(|(place, (name, group))| Link::new(LinkId(place), name, group));
        let mut world = Self {
            disk: SimDisk::new(),
            records: SimRecords::new(),
            engine: None,
            writer: None,
            rules,
            now: Now { wall, monotonic: Duration::from_secs(1_000) },
            links: links.collect(),
            smscs: LINKS.iter().map(|(_, group)| ((*group).to_owned(), Smsc::default())).collect(),
            handsets: Handsets::default(),
            answers: HashMap::new(),
            pending: Vec::new(),
            slot: 0,
            seed: 0,
        };
        world.open()?;
        let now = world.now.monotonic;
        world.links.iter_mut().for_each(|link| link.connect(now));
        world.settle()?;
        Ok(world)
    }

    /// Opens the store and starts the engine over it.
    fn open(&mut self) -> Result<()> {
        let key = MasterKey::from_octets(&KEY);
        // Small segments: a play writes little, and a start looks through what a segment reserves.
        let options = Options { segment_octets: 256 << 10, ..Options::default() };
        let (store, recovery) =
            Store::open_with(Arc::new(self.disk.clone()), &mut self.records.clone(), &key, options)
                .context("the store opens")?;
        let links = LINKS.iter().map(|(name, group)| LinkConfig {
            name: (*name).to_owned(),
            group: (*group).into(),
            receives: true,
            plan: if *group == "cz" { &CZECHIA } else { &VIET_NAM },
            profile: Profile::default(),
        });
        let config = Config { links: links.collect() };
        let (ledger, writer) = store.part();
        let (engine, effects) = Engine::start(ledger, &recovery, Arc::clone(&self.rules), config, self.now)?;
        (self.engine, self.writer) = (Some(engine), Some(writer));
        self.perform(effects);
        Ok(())
    }

    /// Cuts the power and starts again: what was not synced is gone, and every link with it.
    pub fn restart(&mut self) -> Result<()> {
        (self.engine, self.writer) = (None, None);
        self.seed += 1;
        self.disk.power_cut(self.seed);
        self.records.power_cut(self.seed);
        self.links.iter_mut().for_each(Link::cut_dead);
        self.pending.clear();
        self.open()?;
        let now = self.now.monotonic;
        self.links.iter_mut().for_each(|link| link.connect(now));
        self.settle()
    }

    /// Lets the power fail at the disk's `operation`-th change from now: the turn that asks for it fails, and so
    /// does every later one until [`World::restart`].
    pub fn fail_power_after(&mut self, operations: u64) {
        self.disk.power_off_at(self.disk.operations() + operations);
    }

    /// Fills the disk, or makes room again.
    pub fn set_disk_full(&self, full: bool) {
        self.disk.set_full(full);
    }

    /// How many secrets stand on the disk: slots of their file that are not zeros.
    pub fn secrets(&self) -> usize {
        const SLOT: usize = 128;
        let file = self.disk.contents("secrets").unwrap_or_default();
        file.chunks(SLOT).filter(|slot| slot.iter().any(|octet| *octet != 0)).count()
    }

    /// What the engine last answered a delivery with on a link.
    pub fn last_response(&self, name: &str) -> Option<CommandStatus> {
        self.links.iter().find(|link| link.name == name)?.responses.last().copied()
    }

    /// Hands over again, by the first link of each group, what the SMSC saw no acknowledgement for. Returns
    /// how many messages these were.
    pub fn redeliver_all(&mut self) -> Result<usize> {
        let mut again = Vec::new();
        for link in &mut self.links {
            again.extend(
                std::mem::take(&mut link.unacknowledged).into_iter().map(|sm| (link.group.clone(), sm)),
            );
        }
        let count = again.len();
        for (group, sm) in again {
            let name = self.links.iter().find(|link| link.group == group).map(|link| link.name.clone());
            self.deliver(&name.context("a group has links")?, sm)?;
        }
        self.settle()?;
        Ok(count)
    }

    /// The rules that the engine runs.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Has the engine take other rules with its next turn; what comes meanwhile was read by the old ones.
    pub fn change_rules(&mut self, rules: Arc<Rules>) {
        self.rules = Arc::clone(&rules);
        self.pending.push(Event::Rules(rules));
    }

    /// The moment.
    pub fn wall(&self) -> Timestamp {
        self.now.wall
    }

    /// Lets the clock run to `wall`; everything that is due on the way happens at its moment.
    pub fn advance_to(&mut self, wall: Timestamp) -> Result<()> {
        loop {
            let left = wall.duration_since(self.now.wall);
            if left <= SignedDuration::ZERO {
                return Ok(());
            }
            let end = self.now.monotonic + left.unsigned_abs();
            let deadlines = self.links.iter().filter_map(|link| link.next_deadline(self.now.monotonic));
            let engine = self.engine.as_ref().and_then(Engine::next_deadline);
            let next = deadlines.chain(engine).filter(|at| *at > self.now.monotonic).min();
            let next = next.unwrap_or(end).min(end);
            let step = SignedDuration::try_from(next - self.now.monotonic)?;
            self.now = Now { wall: self.now.wall.checked_add(step)?, monotonic: next };
            self.settle()?;
        }
    }

    /// Sets the wall clock ahead by a span in which no time went by.
    pub fn jump(&mut self, span: SignedDuration) -> Result<()> {
        self.now.wall = self.now.wall.checked_add(span)?;
        self.settle()
    }

    /// A person says that the wall clock is right.
    pub fn confirm_clock(&mut self) -> Result<()> {
        self.pending.push(Event::ClockConfirmed);
        self.settle()
    }

    /// Runs turns until nothing moves any more.
    pub fn settle(&mut self) -> Result<()> {
        for _ in 0..TURNS_MAX {
            self.pump();
            let engine = self.engine.as_mut().context("the engine runs")?;
            let due = engine.next_deadline().is_some_and(|at| at <= self.now.monotonic);
            if self.pending.is_empty() && !due {
                return Ok(());
            }
            let events = std::mem::take(&mut self.pending);
            self.seed += 1;
            let mut seed = [0x5A; 32];
            seed[..8].copy_from_slice(&self.seed.to_be_bytes());
            let Decided { work, effects } = engine.turn(events, self.now, seed)?;
            self.write(work)?;
            self.perform(effects);
            self.pump();
            // Once the effects are on the wire, as in the daemon: what fails here must not hide what has left.
            self.writer.as_mut().context("the writer runs")?.housekeeping()?;
            let work = self.engine.as_mut().context("the engine runs")?.housekeep()?;
            self.write(work)?;
        }
        anyhow::bail!("the engine does not come to rest")
    }

    fn write(&mut self, work: Option<Work>) -> Result<()> {
        let Some(work) = work else { return Ok(()) };
        self.writer.as_mut().context("the writer runs")?.write(work)?;
        Ok(())
    }

    fn pump(&mut self) {
        let Some(reader) = self.engine.as_ref().map(Engine::message_reader) else { return };
        for link in &mut self.links {
            if let Some(smsc) = self.smscs.get_mut(&link.group) {
                self.pending.extend(link.pump(smsc, &mut self.handsets, &reader, self.now));
            }
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Respond { link, generation, sequence_number, data_sm, status } => {
                    if let Some(link) = self.links.get_mut(usize::from(link.0)) {
                        link.respond(generation, sequence_number, data_sm, status);
                    }
                }
                Effect::Submit { link, ticket, sm } => {
                    let link = self.links.get_mut(usize::from(link.0));
                    let back = link.and_then(|link| link.submit(ticket, sm, self.now.monotonic));
                    self.pending.extend(back);
                }
                Effect::Enquire { link, ticket } => {
                    if let Some(link) = self.links.get_mut(usize::from(link.0)) {
                        link.enquire(ticket);
                    }
                }
                Effect::Answer { slot, result } => {
                    self.answers.insert(slot, result);
                }
                Effect::DrawPassword { outbox, subject, length } => {
                    let password = self.draw_password(length);
                    let hash = Redacted(hash(&password));
                    let subject = Box::new(subject);
                    self.pending.push(Event::Drawn { outbox, subject, password: Redacted(password), hash });
                }
            }
        }
    }

    /// A password from the world's seed: a play is the same each time.
    fn draw_password(&mut self, length: u32) -> String {
        self.seed += 1;
        let mut seed = [0xA5; 32];
        seed[..8].copy_from_slice(&self.seed.to_be_bytes());
        let mut password = format!("Pw{}x", Seed::new(seed, 0).draw().code(9));
        password.truncate(usize::try_from(length).unwrap_or(password.len()));
        password
    }

    /// A clerk's or a feed's command and its answer.
    pub fn command(&mut self, command: ClerkCommand) -> Result<Result<Answer, CommandError>> {
        self.slot += 1;
        let slot = self.slot;
        let command = Box::new(command);
        self.pending.push(Event::Command { slot, actor: "script".to_owned(), command });
        self.settle()?;
        self.answers.remove(&slot).context("a command is answered")
    }

    /// A text from `from` to `to` over the named link, as GSM-7.
    pub fn text(&mut self, link: &str, from: Address, to: Address, text: &str) -> Result<()> {
        self.deliver(link, message(from, to, text))?;
        self.settle()
    }

    /// Hands a message over without letting the engine run: the next one comes in the same turn.
    pub fn deliver(&mut self, link: &str, sm: Sm) -> Result<()> {
        let now = self.now.monotonic;
        self.link(link)?.deliver(sm, now);
        Ok(())
    }

    /// A link by its name.
    pub(crate) fn link(&mut self, name: &str) -> Result<&mut Link> {
        self.links.iter_mut().find(|link| link.name == name).with_context(|| format!("no link `{name}`"))
    }

    /// Cuts a link.
    pub fn cut(&mut self, name: &str) -> Result<()> {
        let event = self.link(name)?.cut();
        self.pending.extend(event);
        self.settle()
    }

    /// Binds a link again.
    pub fn connect(&mut self, name: &str) -> Result<()> {
        let now = self.now.monotonic;
        self.link(name)?.connect(now);
        self.settle()
    }

    /// The account of a log-in name.
    pub fn account(&self, service: ServiceId, id_number: &str) -> Result<Option<Account>> {
        let reader = self.engine.as_ref().context("the engine runs")?.reader();
        Ok(match reader.get(&Key::Account(service, id_number.into()))? {
            Some(Record::Account(account)) => Some(*account),
            _ => None,
        })
    }

    /// Whether a password fits an account, as the worker outside the engine would tell.
    pub fn matches(account: &Account, password: &str) -> bool {
        account.password_hash.as_ref().is_some_and(|known| *known == hash(password))
    }
}

/// Stands for Argon2id, which takes tens of milliseconds and is tested in `vault`.
pub(crate) fn hash(password: &str) -> String {
    format!("simulated:{password}")
}

/// A deliver_sm with a text: septets where they suffice, else UCS-2.
pub(crate) fn message(from: Address, to: Address, text: &str) -> Sm {
    let (data_coding, octets) = match ::text::gsm7::encode(text) {
        Some(octets) => (0x00, octets),
        None => (0x08, ::text::ucs2::encode(text)),
    };
    Sm { source: from, destination: to, data_coding, short_message: Bytes::from(octets), ..Sm::default() }
}
