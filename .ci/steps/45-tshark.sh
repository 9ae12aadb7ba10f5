#!/usr/bin/env bash
# What we read of every vector is what tshark reads, or stands with its reason in crates/codec/tests/tshark.txt.
set -euo pipefail
if ! command -v tshark >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tshark; } \
        >/dev/null 2>&1 || true
fi
if ! command -v tshark >/dev/null; then
    echo "SKIPPED: tshark is not installed, and only root on Debian can install it here"
    exit 0
fi
TONGDAI_TSHARK=1 cargo test --locked --package tongdai-codec --test tshark -- --nocapture
