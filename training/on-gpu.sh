#!/bin/bash
# Generates the text and trains the whole family on one GPU within nine minutes.
#
#   LRT_BUILD=/some/folder training/on-gpu.sh
#
# Needs no network: only this repository, a CUDA build of torch, transformers, tokenizers and numpy
# (training/requirements.txt pins the versions of the export), and a C compiler for torch.compile. LRT_BUILD then holds
# checkpoints and curves, training/weights what is kept of them; `make -C training export cards fixtures` goes on from
# there, on any machine.
# SCALE (times the texts), SECONDS_ALL (limit of each training), DEVICE, WORKERS, ROLES and EXTRA change the defaults; a
# trial without a GPU: DEVICE=cpu SCALE=0.002 SECONDS_ALL=60 EXTRA=--no-compile training/on-gpu.sh
set -eu
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}
DEVICE=${DEVICE:-cuda}
SCALE=${SCALE:-1}
SECONDS_ALL=${SECONDS_ALL:-360}
WORKERS=${WORKERS:-$(nproc)}
ROLES=${ROLES:-L M S Stranger}
EXTRA=${EXTRA:-}
export LRT_BUILD=${LRT_BUILD:-$PWD/build}
export TORCHINDUCTOR_COMPILE_THREADS=${TORCHINDUCTOR_COMPILE_THREADS:-2} OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
mkdir -p "$LRT_BUILD"

# The tokenizers and the validation texts are in the repository; made anew they are the same.
texts() { $PYTHON -c "from family import SPECS; import sys; print(int(SPECS[sys.argv[1]].train_stories * float(sys.argv[2])) // 64 * 64)" "$1" "$SCALE"; }
prepare() { $PYTHON -c "
import dataclasses, sys
from family import SPECS
from texts import training_tokens
spec = dataclasses.replace(SPECS[sys.argv[1]], train_stories=int(sys.argv[2]))
print(spec.id, int(training_tokens(spec, int(sys.argv[3]))[1].sum()), 'tokens', flush=True)" "$@"; }
# A step that cannot be compiled is trained uncompiled, from the last checkpoint if there is one.
train() { $PYTHON -u train.py "$@" $EXTRA || $PYTHON -u train.py "$@" --resume --no-compile; }

started=$(date +%s)
for role in $ROLES; do prepare $role "$(texts $role)" "$WORKERS"; done
echo "texts after $(($(date +%s) - started)) s"
pids=()
for role in $ROLES; do
  # One width, so that one shape is compiled; all share the GPU.
  train $role --device "$DEVICE" --stories "$(texts $role)" --widths 216 \
    --time-limit "$SECONDS_ALL" --report-every 5000000 > "$LRT_BUILD/gpu-$role.log" 2>&1 &
  pids+=($!)
done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
tail -n 3 "$LRT_BUILD"/gpu-*.log
$PYTHON weights.py $ROLES || status=1
echo "all after $(($(date +%s) - started)) s"
exit $status
