#!/usr/bin/env bash
# kill -9 in the middle of a load, 20 rounds: nothing acknowledged is missing, nothing is done twice.
set -euo pipefail
TONGDAI_KILL_ROUNDS=20 cargo test --locked --package tongdai --test kill
