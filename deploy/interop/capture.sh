#!/bin/sh
# Captures SMPP on the loopback interface while a command runs, and fails on any malformed PDU.
#
#   capture.sh PORTS FILE.pcapng COMMAND [ARGUMENT…]
#
# PORTS is one port or several with commas between. Ends with the command's own code where that is not 0, with 1
# where a PDU is malformed or none was seen, with 77 where it cannot capture (the reason is on standard error; the
# command does not run then).
set -eu

ports=${1:?give the SMPP port, or several as 2775,2776}
file=${2:?give the file for the capture}
shift 2
[ $# -gt 0 ] || { echo "give the command to run" >&2; exit 2; }

skip() {
    echo "SKIP capture: $1" >&2
    exit 77
}

if ! command -v tshark >/dev/null; then
    command -v apt-get >/dev/null || skip "tshark is not installed and there is no apt-get"
    [ "$(id -u)" = 0 ] || skip "tshark is not installed and only root may install it (apt-get install tshark)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tshark; } \
        >/dev/null 2>&1 || skip "apt-get install tshark failed (no network?)"
fi

filter=
decode=
for port in $(echo "$ports" | tr ',' ' '); do
    filter="${filter:+$filter or }tcp port $port"
    decode="$decode -d tcp.port==$port,smpp"
done

work=$(mktemp -d)
tshark=
clean() {
    [ -z "$tshark" ] || kill -INT "$tshark" 2>/dev/null || true
    wait || true
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

rm -f "$file"
tshark -q -i lo -f "$filter" -w "$file" 2>"$work/log" &
tshark=$!
# It captures once it says so; until then nothing may be sent.
tries=100
until grep -qs '^Capturing on' "$work/log"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ] || ! kill -0 "$tshark" 2>/dev/null; then
        skip "tshark cannot capture on lo: $(tail -n 1 "$work/log")"
    fi
    sleep 0.1
done
sleep 0.5

code=0
"$@" || code=$?

# The last packets have to reach the file.
sleep 1
kill -INT "$tshark" 2>/dev/null || true
wait "$tshark" || true
tshark=

# shellcheck disable=SC2086 # $decode is a list of options
count() {
    tshark -r "$file" $decode -Y "$1" -T fields -e frame.number 2>/dev/null | wc -l
}
pdus=$(count smpp)
malformed=$(count '_ws.malformed')
echo "capture: $pdus frames with SMPP, $malformed malformed, in $file"
if [ "$malformed" -gt 0 ]; then
    # shellcheck disable=SC2086
    tshark -r "$file" $decode -Y '_ws.malformed' >&2
    exit 1
fi
[ "$code" -eq 0 ] || exit "$code"
[ "$pdus" -gt 0 ] || { echo "capture: no SMPP was seen" >&2; exit 1; }
