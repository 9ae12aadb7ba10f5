//! What a test sees and sets at the far ends of a [`World`], beyond the words of a script: moods of SMSCs, the ids
//! they give, the very submits they saw, and what is open in the store.

use std::sync::Arc;

use anyhow::{Context, Result};
use codec::{CommandStatus, Sm};
use jiff::SignedDuration;
use store::{Options, Store};
use vault::MasterKey;

use crate::link::Link;
use crate::smsc::{Mood, Smsc};
use crate::world::World;

impl World {
    fn smsc(&mut self, group: &str) -> Result<&mut Smsc> {
        self.smscs.get_mut(group).with_context(|| format!("no SMSC `{group}`"))
    }

    /// The SMSC of a group answers its next submits with these statuses and takes none of them.
    pub fn refuse_next(
        &mut self,
        group: &str,
        statuses: impl IntoIterator<Item = CommandStatus>,
    ) -> Result<()> {
        self.smsc(group)?.statuses.extend(statuses);
        Ok(())
    }

    /// The SMSC of a group takes submits and says nothing, or answers again.
    pub fn set_silent(&mut self, group: &str, silent: bool) -> Result<()> {
        self.smsc(group)?.mood = if silent { Mood::Silent } else { Mood::Accept };
        Ok(())
    }

    /// The SMSC of a group takes submits and keeps its responses until [`World::release_responses`].
    pub fn hold_responses(&mut self, group: &str) -> Result<()> {
        self.smsc(group)?.mood = Mood::Hold;
        Ok(())
    }

    /// The SMSC of a group sends the responses that it kept, and keeps no more.
    pub fn release_responses(&mut self, group: &str) -> Result<()> {
        self.smsc(group)?.mood = Mood::Accept;
        self.links.iter_mut().filter(|link| link.group == group).for_each(Link::release);
        self.settle()
    }

    /// The ids that the SMSC of a group gives in its next responses.
    pub fn name_next(&mut self, group: &str, ids: &[&str]) -> Result<()> {
        self.smsc(group)?.ids.extend(ids.iter().map(|id| (*id).to_owned()));
        Ok(())
    }

    /// Every submit that reached the SMSC of a group, taken or refused, oldest first.
    pub fn submits(&self, group: &str) -> &[Sm] {
        self.smscs.get(group).map_or(&[], |smsc| &smsc.seen)
    }

    /// What the engine answered all deliveries of a link with, oldest first.
    pub fn responses(&self, link: &str) -> &[CommandStatus] {
        self.links.iter().find(|it| it.name == link).map_or(&[], |link| &link.responses)
    }

    /// The next deliver_sm_resp of a link never arrives: the link dies in that moment.
    pub fn cut_at_response(&mut self, link: &str) -> Result<()> {
        self.link(link)?.cut_at_response = true;
        Ok(())
    }

    /// Hands over by a link what its SMSC saw no acknowledgement for; how many messages these were.
    pub fn redeliver_over(&mut self, name: &str) -> Result<usize> {
        let group = self.link(name)?.group.clone();
        let links = self.links.iter_mut().filter(|link| link.group == group);
        let again: Vec<Sm> = links.flat_map(|link| std::mem::take(&mut link.unacknowledged)).collect();
        let count = again.len();
        for sm in again {
            self.deliver(name, sm)?;
        }
        self.settle()?;
        Ok(count)
    }

    /// Window and rate of a link from its next bind on.
    pub fn set_pace(&mut self, name: &str, window: u32, rate: Option<u32>) -> Result<()> {
        let link = self.link(name)?;
        (link.window, link.rate) = (window, rate);
        Ok(())
    }

    /// Lets the clock run for a span.
    pub fn run_for(&mut self, span: SignedDuration) -> Result<()> {
        let end = self.wall().checked_add(span)?;
        self.advance_to(end)
    }

    /// How many entries a start would find open: messages on their way, half-joined ones, uncertain fingerprints.
    pub fn open_entries(&self) -> Result<usize> {
        let (disk, mut records) = (self.disk.fork(), self.records.fork());
        let key = MasterKey::from_octets(&crate::world::KEY);
        let (store, _) = Store::open_with(Arc::new(disk), &mut records, &key, Options::default())?;
        Ok(store.open_entries().count())
    }
}
