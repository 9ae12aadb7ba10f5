#!/usr/bin/env bash
# Instructions and allocations of one message are what benches/counts.txt says, give or take a tenth.
set -euo pipefail
if ! command -v valgrind >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends valgrind; } \
        >/dev/null 2>&1 || true
fi
if ! command -v valgrind >/dev/null || [ "$(uname -m)" != x86_64 ]; then
    echo "SKIPPED: valgrind on x86-64 is needed, and only root on Debian can install it here"
    exit 0
fi
cargo xtask counts
