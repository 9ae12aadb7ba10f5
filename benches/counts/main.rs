//! Does one thing for many messages under callgrind, which counts the instructions; `cargo xtask counts` runs it.
//!
//! It prints how many messages there were, and how often memory was asked for.

#![allow(clippy::print_stdout, reason = "it says what callgrind can't")]

mod allocations;

use std::hint::black_box;
use std::mem::take;

use anyhow::{Result, bail};
use benches::line::Line;
use benches::{messages, packs};
use bytes::BytesMut;
use codec::Body;

/// Dossiers in the store of a line: few, for under callgrind each takes its time to be put there.
const DOSSIERS: u32 = 1_000;
/// Messages that a line is warm after.
const WARM: u32 = 4_096;
/// Messages that are counted on a line.
const MESSAGES: u32 = 2_048;

/// What was done.
struct Done {
    messages: usize,
    allocations: u64,
}

fn main() -> Result<()> {
    let case = std::env::args().nth(1).unwrap_or_default();
    let Done { messages, allocations } = match case.as_str() {
        "deliver_sm-gsm7" => decode(&messages::gsm7()),
        "deliver_sm-ucs2" => decode(&messages::ucs2()),
        "deliver_sm-part" => decode(&messages::part()),
        "submit_sm_resp" => decode(&messages::submit_sm_resp()),
        "submit_sm" => encode(&messages::submit_sm()),
        "deliver_sm_resp" => encode(&messages::deliver_sm_resp()),
        "routing-10-rules" => interpret(10),
        // A hundred thousand cost the same, but take minutes to load under callgrind.
        "routing-10000-rules" => interpret(10_000),
        "reading" => reading(),
        "turn-64" => turns(64),
        "turn-256" => turns(256),
        unknown => bail!("there is no case {unknown:?}"),
    };
    println!("{messages} {allocations}");
    Ok(())
}

/// What is counted, each time it is called: callgrind knows this function by its name.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}

fn count(messages: usize, mut work: impl FnMut()) -> Done {
    let before = allocations::asked();
    counted(&mut work);
    Done { messages, allocations: allocations::asked() - before }
}

fn decode(body: &Body) -> Done {
    let pdus = messages::pdus(body);
    let mut octets = BytesMut::new();
    messages::write_all(&pdus, &mut octets);
    count(pdus.len(), || {
        black_box(messages::read_all(&mut octets));
    })
}

fn encode(body: &Body) -> Done {
    let pdus = messages::pdus(body);
    let mut octets = BytesMut::with_capacity(1 << 20);
    count(pdus.len(), || messages::write_all(black_box(&pdus), &mut octets))
}

fn interpret(rules: u32) -> Done {
    let (rules, corpus) = (packs::rules(rules), packs::corpus());
    count(corpus.len(), || {
        for message in &corpus {
            black_box(rules.interpret(&message.to, &message.text, message.now));
        }
    })
}

fn reading() -> Done {
    let mut line = Line::start(DOSSIERS);
    let warm = line.messages(WARM);
    black_box(line.read(warm));
    let mut messages = line.messages(MESSAGES);
    count(MESSAGES as usize, || {
        black_box(line.read(take(&mut messages)));
    })
}

fn turns(look_ups: u32) -> Done {
    let mut line = Line::start(DOSSIERS);
    for _ in 0..WARM / look_ups {
        let events = line.events(look_ups);
        line.turn(events);
    }
    let mut allocations = 0;
    for _ in 0..MESSAGES / look_ups {
        // To make what a turn is given is no part of it.
        let mut events = line.events(look_ups);
        allocations += count(look_ups as usize, || line.turn(take(&mut events))).allocations;
    }
    Done { messages: MESSAGES as usize, allocations }
}
