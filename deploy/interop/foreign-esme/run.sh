#!/bin/sh
# `tongdai sim` with an ESME that we did not write (Debian's kannel).
#
#   run.sh PATH-OF-TONGDAI [FIRST-PORT]
#
# Takes six ports from FIRST-PORT on. Ends with 0, 1, or 77 (skipped; the reason is on standard error).
set -eu

tongdai=${1:?give the path of the tongdai binary}
first_port=${2:-28100}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

skip() {
    echo "SKIP foreign-esme: $1" >&2
    exit 77
}

command -v node >/dev/null || skip "node is not installed (20 or later)"
PATH=$PATH:/usr/sbin
if ! command -v bearerbox >/dev/null; then
    command -v apt-get >/dev/null || skip "kannel is not installed and there is no apt-get"
    [ "$(id -u)" = 0 ] || skip "kannel is not installed and only root may install it (apt-get install kannel)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends kannel; } \
        >/dev/null 2>&1 || skip "apt-get install kannel failed (no network?)"
fi

exec node "$here/drive.js" "$tongdai" "$first_port"
