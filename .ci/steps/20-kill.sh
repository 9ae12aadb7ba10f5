#!/usr/bin/env bash
# kill -9 in the middle of a load, against the binary as it is served from; then at every point of a message's path
# and at random moments, 30 rounds, against one with its points armed: nothing acknowledged is missing, nothing is
# done twice, nobody gets another's words.
set -euo pipefail
TONGDAI_KILL_ROUNDS=5 cargo test --locked --package tongdai --test kill
cargo xtask crash --fresh --rounds 30
