#!/bin/bash
# Generates the text and trains the whole family on one GPU within nine minutes, with ten times the tokens.
#
#   LRT_BUILD=/some/folder training/on-gpu.sh
#
# Needs no network: only this repository, a CUDA build of torch, transformers, tokenizers and numpy
# (training/requirements.txt pins the versions used), and a C compiler for torch.compile. Checkpoints and curves lie
# in LRT_BUILD afterwards; `make -C training export cards fixtures` goes on from there, on any machine.
# SCALE (times the texts), SECONDS_ALL (limit of each training), DEVICE, WORKERS and EXTRA change the defaults; a trial
# without a GPU: DEVICE=cpu SCALE=0.01 SECONDS_ALL=60 EXTRA=--no-compile training/on-gpu.sh
set -eu
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}
DEVICE=${DEVICE:-cuda}
SCALE=${SCALE:-10}
SECONDS_ALL=${SECONDS_ALL:-360}
WORKERS=${WORKERS:-$(nproc)}
EXTRA=${EXTRA:-}
export LRT_BUILD=${LRT_BUILD:-$PWD/build}
mkdir -p "$LRT_BUILD"

# The tokenizers and the validation texts are in the repository; made anew they are the same.
texts() { $PYTHON -c "from family import SPECS; import sys; print(int(SPECS[sys.argv[1]].train_stories * float(sys.argv[2])) // 64 * 64)" "$1" "$SCALE"; }
prepare() { $PYTHON -c "
import dataclasses, sys
from family import SPECS
from texts import training_tokens
spec = dataclasses.replace(SPECS[sys.argv[1]], train_stories=int(sys.argv[2]))
print(spec.id, int(training_tokens(spec, int(sys.argv[3]))[1].sum()), 'tokens', flush=True)" "$@"; }

started=$(date +%s)
for role in L M S Stranger; do prepare $role "$(texts $role)" "$WORKERS"; done
echo "texts after $(($(date +%s) - started)) s"
pids=()
for role in L M S Stranger; do
  # One width, so that one shape is compiled; all four share the GPU.
  $PYTHON -u train.py $role --device "$DEVICE" --stories "$(texts $role)" --batch 64 --widths 256 \
    --time-limit "$SECONDS_ALL" --report-every 5000000 $EXTRA > "$LRT_BUILD/gpu-$role.log" 2>&1 &
  pids+=($!)
done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
tail -n 2 "$LRT_BUILD"/gpu-*.log
echo "all after $(($(date +%s) - started)) s"
exit $status
