#!/usr/bin/env bash
# Train on several GPUs (or CPU processes) of one or many machines.
#   tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py ...]
# Many machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each of them.
set -euo pipefail
config=${1:?usage: dist_train.sh CONFIG PROCESSES [arguments of train.py]}
processes=${2:?usage: dist_train.sh CONFIG PROCESSES [arguments of train.py]}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Several processes on one machine would otherwise each take all cores.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" \
  --node-rank="${NODE_RANK:-0}" \
  --master-addr="${MASTER_ADDR:-127.0.0.1}" \
  --master-port="${PORT:-29500}" \
  --nproc-per-node="$processes" \
  "$here/train.py" "$config" --launcher pytorch "${@:3}"
