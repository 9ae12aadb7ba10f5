#!/usr/bin/env bash
# The whole way, simulated with faults from 2,000 seeds: a seed that fails is printed with the command that replays it.
set -euo pipefail
cargo xtask simulate --seeds 2000
