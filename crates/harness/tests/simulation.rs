//! Some seeds of the simulation on every test run; `cargo xtask simulate` runs thousands. docs/SIMULATION.md.

use std::sync::Arc;

use harness::simulation::run;
use routing::Rules;

/// Seeds beside the regressions: enough to see that the simulation runs, few enough for a debug build.
const SEEDS: u64 = 50;

/// Runs seeds on all cores and asks that each be good.
fn all_are_good(seeds: Vec<u64>) {
    let rules = Arc::new(Rules::builtin());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let chunk = seeds.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        for seeds in seeds.chunks(chunk) {
            let rules = &rules;
            scope.spawn(move || {
                for seed in seeds {
                    let findings = run(*seed, rules, false).findings;
                    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
                    assert!(found.is_empty(), "seed {seed}: {}", found.join("; "));
                }
            });
        }
    });
}

#[test]
fn seeds_that_failed_once_pass() {
    let file = include_str!("../regressions/seeds.txt");
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let seed = |line: &str| line.split_whitespace().next().and_then(|seed| seed.parse().ok());
    let seeds: Vec<u64> =
        lines.map(|line| seed(line).unwrap_or_else(|| panic!("no seed at the begin of `{line}`"))).collect();
    assert!(!seeds.is_empty());
    all_are_good(seeds);
}

#[test]
fn fifty_seeds_pass() {
    all_are_good((0..SEEDS).collect());
}

#[test]
fn one_seed_is_one_run() {
    let rules = Arc::new(Rules::builtin());
    // In the long ones timers of one moment run days later.
    for seed in (0..20).chain([148, 182]) {
        let (first, second) = (run(seed, &rules, true), run(seed, &rules, true));
        let differs = first.trace.iter().zip(&second.trace).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.hash, second.hash, "seed {seed}");
    }
    assert_ne!(run(0, &rules, false).hash, run(1, &rules, false).hash);
}
