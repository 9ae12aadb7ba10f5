#!/bin/sh
# One foreign peer through the eight steps, as TAP.
#
#   run.sh smsc|esme STACK PATH-OF-TONGDAI [FIRST-PORT]
#
# Takes six ports from FIRST-PORT on; SMPP is spoken on the first. Installs what the peer needs: packages of npm and
# PyPI as pinned in pins/, below target/interop; Debian's by apt-get, as root. Ends with 0 (every step passed), 1 (one
# did not), or 77 (skipped; the reason is on standard error).
set -eu

side=${1:?give the side of the foreign peer, smsc or esme}
stack=${2:?give the stack}
tongdai=${3:?give the path of the tongdai binary}
port=${4:-28100}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=$here/../../target/interop
PATH=$PATH:/usr/sbin

skip() {
    echo "SKIP $stack as $side: $1" >&2
    exit 77
}

# install_debian COMMAND-THAT-PROVES-IT PACKAGE
install_debian() {
    if sh -c "$1" >/dev/null 2>&1; then return; fi
    command -v apt-get >/dev/null || skip "$2 is not installed and there is no apt-get"
    [ "$(id -u)" = 0 ] || skip "$2 is not installed and only root may install it (apt-get install $2)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"; } \
        >/dev/null 2>&1 || skip "apt-get install $2 failed (no network?)"
}

# A copy of the pins beside what was installed from them says that all of it is there.
install_npm() {
    NODE_PATH=$cache/node/node_modules
    export NODE_PATH
    if cmp -s "$here/pins/package-lock.json" "$cache/node/installed"; then return; fi
    command -v npm >/dev/null || skip "npm is not installed"
    mkdir -p "$cache/node"
    cp "$here/pins/package.json" "$here/pins/package-lock.json" "$cache/node"
    (cd "$cache/node" && npm ci --no-audit --no-fund >/dev/null 2>&1) || skip "npm ci failed (no network?)"
    cp "$here/pins/package-lock.json" "$cache/node/installed"
}

install_python() {
    if cmp -s "$here/pins/python.txt" "$cache/python/installed"; then return; fi
    command -v python3 >/dev/null || skip "python3 is not installed"
    rm -rf "$cache/python"
    python3 -m venv "$cache/python" >/dev/null 2>&1 || skip "python3 -m venv failed (Debian: python3-venv)"
    "$cache/python/bin/pip" install --require-hashes --no-input -r "$here/pins/python.txt" >/dev/null 2>&1 \
        || skip "pip install failed (no network?)"
    cp "$here/pins/python.txt" "$cache/python/installed"
}

command -v node >/dev/null || skip "node is not installed (20 or later)"
[ "$(node -p 'process.versions.node.split(".")[0] >= 20')" = true ] || skip "node is older than 20"

peer=$here/peers/$stack-$side
case $stack in
    node-smpp)
        install_npm
        set -- node "$peer.js"
        ;;
    net-smpp)
        install_debian 'perl -MNet::SMPP -e 1' libnet-smpp-perl
        set -- perl "$peer.pl"
        ;;
    smpplib | smpp-twisted)
        install_python
        set -- "$cache/python/bin/python" -B "$peer.py"
        ;;
    kannel)
        install_debian 'command -v bearerbox' kannel
        set -- node "$peer.js"
        ;;
    *)
        echo "there is no stack $stack" >&2
        exit 2
        ;;
esac
ls "$peer".* >/dev/null 2>&1 || { echo "there is no $peer" >&2; exit 2; }

exec node "$here/steps/$side.js" "$stack" "$tongdai" "$port" "$@"
