#!/usr/bin/env bash
# The power is cut five times under the daemon on real ext4 (where root may mount loop devices), and forty of the
# thousand single disk operations of a scripted run fail: nothing acknowledged is missing, nothing is done twice.
# The tests of real disks run once more, to say what they skip; that takes less than a minute.
set -euo pipefail
cargo test --locked -p tongdai --test disk_faults --test full_disk -- --nocapture
cargo xtask powercut --rounds 5 --control 1
cargo xtask io-errors --sample 40
