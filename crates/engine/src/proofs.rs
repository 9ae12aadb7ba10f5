//! What each SMSC has read of ours, and what came from it since. What we write may go nowhere: a half-open link takes
//! half a minute to notice, and meanwhile the SMSC hands its messages over again by a sister bind. That it answers a
//! request proves that it has read what had left by that link before. That copy may be on its way all the same, if it
//! was handed over before: only once the sister has answered a request that left since does nothing come over it that
//! is older.

use std::collections::VecDeque;
use std::time::Duration;

use failpoints::{Bug, planted};

use crate::config::{Config, LinkConfig};
use crate::event::LinkId;

/// From an act to the question behind it, where nothing else has proved its acknowledgement; one a second at most.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// From a question without an answer to the next: the answer may be lost, and a peer may refuse enquire_link itself.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// For so long it is remembered when something was proved.
pub(crate) const PROOF_AGE: Duration = Duration::from_secs(60);
/// Of the answers within this time one is remembered, which bounds those of a link: 241.
const STEP: Duration = Duration::from_millis(250);

/// The SMSC has answered a request.
#[derive(Debug, Clone, Copy)]
struct Proof {
    /// When the request left, on the monotonic clock: what had left before has been read.
    left: Duration,
    /// When we heard of it.
    heard: Duration,
}

/// Something is to be proved.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// By a request that leaves at this moment at the earliest.
    from: Duration,
    /// When to ask.
    due: Duration,
}

/// What is known of one link.
#[derive(Debug, Default)]
struct LinkProofs {
    /// Its group, where that has another link over which messages come.
    group: Option<usize>,
    stands: bool,
    /// When the first and the last act were acknowledged of which the sisters don't know that they were read.
    acts: Option<(Duration, Duration)>,
    wanted: Option<Wanted>,
    /// When the enquire_link left that has no answer yet.
    asked: Option<Duration>,
    /// The oldest first.
    proofs: VecDeque<Proof>,
}

impl LinkProofs {
    fn want(&mut self, from: Duration, now: Duration) {
        if self.stands && self.group.is_some() {
            let wanted = self.wanted.get_or_insert(Wanted { from, due: now + ASK_AFTER });
            wanted.from = from.max(wanted.from);
        }
    }

    /// When to ask next; one question at a time.
    fn deadline(&self) -> Option<Duration> {
        self.asked.map(|asked| asked + ASK_AGAIN).or_else(|| self.wanted.map(|wanted| wanted.due))
    }

    /// Notes an answer to what left at that moment; whether it says more than those before.
    fn note(&mut self, left: Duration, now: Duration) -> bool {
        if self.proofs.back().is_some_and(|last| left < last.left + STEP) {
            return false;
        }
        while self.proofs.front().is_some_and(|first| first.left + PROOF_AGE < now) {
            self.proofs.pop_front();
        }
        self.proofs.push_back(Proof { left, heard: now });
        self.wanted.take_if(|wanted| wanted.from <= left);
        true
    }

    /// When we heard that what had left at that moment was read.
    fn heard(&self, left: Duration) -> Option<Duration> {
        let first = self.proofs.partition_point(|proof| proof.left < left);
        self.proofs.get(first).map(|proof| proof.heard)
    }

    fn last(&self) -> Option<Duration> {
        self.proofs.back().map(|proof| proof.left)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    links: Vec<LinkProofs>,
}

impl Proofs {
    pub(crate) fn new(config: &Config) -> Self {
        let receives = |group| config.links.iter().filter(move |it| it.receives && it.group == group).count();
        let group = |link: &LinkConfig| {
            let place = config.links.iter().position(|first| first.group == link.group);
            place.filter(|_| link.receives && receives(link.group) > 1)
        };
        let links =
            config.links.iter().map(|link| LinkProofs { group: group(link), ..LinkProofs::default() });
        Self { links: links.collect() }
    }

    fn link_mut(&mut self, link: LinkId) -> Option<&mut LinkProofs> {
        self.links.get_mut(usize::from(link.0))
    }

    pub(crate) fn link_up(&mut self, link: LinkId) {
        if let Some(link) = self.link_mut(link) {
            link.stands = true;
        }
    }

    /// Nothing more can be proved: what was acknowledged over it is uncertain.
    pub(crate) fn link_down(&mut self, link: LinkId) {
        if let Some(link) = self.link_mut(link) {
            (link.stands, link.acts, link.wanted, link.asked) = (false, None, None, None);
        }
    }

    /// An act was acknowledged.
    pub(crate) fn act(&mut self, link: LinkId, now: Duration) {
        let Some(link) = self.link_mut(link) else { return };
        let first = link.acts.map_or(now, |(first, _)| first);
        link.acts = Some((first, now));
        link.want(now, now);
    }

    /// The SMSC has answered a request that left on this link at that time.
    pub(crate) fn answered(&mut self, link: LinkId, left: Duration, now: Duration) {
        let Some(it) = self.link_mut(link) else { return };
        if !it.note(left, now) {
            return;
        }
        let Some((_, last)) = it.acts.filter(|(first, _)| *first <= left) else { return };
        it.acts = (last > left).then(|| (just_after(left), last));
        let Some(group) = it.group else { return };
        let others = (0..).zip(&mut self.links).filter(|(place, _)| LinkId(*place) != link);
        others
            .filter(|(_, other)| other.group == Some(group))
            .for_each(|(_, sister)| sister.want(just_after(now), now));
    }

    /// The answer to an enquire_link came, the last one or one before it.
    pub(crate) fn enquired(&mut self, link: LinkId, ticket: u64, now: Duration) {
        let left = Duration::from_nanos(ticket);
        if let Some(link) = self.link_mut(link) {
            link.asked.take_if(|asked| *asked == left);
        }
        self.answered(link, left, now);
    }

    /// The links on which an enquire_link is to leave now, and its ticket: the moment in nanoseconds.
    pub(crate) fn ask(&mut self, now: Duration) -> impl Iterator<Item = (LinkId, u64)> {
        let ticket = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let due = move |link: &LinkProofs| link.deadline().is_some_and(|deadline| deadline <= now);
        (0..).zip(&mut self.links).filter(move |(_, link)| due(link)).map(move |(place, link)| {
            link.asked = Some(now);
            if let Some(wanted) = &mut link.wanted {
                wanted.due = now + ASK_AFTER;
            }
            (LinkId(place), ticket)
        })
    }

    /// When [`Self::ask`] has something to say.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.links.iter().filter_map(LinkProofs::deadline).min()
    }

    /// What left on this link until then has been read.
    pub(crate) fn read_until(&self, link: LinkId) -> Option<Duration> {
        self.links.get(usize::from(link.0))?.last()
    }

    /// Whether what comes over `link` now was written after the SMSC had read what left on `first` at that time.
    pub(crate) fn comes_after(&self, link: LinkId, first: LinkId, left: Duration) -> bool {
        let first = self.links.get(usize::from(first.0));
        let Some(heard) = first.and_then(|first| first.heard(left)) else { return false };
        planted(Bug::SisterCopyForgotten) || self.read_until(link).is_some_and(|last| last > heard)
    }
}

fn just_after(moment: Duration) -> Duration {
    moment + Duration::from_nanos(1)
}

#[cfg(test)]
mod tests;
