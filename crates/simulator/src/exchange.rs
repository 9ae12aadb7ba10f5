//! The heart: messages, binds and books as one value. No socket and no clock: links hand in what they have read
//! and take out their [`Order`]s; time is an argument.
//!
//! `answers` holds what a response to a delivery means, `submits` what a submit_sm means.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use codec::{Bind, CommandStatus, Sm, reassembly::Reassembly};
use jiff::Timestamp;
use model::{Now, Redacted};
use serde::Serialize;
use session::Mode;
use tokio::sync::Notify;

use crate::{
    config::Exchanging,
    faults::{Dice, Faults},
    handset::Handsets,
    ledger::{Entry, Ledger, MessageRef, Outcome, Record},
    message::{self, Message},
    stats::{Stats, Timers},
    witness::Testimony,
};

mod answers;
mod submits;

/// deliver_sm that wait for a bind or for room in its window: seconds of full load, some 300 octets each.
pub const QUEUE_MAX: usize = 200_000;

/// The first message id; its hexadecimal form, 989681, could be taken for a decimal one, as happens in the field.
const MESSAGE_ID_FIRST: u64 = 10_000_001;

/// A message that was not taken. Returned by `send`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// [`QUEUE_MAX`] deliveries wait; send again when some have left.
    #[error("{QUEUE_MAX} deliveries wait for a bind with room")]
    QueueFull,
    /// The books are full of unsettled messages, or there are too many handsets.
    #[error("the books are full of unsettled messages")]
    BooksFull,
    /// `from` has no digit, or `to` has none.
    #[error("`{0}` is no number: digits are needed, with or without +")]
    NotANumber(&'static str),
    /// Of the parts that were listed there is none.
    #[error("the text has none of the listed parts")]
    NoSuchPart,
}

/// Which connection; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BindId(pub u64);

/// What a link is to do, in this order.
#[derive(Debug)]
pub(crate) enum Order {
    /// Send a message or a receipt. With `cut`, write only so many octets of it (all, where it is shorter) and
    /// close.
    Deliver { ticket: u64, data_sm: bool, sm: Sm, cut: Option<u16> },
    /// Answer the bind.
    AnswerBind(CommandStatus),
    /// Answer a submit_sm or data_sm.
    Respond { sequence_number: u32, data_sm: bool, status: CommandStatus, message_id: String },
    /// Write a response past the session: one too many, or one that nobody asked for.
    Stray { sequence_number: u32, data_sm: bool, message_id: String },
    /// Write these octets as they are.
    Octets(Bytes),
    /// Leave politely.
    Unbind,
    /// Close at once, after what is written.
    Close,
}

/// What a link has read, in its order.
#[derive(Debug)]
pub(crate) enum Input {
    /// A bind request.
    Bind { mode: Mode, bind: Bind },
    /// A submit_sm or data_sm.
    Submit { sequence_number: u32, data_sm: bool, sm: Sm },
    /// The answer to a delivery, or `None` where none came in time.
    Answered { ticket: u64, status: Option<CommandStatus> },
    /// The acknowledgement of a delivery, after it was given up.
    AcknowledgedLate { ticket: u64 },
    /// Something that could not be read, that nobody asked for, or that may not be sent now; it has been answered.
    Odd,
}

/// A connection, for people.
#[derive(Clone, Debug, Serialize)]
pub struct BindInfo {
    /// Which one.
    pub id: BindId,
    /// The other end.
    pub peer: SocketAddr,
    /// `transmitter`, `receiver`, `transceiver`, or `None` before the bind.
    pub mode: Option<&'static str>,
    /// Who has bound.
    pub system_id: String,
    /// When the connection was bound, or made where it is not yet.
    pub since: Timestamp,
    /// deliver_sm written and not answered.
    pub in_flight: usize,
    /// submit_sm received.
    pub submits: u32,
}

#[derive(Debug)]
struct Link {
    wake: Arc<Notify>,
    peer: SocketAddr,
    mode: Option<Mode>,
    system_id: String,
    since: Timestamp,
    in_flight: BTreeSet<u64>,
    orders: Vec<Order>,
    submits: u32,
}

/// Something to deliver.
#[derive(Debug)]
struct Delivery {
    sm: Sm,
    data_sm: bool,
    kind: Kind,
    /// Where the testimony has it.
    witnessed: Option<usize>,
    route: Route,
    /// Times handed to a link.
    attempts: u32,
    handed_out_at: Duration,
    /// The link that has it now.
    link: Option<BindId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One part of a message.
    Part(MessageRef),
    /// A part that is acknowledged already and goes once more on purpose.
    Repeat,
    /// A receipt.
    Receipt,
}

/// Over which bind; where that is not there or full, over any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Any,
    Prefer(BindId),
    Avoid(BindId),
}

/// What happens at a later time.
#[derive(Debug)]
enum Due {
    /// A delivery becomes ready.
    Ready(u64),
    /// A link has something to do.
    Order(BindId, Box<Order>),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Exchange {
    config: Exchanging,
    faults: Faults,
    dice: Dice,
    pub(crate) stats: Stats,
    pub(crate) timers: Timers,
    pub(crate) testimony: Testimony,
    handsets: Handsets,
    ledger: Ledger,
    reassembly: Reassembly,
    links: BTreeMap<BindId, Link>,
    links_made: u64,
    /// The link that had the last turn.
    last_link: BindId,
    /// The link whose input is being served; it takes its orders without being woken.
    serving: Option<BindId>,
    deliveries: HashMap<u64, Delivery>,
    tickets: u64,
    ready: VecDeque<u64>,
    due: BTreeMap<(Duration, u64), Due>,
    due_made: u64,
    /// Something earlier than all else has been planned.
    planned: bool,
    message_id: u64,
    cursor: u64,
}

impl Exchange {
    pub(crate) fn new(config: Exchanging, faults: Faults) -> Self {
        Self {
            dice: Dice::new(config.seed),
            config,
            faults,
            stats: Stats::default(),
            timers: Timers::default(),
            testimony: Testimony::default(),
            handsets: Handsets::default(),
            ledger: Ledger::default(),
            reassembly: Reassembly::default(),
            links: BTreeMap::new(),
            links_made: 0,
            last_link: BindId(0),
            serving: None,
            deliveries: HashMap::new(),
            tickets: 0,
            ready: VecDeque::new(),
            due: BTreeMap::new(),
            due_made: 0,
            planned: false,
            message_id: MESSAGE_ID_FIRST,
            cursor: 0,
        }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        for link in self.links.values() {
            link.wake.notify_one();
        }
    }

    /// Deliveries that wait for a bind with room.
    pub(crate) fn waiting(&self) -> usize {
        self.ready.len()
    }

    /// Takes a message from a handset; it was due at `due_at`. Call [`Self::dispatch`] after the last of several.
    pub(crate) fn send(&mut self, message: &Message, due_at: Duration) -> Result<MessageRef, SendError> {
        let to = message::digits(&message.to);
        for (name, number) in [("from", message.from.as_str()), ("to", to.as_str())] {
            if !number.bytes().any(|octet| octet.is_ascii_digit()) {
                return Err(SendError::NotANumber(name));
            }
        }
        if self.ready.len() >= QUEUE_MAX {
            return Err(SendError::QueueFull);
        }
        let from = self.handsets.find_or_make(&message.from).ok_or(SendError::BooksFull)?;
        let handset = self.handsets.get_mut(from).ok_or(SendError::BooksFull)?;
        handset.reference = handset.reference.wrapping_add(1);
        let source = self.faults.source_style.address(&handset.number);
        let sms = message::deliveries(message, &source, message.reference.unwrap_or(handset.reference));
        if sms.is_empty() {
            return Err(SendError::NoSuchPart);
        }
        self.handsets.alias(from, &source.digits);
        let parts = u16::try_from(sms.len()).unwrap_or(u16::MAX);
        let record = Record {
            from,
            to: to.into(),
            parts,
            open: parts,
            deliveries: 0,
            outcome: Outcome::Waiting,
            due_at,
            settled_at: None,
            replies: 0,
            last_link: None,
        };
        let reference = self.ledger.enter(record).ok_or(SendError::BooksFull)?;
        if let Some(handset) = self.handsets.get_mut(from) {
            handset.wait_for_answer(reference);
        }
        self.stats.messages += 1;
        for sm in sms {
            let witnessed = if self.config.witness { self.testimony.piece(reference, &sm) } else { None };
            let delivery = Delivery::new(sm, Kind::Part(reference), Route::Any);
            self.queue(Delivery { witnessed, ..delivery }, None);
        }
        Ok(reference)
    }

    /// Enters a delivery, ready now or at a later time.
    fn queue(&mut self, delivery: Delivery, at: Option<Duration>) {
        let ticket = self.tickets;
        self.tickets += 1;
        self.deliveries.insert(ticket, delivery);
        match at {
            None => self.ready.push_back(ticket),
            Some(at) => self.plan(at, Due::Ready(ticket)),
        }
    }

    fn plan(&mut self, at: Duration, due: Due) {
        self.planned |= self.due.first_key_value().is_none_or(|((first, _), _)| at < *first);
        self.due.insert((at, self.due_made), due);
        self.due_made += 1;
    }

    /// Whether [`Self::next_deadline`] has come nearer since the last call.
    pub(crate) fn take_planned(&mut self) -> bool {
        std::mem::take(&mut self.planned)
    }

    /// Hands ready deliveries to the binds in turn, as far as their windows have room.
    pub(crate) fn dispatch(&mut self, now: Duration) {
        while let Some(ticket) = self.ready.front().copied() {
            let Some(delivery) = self.deliveries.get(&ticket) else {
                self.ready.pop_front();
                continue;
            };
            let Some(link) = self.choose(delivery) else { return };
            self.ready.pop_front();
            self.hand_out(ticket, link, now);
        }
    }

    /// The bind for a delivery: the parts of a message follow each other on one.
    fn choose(&self, delivery: &Delivery) -> Option<BindId> {
        let has_room = |id: &BindId| self.links.get(id).is_some_and(|link| link.has_room(self.config.window));
        let preferred = match (delivery.kind, delivery.route) {
            (Kind::Part(_), _) if self.faults.scatter_parts => None,
            (Kind::Part(message), _) => self.ledger.get(message).and_then(|record| record.last_link),
            (_, Route::Prefer(link)) => Some(link),
            _ => None,
        };
        if let Some(link) = preferred.filter(has_room) {
            return Some(link);
        }
        let after = self.links.range((std::ops::Bound::Excluded(self.last_link), std::ops::Bound::Unbounded));
        let mut in_turn =
            after.chain(self.links.range(..=self.last_link)).map(|(id, _)| *id).filter(has_room);
        match delivery.route {
            Route::Avoid(avoided) => {
                let first = in_turn.next()?;
                if first == avoided { in_turn.next().or(Some(first)) } else { Some(first) }
            }
            Route::Any | Route::Prefer(_) => in_turn.next(),
        }
    }

    fn hand_out(&mut self, ticket: u64, to: BindId, now: Duration) {
        let Some(delivery) = self.deliveries.get_mut(&ticket) else { return };
        delivery.attempts += 1;
        delivery.handed_out_at = now;
        delivery.link = Some(to);
        self.stats.delivered += 1;
        if delivery.attempts > 1 && delivery.kind != Kind::Repeat {
            self.stats.redelivered += 1;
        }
        if let Kind::Part(message) = delivery.kind
            && let Some(record) = self.ledger.get_mut(message)
        {
            record.deliveries += 1;
            record.last_link = Some(to);
        }
        let receipt = delivery.kind == Kind::Receipt;
        let (data_sm, sm) = match delivery.sm.clone() {
            sm if !receipt && self.faults.deliver_as_data_sm => (true, message::as_data_sm(sm)),
            sm => (delivery.data_sm, sm),
        };
        let cut = self.take_cut();
        self.last_link = to;
        if let Some(link) = self.links.get_mut(&to) {
            link.in_flight.insert(ticket);
        }
        self.order(to, Order::Deliver { ticket, data_sm, sm, cut });
    }

    /// The once-only switches, which this delivery uses up.
    fn take_cut(&mut self) -> Option<u16> {
        if std::mem::take(&mut self.faults.cut_after_deliver_once) {
            return Some(u16::MAX);
        }
        match std::mem::take(&mut self.faults.cut_inside_deliver_once) {
            0 => None,
            octets => Some(octets),
        }
    }

    /// Gives a link something to do, and wakes it unless it is being served.
    fn order(&mut self, to: BindId, order: Order) {
        let serving = self.serving == Some(to);
        if let Some(link) = self.links.get_mut(&to) {
            if link.orders.is_empty() && !serving {
                link.wake.notify_one();
            }
            link.orders.push(order);
        }
    }

    /// A peer has connected.
    pub(crate) fn connected(&mut self, peer: SocketAddr, wake: Arc<Notify>, now: Now) -> BindId {
        self.links_made += 1;
        let id = BindId(self.links_made);
        let link = Link {
            wake,
            peer,
            mode: None,
            system_id: String::new(),
            since: now.wall,
            in_flight: BTreeSet::new(),
            orders: Vec::new(),
            submits: 0,
        };
        self.links.insert(id, link);
        id
    }

    /// Takes what a link has read and gives it all that it is to do.
    pub(crate) fn serve(
        &mut self,
        link: BindId,
        inputs: impl Iterator<Item = Input>,
        orders: &mut Vec<Order>,
        now: Now,
    ) {
        self.serving = Some(link);
        for input in inputs {
            match input {
                Input::Bind { mode, bind } => self.bind(link, mode, &bind, now),
                Input::Submit { sequence_number, data_sm, sm } => {
                    self.submit(link, sequence_number, data_sm, &sm, now);
                }
                Input::Answered { ticket, status } => self.answered(link, ticket, status, now.monotonic),
                Input::AcknowledgedLate { ticket } => self.acknowledged_late(ticket, now.monotonic),
                Input::Odd => self.stats.odd += 1,
            }
        }
        self.dispatch(now.monotonic);
        self.serving = None;
        if let Some(link) = self.links.get_mut(&link) {
            orders.append(&mut link.orders);
        }
    }

    fn bind(&mut self, id: BindId, mode: Mode, bind: &Bind, now: Now) {
        if self.faults.no_bind_answer {
            return;
        }
        let status = self.judge(bind);
        let Some(link) = self.links.get_mut(&id) else { return };
        link.system_id.clone_from(&bind.system_id);
        if status.is_ok() {
            link.mode = Some(mode);
            link.since = now.wall;
            self.stats.binds += 1;
        } else {
            self.stats.binds_refused += 1;
        }
        self.order(id, Order::AnswerBind(status));
        if status.is_ok() && self.faults.drop_after_bind {
            self.command(id, Order::Close);
        }
    }

    fn judge(&self, bind: &Bind) -> CommandStatus {
        if self.faults.refuse_bind_status != 0 {
            return CommandStatus(self.faults.refuse_bind_status);
        }
        match &self.config.credentials {
            Some(known) if known.system_id != bind.system_id => CommandStatus::ESME_RINVSYSID,
            Some(known) if known.password != bind.password => CommandStatus::ESME_RINVPASWD,
            _ => CommandStatus::ESME_ROK,
        }
    }

    /// Does what has become due.
    pub(crate) fn timeout(&mut self, now: Duration) {
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Due::Ready(ticket) => self.ready.push_back(ticket),
                Due::Order(link, order) => self.order(link, *order),
            }
        }
        self.reassembly.expire(now);
        self.dispatch(now);
    }

    /// When [`Self::timeout`] has something to do next.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let due = self.due.first_key_value().map(|((at, _), _)| *at);
        [due, self.reassembly.next_expiry()].into_iter().flatten().min()
    }

    /// Tells a link to do something; `false` where there is no such link.
    pub(crate) fn command(&mut self, id: BindId, order: Order) -> bool {
        let Some(link) = self.links.get_mut(&id) else { return false };
        if matches!(order, Order::Unbind | Order::Close) {
            // It gets nothing more to deliver.
            link.mode = None;
        }
        self.order(id, order);
        true
    }

    pub(crate) fn binds(&self) -> Vec<BindInfo> {
        self.links
            .iter()
            .map(|(id, link)| BindInfo {
                id: *id,
                peer: link.peer,
                mode: link.mode.map(|mode| match mode {
                    Mode::Transmitter => "transmitter",
                    Mode::Receiver => "receiver",
                    Mode::Transceiver => "transceiver",
                }),
                system_id: link.system_id.clone(),
                since: link.since,
                in_flight: link.in_flight.len(),
                submits: link.submits,
            })
            .collect()
    }

    /// Connections that may receive.
    pub(crate) fn receivers(&self) -> usize {
        self.links.values().filter(|link| link.mode.is_some_and(Mode::receives)).count()
    }

    /// Connections, bound or not.
    pub(crate) fn connections(&self) -> usize {
        self.links.len()
    }

    /// The lines of the books after a message, so many at most.
    pub(crate) fn entries(&self, after: MessageRef, limit: usize) -> Vec<Entry> {
        let lines = self.ledger.after(after).take(limit);
        lines.map(|(message, record)| self.entry(message, record)).collect()
    }

    /// One line of the books; `None` for a message that is not, or no longer, in them.
    pub(crate) fn find_entry(&self, message: MessageRef) -> Option<Entry> {
        self.ledger.get(message).map(|record| self.entry(message, record))
    }

    fn entry(&self, message: MessageRef, record: &Record) -> Entry {
        Entry {
            message,
            from: self.handsets.get(record.from).map_or_else(Redacted::default, |it| it.number.clone()),
            to: record.to.to_string(),
            parts: record.parts,
            deliveries: record.deliveries,
            outcome: record.outcome,
            settled_at: record.settled_at,
            replies: record.replies,
        }
    }

    /// The texts that a handset received after a cursor.
    pub(crate) fn received(&self, number: &str, after: u64) -> Vec<crate::Received> {
        let handset = self.handsets.find(number).and_then(|id| self.handsets.get(id));
        handset.map(|handset| handset.after(after).cloned().collect()).unwrap_or_default()
    }

    /// The cursor of the last text of all.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }
}

impl Link {
    fn has_room(&self, window: usize) -> bool {
        self.mode.is_some_and(Mode::receives) && self.in_flight.len() < window
    }
}

impl Delivery {
    fn new(sm: Sm, kind: Kind, route: Route) -> Self {
        Self {
            sm,
            data_sm: false,
            kind,
            witnessed: None,
            route,
            attempts: 0,
            handed_out_at: Duration::ZERO,
            link: None,
        }
    }
}
