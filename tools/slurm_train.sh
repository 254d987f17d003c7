#!/usr/bin/env bash
# Train under Slurm, one task per GPU.
#   tools/slurm_train.sh PARTITION JOB CONFIG [arguments of tools/train.py ...]
# Set GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and SRUN_ARGS as needed.
set -euo pipefail
usage='usage: slurm_train.sh PARTITION JOB CONFIG [arguments of train.py]'
partition=${1:?$usage}
job=${2:?$usage}
config=${3:?$usage}
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-8}
(( per_node > gpus )) && per_node=$gpus
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# SRUN_ARGS is split into words on purpose: it holds several options.
# shellcheck disable=SC2086
exec srun --partition="$partition" --job-name="$job" \
  --gres="gpu:$per_node" --ntasks="$gpus" --ntasks-per-node="$per_node" \
  --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
  "${PYTHON:-python}" -u "$here/train.py" "$config" --launcher slurm "${@:4}"
