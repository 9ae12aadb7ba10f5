//! Message → route → request → outcome: the loop around the pure deciders.

use model::request::Request;
use model::{CommandError, Outcome, Service, Snapshot, Step};

use crate::engine::Engine;
use crate::fatal::Fatal;
use crate::settle::reply;
use crate::turn::Turn;

/// Rounds of reads that a decider may ask for (design: every read is named, in at most three rounds).
const ROUNDS_MAX: usize = 3;

impl Engine {
    /// Asks a service, through the turn's own writes. Its words are never an error of the turn.
    pub(crate) fn decide(&self, request: &Request, service: &Service, turn: &Turn) -> Result<Outcome, Fatal> {
        let mut snapshot = Snapshot::default();
        for _ in 0..=ROUNDS_MAX {
            match services::decide(request, service, &snapshot, turn.now, turn.seed()) {
                Step::Done(outcome) => return Ok(outcome),
                Step::Need(keys) => {
                    snapshot.reserve(keys.len());
                    for key in keys {
                        let record = turn.read(&self.store, &key)?;
                        snapshot.insert(key, record);
                    }
                }
            }
        }
        tracing::error!(service = %service.id, "a decider asked for a fourth round of reads");
        metrics::counter!("tongdai_faults_total", "service" => service.id.as_str().to_owned()).increment(1);
        Ok(busy(request, service))
    }
}

/// What is said where a service does not come to an end: the citizen may try again.
fn busy(request: &Request, service: &Service) -> Outcome {
    let label = "fault".to_owned();
    match request {
        Request::Message { sender, .. } => {
            let rendered = services::notice(service, "busy", &[]);
            let messages = rendered.map(|rendered| reply(sender, rendered)).into_iter().collect();
            Outcome { messages, label, ..Outcome::default() }
        }
        Request::Command(_) => {
            let reason = "the service came to no decision".to_owned();
            Outcome { answer: Some(Err(CommandError::Conflict { reason })), label, ..Outcome::default() }
        }
        _ => Outcome { label, ..Outcome::default() },
    }
}
