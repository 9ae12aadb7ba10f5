#!/usr/bin/env bash
# The whole way, simulated with faults from 2,000 seeds: a seed that fails is printed with the command that replays it.
# Then each deliberate bug is planted and must be caught: a simulation that finds nothing proves nothing.
set -euo pipefail
cargo xtask simulate --seeds 2000
cargo xtask simulate --bugs
