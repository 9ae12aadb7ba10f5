//! The auditor: the power fails at any change of the disk, the SMSC hands over again what it saw no acknowledgement
//! for, and in the end every citizen has an answer, one booking and one account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use harness::citizens::told_password;
use harness::{World, splitmix64};
use jiff::{SignedDuration, Timestamp};
use model::{Address, ServiceId};
use routing::Rules;

/// Citizens of each kind in one run.
const CITIZENS: u64 = 6;
/// Runs, each with other moments at which the power fails.
const RUNS: u64 = 60;

/// Rounds of redeliveries after a step: one power cut is armed for each, and little is under way.
const ROUNDS_MAX: u32 = 20;

/// A small generator: the same run fails at the same moments each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        splitmix64(&mut self.0) % bound
    }
}

fn phone(kind: u64, citizen: u64) -> String {
    match kind {
        0 => format!("4206020000{citizen:02}"),
        1 => format!("8490500000{citizen}"),
        _ => format!("8490511111{citizen}"),
    }
}

fn text(kind: u64, citizen: u64) -> (String, &'static str, &'static str) {
    match kind {
        0 => (format!("OBJ ZOP 10.8. {}:00 NOVAK", 8 + citizen), "420739547765", "cz"),
        1 => (format!("TK,Nguyen Van An,20149990{citizen},20/12/1990"), "8188", "a"),
        _ => ("XNC HD".to_owned(), "8383", "b"),
    }
}

/// Runs a step; where the power failed in it, everything begins again.
fn survive(world: &mut World, step: impl FnOnce(&mut World) -> anyhow::Result<()>) -> u64 {
    if step(world).is_ok() {
        return 0;
    }
    world.restart().expect("a start survives any power cut");
    1
}

fn run(seed: u64, rules: Arc<Rules>) -> anyhow::Result<u64> {
    let mut dice = Dice(seed);
    let wall: Timestamp = "2026-08-03T07:00:00Z".parse()?;
    let mut world = World::start(rules, wall)?;
    let mut cuts = 0;
    for citizen in 0..CITIZENS {
        world.fail_power_after(dice.below(24));
        for kind in 0..3 {
            let (text, to, link) = text(kind, citizen);
            let from = Address::new(1, 1, phone(kind, citizen));
            let to = Address::new(if kind == 0 { 1 } else { 0 }, 1, to);
            cuts += survive(&mut world, |world| world.text(link, from, to, &text));
        }
        cuts += survive(&mut world, |world| {
            let later = world.wall().checked_add(SignedDuration::from_secs(i64::try_from(dice.below(3))?))?;
            world.advance_to(later)
        });
        let mut rounds = 0;
        while world.redeliver_all().map_or(true, |count| count > 0) {
            rounds += 1;
            assert!(rounds <= ROUNDS_MAX, "run {seed}: what was handed over again is never acknowledged");
            cuts += survive(&mut world, World::settle);
        }
    }
    // The last armed power cut must not hit the audit.
    world.restart()?;
    let end = world.wall().checked_add(SignedDuration::from_mins(5))?;
    world.advance_to(end)?;
    audit(seed, &world)?;
    Ok(cuts)
}

fn audit(seed: u64, world: &World) -> anyhow::Result<()> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (to, received) in world.handsets.unread() {
        texts.entry(to.to_owned()).or_default().push(received.text.clone());
    }
    for citizen in 0..CITIZENS {
        for kind in 0..3 {
            let texts = texts.get(&phone(kind, citizen)).map_or(&[][..], Vec::as_slice);
            assert!(!texts.is_empty(), "run {seed}: citizen {citizen} of kind {kind} has no answer");
            assert!(texts.len() <= 4, "run {seed}: {} answers", texts.len());
            let different: BTreeSet<&String> = texts.iter().collect();
            assert_eq!(different.len(), 1, "run {seed}: two answers to one act: {different:?}");
        }
        let id_number = format!("20149990{citizen}");
        let account = world.account(ServiceId::new("danang"), &id_number)?;
        let account = account.unwrap_or_else(|| panic!("run {seed}: citizen {citizen} has no account"));
        let told = &texts[&phone(1, citizen)][0];
        let fits = told_password(told).is_some_and(|password| World::matches(&account, password));
        assert!(fits, "run {seed}: the password that was told does not work");
    }
    Ok(())
}

#[test]
fn nothing_is_lost_and_nothing_runs_twice() {
    let rules = Arc::new(Rules::builtin());
    let cuts: u64 = (0..RUNS).map(|seed| run(seed, Arc::clone(&rules)).unwrap()).sum();
    assert!(cuts >= RUNS, "the power failed {cuts} times only: the test tests nothing");
}
