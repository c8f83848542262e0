#!/usr/bin/env bash
# Plants each fault of planted/*.patch in a copy of the tree and expects the simulator to find it: a rig that finds nothing
# proves nothing. Exits 0 if every fault is found. TERMWISE_NIGHTS_SEEDS sets how many worlds each is searched for in.
#
#   tests/nightly_life/planted.sh
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${HOME:-/root}/.cache/termwise/planted}"
export TERMWISE_NIGHTS_SEEDS="${TERMWISE_NIGHTS_SEEDS:-200}"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
missed=0
for patch in "$root"/tests/nightly_life/planted/*.patch; do
    rm -rf "${copy:?}/tree"
    mkdir "$copy/tree"
    git -C "$root" ls-files -z | tar -C "$root" --null -T - -cf - | tar -C "$copy/tree" -xf -
    (cd "$copy/tree" && patch -sp1 <"$patch")
    if ! (cd "$copy/tree" && cargo test -q --test nightly_life --no-run); then
        echo "$(basename "$patch"): does not compile"
        missed=1
    elif told="$(cd "$copy/tree" && cargo test -q --test nightly_life the_ledger 2>&1)"; then
        echo "$(basename "$patch"): not found in $TERMWISE_NIGHTS_SEEDS worlds"
        missed=1
    else
        echo "$(basename "$patch"): found: $(grep -m1 '^world' <<<"$told")"
    fi
done
exit "$missed"
