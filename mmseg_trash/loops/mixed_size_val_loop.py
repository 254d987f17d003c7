"""MixedSizeValLoop: ValLoop for photographs of any sizes."""

from typing import Any

import torch
from mmengine.runner import ValLoop, autocast
from mmseg.registry import LOOPS

from ..by_size import step_by_size


@LOOPS.register_module()
class MixedSizeValLoop(ValLoop):
    """mmengine's loop; of a batch, the images of each size go through together.

    Predictions are those of the images alone, and a batch stays what the loader made,
    which ``mIoU_batch`` averages over.
    """

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Predict and count a batch, see :func:`mmseg_trash.by_size.step_by_size`.

        Args:
            idx: Number of the batch.
            data_batch: The batch.
        """
        call = self.runner.call_hook
        call('before_val_iter', batch_idx=idx, data_batch=data_batch)
        with autocast(enabled=self.fp16):
            outputs = step_by_size(self.runner.model.val_step, data_batch)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        call('after_val_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs)
