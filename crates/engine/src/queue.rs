//! Who waits to leave, by bind group and in which order; what each link takes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use codec::receipt::ReceiptIds;
use jiff::Timestamp;
use model::outcome::Class;
use model::{Name, OutboxId};
use rustc_hash::FxHashMap;

use crate::config::{Config, LinkConfig};
use crate::event::LinkId;

/// How long a bind whose SMSC refuses everything is left alone before one message tries again.
pub(crate) const CONFIGURATION_PAUSE: Duration = Duration::from_secs(15 * 60);

/// One part that waits to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) outbox: OutboxId,
    pub(crate) part: u8,
    pub(crate) class: Class,
    /// It may have left before: the record says so before it leaves again.
    pub(crate) again: bool,
    /// The SMSC was silent about it on a link that lived; it is not asked a third time.
    pub(crate) silent: bool,
}

impl Item {
    /// It was handed out and came back: where it was counted as a copy, that one is still to leave.
    pub(crate) fn unsent(self) -> Self {
        Self { again: false, ..self }
    }

    /// The SMSC refused it: the copy that it speaks of has certainly not left, and it is not silent any more.
    pub(crate) fn refused(self) -> Self {
        Self { again: false, silent: false, ..self }
    }
}

/// What the engine knows of one link.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) group: usize,
    pub(crate) transmits: bool,
    /// Submits that it takes in all, by its own word.
    pub(crate) limit: u64,
    /// Submits that it was handed since the start, those on their way to it included.
    pub(crate) handed: u64,
    pub(crate) stopped_until: Option<Duration>,
}

impl Link {
    /// Submits that it takes now.
    fn credit(&self) -> u64 {
        self.limit.saturating_sub(self.handed)
    }
}

/// Binds that lead to one SMSC, and what waits for them.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: Name,
    pub(crate) links: Vec<LinkId>,
    /// Answers and what citizens wait for, notices, bulk.
    queues: [VecDeque<Item>; 3],
    /// The last part that left and by which link: parts of a message keep to one link while it has room.
    last: Option<(OutboxId, LinkId)>,
}

/// Every group's queues. The disk holds the messages; here is only their order.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    groups: Vec<Group>,
    by_name: FxHashMap<Name, usize>,
    links: Vec<Link>,
    /// Not before a moment: quiet hours and later tries.
    delayed: BinaryHeap<Reverse<(Timestamp, usize, Item)>>,
}

fn rank(class: Class) -> usize {
    match class {
        Class::Answer | Class::Credential | Class::Code | Class::Charged | Class::Legal => 0,
        Class::Notice => 1,
        Class::Bulk => 2,
    }
}

impl Queues {
    pub(crate) fn new(config: &Config) -> Self {
        let mut queues = Self::default();
        for (place, link) in (0..).zip(&config.links) {
            let group = queues.group(&link.group);
            queues.groups[group].links.push(LinkId(place));
            queues.links.push(Link { group, ..Link::default() });
        }
        queues
    }

    /// The place of a group; one that no bind has any more keeps its messages until they expire.
    pub(crate) fn group(&mut self, name: &str) -> usize {
        if let Some(group) = self.by_name.get(name) {
            return *group;
        }
        let group = self.groups.len();
        let name: Name = name.into();
        self.by_name.insert(name, group);
        let queues = [VecDeque::new(), VecDeque::new(), VecDeque::new()];
        self.groups.push(Group { name, links: Vec::new(), queues, last: None });
        group
    }

    /// The name of a group.
    pub(crate) fn group_name(&self, group: usize) -> Name {
        self.groups.get(group).map(|group| group.name).unwrap_or_default()
    }

    /// How many groups there are.
    pub(crate) fn groups_len(&self) -> usize {
        self.groups.len()
    }

    /// The settings that texts of a group are cut by: those of its first bind, as all lead to one SMSC.
    pub(crate) fn profile_of<'a>(&self, group: usize, config: &'a Config) -> Option<&'a LinkConfig> {
        let first = self.groups.get(group)?.links.first()?;
        config.links.get(usize::from(first.0))
    }

    /// How the SMSC of each group writes ids in its receipts.
    pub(crate) fn receipt_ids(&self, config: &Config) -> Vec<ReceiptIds> {
        let form =
            |group| self.profile_of(group, config).map(|link| link.profile.receipt_ids).unwrap_or_default();
        (0..self.groups.len()).map(form).collect()
    }

    pub(crate) fn link_mut(&mut self, link: LinkId) -> Option<&mut Link> {
        self.links.get_mut(usize::from(link.0))
    }

    /// The group of a link.
    pub(crate) fn group_of(&self, link: LinkId) -> Option<usize> {
        self.links.get(usize::from(link.0)).map(|link| link.group)
    }

    pub(crate) fn push(&mut self, group: usize, item: Item) {
        if let Some(group) = self.groups.get_mut(group) {
            group.queues[rank(item.class)].push_back(item);
        }
    }

    /// Puts a part back to where it was taken from: before all that is younger, so that parts which come back
    /// together keep their order.
    pub(crate) fn put_back(&mut self, group: usize, item: Item) {
        let Some(group) = self.groups.get_mut(group) else { return };
        let queue = &mut group.queues[rank(item.class)];
        // Only what came back before it can be older and stand there.
        let place = queue.iter().take_while(|other| **other < item).count();
        queue.insert(place, item);
    }

    pub(crate) fn delay(&mut self, group: usize, item: Item, until: Timestamp) {
        self.delayed.push(Reverse((until, group, item)));
    }

    /// Moves what may leave now to its queue.
    pub(crate) fn wake(&mut self, wall: Timestamp) {
        while let Some(Reverse((until, group, item))) = self.delayed.peek().copied() {
            if until > wall {
                break;
            }
            self.delayed.pop();
            self.push(group, item);
        }
    }

    /// When something delayed may leave.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        self.delayed.peek().map(|Reverse((until, ..))| *until)
    }

    /// The next part of a group and the link by which it leaves; takes one credit.
    pub(crate) fn pop(&mut self, group: usize, now: Duration) -> Option<(Item, LinkId)> {
        let Self { groups, links, .. } = self;
        let group = groups.get_mut(group)?;
        let queue = group.queues.iter_mut().find(|queue| !queue.is_empty())?;
        let has_room = |link: &LinkId| {
            links.get(usize::from(link.0)).is_some_and(|link| {
                link.transmits && link.credit() > 0 && link.stopped_until.is_none_or(|until| until <= now)
            })
        };
        let outbox = queue.front()?.outbox;
        let sticky =
            group.last.filter(|(last, link)| *last == outbox && has_room(link)).map(|(_, link)| link);
        let widest = || {
            let credit = |link: &&LinkId| links.get(usize::from(link.0)).map_or(0, Link::credit);
            group.links.iter().filter(|link| has_room(link)).max_by_key(credit).copied()
        };
        let link = sticky.or_else(widest)?;
        let item = queue.pop_front()?;
        group.last = Some((outbox, link));
        links.get_mut(usize::from(link.0))?.handed += 1;
        Some((item, link))
    }

    /// Takes a credit back that [`Self::pop`] took and nothing used.
    pub(crate) fn return_credit(&mut self, link: LinkId) {
        if let Some(link) = self.link_mut(link) {
            link.handed -= 1;
        }
    }

    /// The parts at the heads of the queues, for expiry while no link stands.
    pub(crate) fn fronts(&self) -> impl Iterator<Item = (usize, Item)> {
        self.groups.iter().enumerate().flat_map(|(place, group)| {
            group.queues.iter().filter_map(move |queue| queue.front().map(|item| (place, *item)))
        })
    }

    /// Drops the head of the queue in which `item` stands first.
    pub(crate) fn drop_front(&mut self, group: usize, item: Item) {
        let queue = self.groups.get_mut(group).map(|group| &mut group.queues[rank(item.class)]);
        if let Some(queue) = queue.filter(|queue| queue.front() == Some(&item)) {
            queue.pop_front();
        }
    }

    /// Parts that wait, delayed ones included.
    pub(crate) fn len(&self) -> usize {
        let queued: usize = self.groups.iter().flat_map(|group| &group.queues).map(VecDeque::len).sum();
        queued + self.delayed.len()
    }
}

#[cfg(test)]
mod tests;
