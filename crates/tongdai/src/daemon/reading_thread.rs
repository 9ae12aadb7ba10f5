//! The reading thread: what citizens wrote is decoded and understood before the engine's turn, which needs nothing but
//! the rules; and the records that their answers begin with are brought into memory, so that the engine need not wait
//! for them.

use engine::{Event, MessageReader};
use model::Key;
use smpp_client::{LinkEvent, LinkEventKind};
use store::ReadAhead;
use tokio::sync::{mpsc, watch};

use crate::daemon::bridge;
use crate::daemon::clock::Clock;

/// Batches of link events that may wait, and that are read together and given to the engine as one. Few: a link that
/// finds no room keeps what comes and hands it over as one batch. With the links' own caps this bounds what is in
/// memory.
pub(crate) const BATCHES_MAX: usize = 4;

/// What the thread owns.
pub(crate) struct ReadingThread {
    pub(crate) links: mpsc::Receiver<Vec<LinkEvent>>,
    pub(crate) engine: mpsc::Sender<Vec<Event>>,
    pub(crate) reader: MessageReader,
    pub(crate) ahead: ReadAhead,
    pub(crate) clock: Clock,
    /// How many binds stand, for the status line.
    pub(crate) bound: watch::Sender<usize>,
}

impl ReadingThread {
    /// Starts the thread. It ends once the links or the engine are gone.
    pub(crate) fn spawn(self) -> std::io::Result<()> {
        std::thread::Builder::new().name("reading".into()).spawn(move || self.run()).map(drop)
    }

    fn run(mut self) {
        let mut batches = Vec::new();
        let mut standing = Vec::new();
        while self.links.blocking_recv_many(&mut batches, BATCHES_MAX) > 0 {
            let wall = self.clock.now().wall;
            let mut events = Vec::with_capacity(batches.iter().map(Vec::len).sum());
            for event in batches.drain(..).flatten() {
                if note_standing(&event, &mut standing) {
                    self.bound.send_replace(standing.iter().filter(|stands| **stands).count());
                }
                events.extend(bridge::event(event, &self.reader, wall));
            }
            self.ahead.fetch(events.iter().flat_map(first_reads));
            if self.engine.blocking_send(events).is_err() {
                return;
            }
        }
    }
}

/// The records that the answer to a message begins with.
fn first_reads(event: &Event) -> &[Key] {
    match event {
        Event::Delivered { reading, .. } => reading.first_reads(),
        _ => &[],
    }
}

/// Notes by place which links stand; whether the event told anything of that.
fn note_standing(event: &LinkEvent, standing: &mut Vec<bool>) -> bool {
    let stands = match event.kind {
        LinkEventKind::Up { .. } => true,
        LinkEventKind::Down { .. } => false,
        _ => return false,
    };
    let place = event.link.index();
    if standing.len() <= place {
        standing.resize(place + 1, false);
    }
    standing[place] = stands;
    true
}
