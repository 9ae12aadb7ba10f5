#!/usr/bin/env bash
# An SMSC and an ESME that we did not write, each under tshark: right dialogues, no malformed PDU. What cannot be
# installed here is said and skipped.
set -uo pipefail
captures=$(mktemp -d)
trap 'rm -rf "$captures"' EXIT
failed=0

run() {
    "$@"
    case $? in
        0) ;;
        77) printf 'SKIPPED: %s\n' "$*" ;;
        *) failed=1 ;;
    esac
}

interop=deploy/interop
run $interop/capture.sh 2776 "$captures/smsc.pcapng" $interop/foreign-smsc/run.sh target/release/tongdai 2776
run $interop/capture.sh 28100 "$captures/esme.pcapng" $interop/foreign-esme/run.sh target/release/tongdai 28100
exit $failed
