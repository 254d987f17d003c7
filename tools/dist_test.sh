#!/usr/bin/env bash
# Evaluate on several GPUs (or CPU processes) of one or many machines.
#   tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of tools/test.py ...]
# Many machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each of them.
set -euo pipefail
config=${1:?usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of test.py]}
checkpoint=${2:?usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of test.py]}
processes=${3:?usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of test.py]}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" \
  --node-rank="${NODE_RANK:-0}" \
  --master-addr="${MASTER_ADDR:-127.0.0.1}" \
  --master-port="${PORT:-29501}" \
  --nproc-per-node="$processes" \
  "$here/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
