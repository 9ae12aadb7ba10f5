#!/usr/bin/env bash
# The services files that ship are free of mistakes, and their own tests pass.
set -euo pipefail
target/release/tongdai check deploy/services deploy/services/examples
