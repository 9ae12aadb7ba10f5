//! The repository itself keeps its arrows, its table of faults and is tidy, so that `cargo test` says it before CI does.

use std::process::Command;

fn run(task: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg(task).output().expect("xtask starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "cargo xtask {task}:\n{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_arrows_are_those_of_the_architecture_page() {
    run("arrows");
}

#[test]
fn every_fault_has_one_row_and_its_tests_are_there() {
    run("faults");
}

#[test]
fn the_sources_are_tidy() {
    run("tidy");
}
