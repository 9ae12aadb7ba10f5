#!/usr/bin/env bash
# The README's first command, played once: every reply must be what its script expects.
set -euo pipefail
cargo run --release --locked --quiet -- demo --once
