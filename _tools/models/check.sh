#!/usr/bin/env bash
# Checks the model of how threads wait, park.pml: it must hold as it is, and must
# not hold with any of its guards taken out, or it would prove nothing.
set -euo pipefail
cd "$(dirname "$0")"

for tool in spin cc; do
  command -v "$tool" >/dev/null && continue
  echo "Cannot check the model: install spin and a C compiler" >&2
  exit 2
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints how many errors there are in the model with some switches.
errors() {
  (
    cd "$work"
    spin -a "$@" "$model" >spin.out
    cc -w -O2 -DSAFETY -DVECTORSZ=512 -o pan pan.c
    ./pan -m2000000 >pan.out
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.out
  )
}

model=$PWD/park.pml
failed=0

holds() {
  if [ "$(errors "$@")" = 0 ]; then
    echo "holds:        park.pml $*"
  else
    echo "DOES NOT HOLD: park.pml $*"
    failed=1
  fi
}

breaks() {
  if [ "$(errors "$@")" = 0 ]; then
    echo "NOT FOUND:    park.pml $*"
    failed=1
  else
    echo "is found out: park.pml $*"
  fi
}

small=(-DEXTRA=0 -DAT_ONCE)
holds "${small[@]}"
holds "${small[@]}" -DDEATH
for guard in NO_MARK NO_PASS_ON NO_REPUBLISH NO_FAIR_CHECK COUNT_LANES; do
  breaks "${small[@]}" "-D$guard"
done
for guard in NO_DEATH_RING NO_CHANGES NO_DIED; do
  breaks "${small[@]}" -DDEATH "-D$guard"
done
exit $failed
