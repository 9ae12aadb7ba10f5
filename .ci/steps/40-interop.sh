#!/usr/bin/env bash
# Seven peers that we did not write, three as the SMSC and four as the ESME, each through the same eight steps and under
# tshark: right dialogues, no malformed PDU. What cannot be installed here is said and skipped.
set -uo pipefail
interop=deploy/interop
captures=$(mktemp -d)
trap 'rm -rf "$captures"' EXIT
failed=0
port=28100

run() {
    "$interop/capture.sh" "$port" "$captures/$1-$2.pcapng" "$interop/run.sh" "$1" "$2" target/release/tongdai "$port"
    case $? in
        0) ;;
        77) printf 'SKIPPED: %s as %s\n' "$2" "$1" ;;
        *) failed=1 ;;
    esac
    port=$((port + 10))
}

run smsc node-smpp
run smsc net-smpp
run smsc smpp-twisted
run esme kannel
run esme node-smpp
run esme net-smpp
run esme smpplib
exit $failed
