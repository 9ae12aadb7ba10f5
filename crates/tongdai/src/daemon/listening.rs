//! What links tell, on its way to the engine. What citizens wrote is decoded and understood here, in the tasks of the
//! links: that needs nothing but the rules, and the engine's turn finds it done.

use std::collections::BTreeSet;

use engine::{Event, MessageReader};
use smpp_client::{LinkEvent, LinkEventKind, LinkId, Listener};
use tokio::sync::{mpsc, watch};

use crate::daemon::bridge;
use crate::daemon::clock::Clock;

/// The links that stand.
pub(crate) type Standing = BTreeSet<LinkId>;

/// Listens to all links: their events go to the engine, its messages read, and who stands to the status line.
pub(crate) fn listener(
    engine: mpsc::Sender<Vec<Event>>,
    reader: MessageReader,
    clock: Clock,
) -> (Listener<Event>, watch::Receiver<Standing>) {
    let (standing, stand) = watch::channel(Standing::new());
    let translate = move |events: &mut Vec<LinkEvent>| {
        let wall = clock.now().wall;
        let mut read = Vec::with_capacity(events.len());
        for event in events.drain(..) {
            note_standing(&event, &standing);
            read.extend(bridge::event(event, &reader, wall));
        }
        read
    };
    (Listener::new(engine, translate), stand)
}

/// Notes whether the link of an event stands, where it tells anything of that.
fn note_standing(event: &LinkEvent, standing: &watch::Sender<Standing>) {
    match event.kind {
        LinkEventKind::Up { .. } => standing.send_if_modified(|standing| standing.insert(event.link)),
        LinkEventKind::Down { .. } => standing.send_if_modified(|standing| standing.remove(&event.link)),
        _ => false,
    };
}
