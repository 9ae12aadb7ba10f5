#!/usr/bin/env bash
# Half-open links, loss and partitions: the daemon and an SMSC in a network namespace of their own, with rules of
# nftables between them. `cargo test` runs the same and says nothing of what it skipped.
set -euo pipefail
if ! command -v nft >/dev/null || ! command -v ip >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nftables iproute2; } \
            >/dev/null 2>&1 || true
    fi
fi
if [ "$(id -u)" != 0 ] || ! unshare --net -- sh -c 'ip link set lo up && nft add table inet probe' >/dev/null 2>&1; then
    echo "SKIPPED: root, unshare, ip and nft are needed for a network of one's own, and not all of them are here"
    exit 0
fi
cargo test --locked --package tongdai --test misbehaving_smsc -- --nocapture network::
