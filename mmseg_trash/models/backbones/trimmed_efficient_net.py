"""EfficientNet without its classifier's last convolution."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptMultiConfig
from torch import Tensor

_INIT = [
    dict(type='Kaiming', layer='Conv2d'),
    dict(type='Constant', layer='_BatchNorm', val=1),
]


@MODELS.register_module()
class TrimmedEfficientNet(BaseModule):
    """EfficientNet (Tan & Le 2019, arXiv:1905.11946), its layers up to the last map.

    The layers are those of mmpretrain's ``EfficientNet``, under their names, so that
    its published weights load with ``prefix='backbone.'``; they pad as TensorFlow did
    when the weights were made, at any size. What differs: layers behind the last map,
    such as the convolution to 1280 channels that only the classifier reads, are not
    built into the network. Parameters without a gradient would stop distributed
    training.

    Args:
        arch: ``b0`` to ``b8``, ``l2``, ``es``, ``em`` or ``el``.
        out_indices: Layers to return, from 0 (stem, stride 2) to 5. Of ``b*``, 1 has
            stride 2, 2 to 5 have 4 to 32.
        drop_path_rate: Share of residual branches that the last block drops; grows
            linearly from 0.
        norm_eval: Keep the statistics of the norms.
        init_cfg: mmengine's.

    Raises:
        ValueError: A layer that does not exist.
    """

    def __init__(
        self,
        arch: str = 'b0',
        out_indices: Sequence[int] = (2, 3, 4, 5),
        drop_path_rate: float = 0.2,
        norm_eval: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(_INIT if init_cfg is None else init_cfg)
        if not out_indices or not set(out_indices) <= set(range(6)):
            raise ValueError(f'out_indices must be from 0 to 5, got {out_indices}')
        whole = MODELS.build(
            dict(
                type='mmpretrain.EfficientNet',
                arch=arch,
                drop_path_rate=drop_path_rate,
                init_cfg=None,
            )
        )
        self.out_indices = tuple(out_indices)
        self.norm_eval = norm_eval
        self.layers = whole.layers[: max(out_indices) + 1]

    def train(self, mode: bool = True) -> 'TrimmedEfficientNet':
        """Switch the mode; the norms stay as they are under ``norm_eval``."""
        super().train(mode)
        if mode and self.norm_eval:
            for module in self.modules():
                if 'BatchNorm' in type(module).__name__:
                    module.eval()
        return self

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps.

        Args:
            x: Images, (B, 3, H, W), of any size.

        Returns:
            A map per entry of ``out_indices``, sizes rounded up.
        """
        outs = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)
