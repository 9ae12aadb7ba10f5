#!/bin/sh
# `tongdai run` against an SMSC that we did not write (npm's smpp).
#
#   run.sh PATH-OF-TONGDAI [SMPP-PORT [HTTP-PORT]]
#
# Ends with 0 (every text acknowledged and answered), 1 (not so), 77 (skipped; the reason is on standard error).
set -eu

tongdai=${1:?give the path of the tongdai binary}
smpp_port=${2:-2776}
http_port=${3:-8126}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

skip() {
    echo "SKIP foreign-smsc: $1" >&2
    exit 77
}

command -v node >/dev/null || skip "node is not installed (20 or later)"
[ "$(node -p 'process.versions.node.split(".")[0] >= 20')" = true ] || skip "node is older than 20"
if [ ! -d "$here/node_modules/smpp" ]; then
    command -v npm >/dev/null || skip "npm is not installed and node_modules is not there"
    (cd "$here" && npm ci --no-audit --no-fund >/dev/null 2>&1) || skip "npm ci failed (no network?)"
fi

work=$(mktemp -d)
daemon=
server=
clean() {
    for process in $daemon $server; do
        kill "$process" 2>/dev/null || true
    done
    wait || true
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

printf 'secret' >"$work/password"
chmod 600 "$work/password"
"$tongdai" key new "$work/key"

node "$here/server.js" --port "$smpp_port" --messages "$here/messages.json" \
    --system-id tongdai --password secret --timeout 30 &
server=$!

"$tongdai" run \
    --smsc "name=foreign,host=127.0.0.1,port=$smpp_port,bind=trx,system-id=tongdai,password-file=$work/password" \
    --data "$work/data" --key-file "$work/key" --http "127.0.0.1:$http_port" >"$work/log" 2>&1 &
daemon=$!

code=0
wait "$server" || code=$?
server=

# The daemon has to end by itself, and with 0, when it is asked to.
kill -TERM "$daemon" 2>/dev/null || true
ended=0
wait "$daemon" || ended=$?
daemon=
if [ "$code" -ne 0 ] || [ "$ended" -ne 0 ]; then
    echo "FAIL foreign-smsc: SMSC ended with $code, tongdai with $ended; its log:" >&2
    tail -n 50 "$work/log" >&2
    exit 1
fi
echo "ok foreign-smsc: npm's smpp was bound to, and every text acknowledged and answered"
