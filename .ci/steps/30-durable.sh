#!/usr/bin/env bash
# What a simulated disk can't show: that the real one is asked to make a turn durable before the next one is written,
# and sled's log behind a checkpoint.
set -euo pipefail
tongdai=${1:-target/release/tongdai}
if ! command -v strace >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends strace; } \
        >/dev/null 2>&1 || true
fi
if ! command -v strace >/dev/null; then
    echo "SKIPPED: strace is not installed, and only root on Debian can install it here"
    exit 0
fi
trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
strace -f -y -o "$trace" -e trace=pwrite64,fdatasync,fsync "$tongdai" demo --once >/dev/null
awk '
    function file(line) { match(line, /<[^>]*>/); return substr(line, RSTART + 1, RLENGTH - 2) }
    / pwrite64\([0-9]+<[^>]*\/journal-[0-9a-f]+>/ {
        if (written[file($0)]) early++
        written[file($0)] = 1
        turns++
    }
    / fdatasync\([0-9]+<[^>]*\/journal-[0-9a-f]+>/ { written[file($0)] = 0 }
    / fsync\([0-9]+<[^>]*\/records\/db>/ { checkpoints++ }
    END {
        for (name in written) early += written[name]
        printf "%d turns, %d of them not synced before the next; sled synced %d times\n", turns, early, checkpoints
        exit !(turns > 5 && early == 0 && checkpoints >= 2)
    }
' "$trace"
