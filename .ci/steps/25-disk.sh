#!/usr/bin/env bash
# The power is cut five times under the daemon on real ext4 (where root may mount loop devices), and forty of the
# thousand single disk operations of a scripted run fail: nothing acknowledged is missing, nothing is done twice.
set -euo pipefail
if ! command -v cc >/dev/null; then
    echo "SKIPPED: there is no C compiler for the library that fails calls"
    exit 0
fi
cargo xtask powercut --rounds 5 --control 1
cargo xtask io-errors --sample 40
