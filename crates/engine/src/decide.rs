//! Message → route → request → outcome: the loop around the pure deciders.

use model::request::Request;
use model::{CommandError, Key, Msisdn, Name, Outcome, Service, Snapshot, Step};

use crate::engine::Engine;
use crate::fatal::Fatal;
use crate::fault::{self, FAULT, caught};
use crate::settle::reply;
use crate::turn::Turn;

/// Rounds of reads that a decider may ask for (design: every read is named, in at most three rounds).
const ROUNDS_MAX: usize = 3;

impl Engine {
    /// Asks a service, through the turn's own writes. Its words are never an error of the turn.
    pub(crate) fn decide(&self, request: &Request, service: &Service, turn: &Turn) -> Result<Outcome, Fatal> {
        self.decide_after(Vec::new(), request, service, turn)
    }

    /// The same, where it is known already what the service will ask for first.
    pub(crate) fn decide_after(
        &self,
        first_reads: Vec<Key>,
        request: &Request,
        service: &Service,
        turn: &Turn,
    ) -> Result<Outcome, Fatal> {
        let mut snapshot = Snapshot::default();
        self.read_into(&mut snapshot, first_reads, turn)?;
        for _ in 0..=ROUNDS_MAX {
            let seed = turn.seed();
            match caught(service.id, || services::decide(request, service, &snapshot, turn.now, seed)) {
                None => return Ok(busy(request, service)),
                Some(Step::Done(outcome)) => return Ok(outcome),
                Some(Step::Need(keys)) => self.read_into(&mut snapshot, keys, turn)?,
            }
        }
        // It asked for a fourth round of reads.
        fault::note(service.id);
        Ok(busy(request, service))
    }

    fn read_into(&self, snapshot: &mut Snapshot, keys: Vec<Key>, turn: &Turn) -> Result<(), Fatal> {
        snapshot.reserve(keys.len());
        for key in keys {
            let record = turn.read(&self.ledger, &key)?;
            snapshot.insert(key, record);
        }
        Ok(())
    }
}

/// What a citizen is told where nothing could be decided: he may try again.
pub(crate) fn apology(citizen: &Msisdn, service: &Service) -> Outcome {
    let rendered = caught(service.id, || services::notice(service, "busy", &[])).flatten();
    let messages = rendered.map(|rendered| reply(citizen, rendered)).into_iter().collect();
    Outcome { messages, label: FAULT.into(), ..Outcome::default() }
}

/// What is said where a service does not come to an end.
fn busy(request: &Request, service: &Service) -> Outcome {
    let label: Name = FAULT.into();
    match request {
        Request::Message { sender, .. } => apology(sender, service),
        Request::Command(_) => {
            let reason = "the service came to no decision".to_owned();
            Outcome { answer: Some(Err(CommandError::Conflict { reason })), label, ..Outcome::default() }
        }
        _ => Outcome { label, ..Outcome::default() },
    }
}
