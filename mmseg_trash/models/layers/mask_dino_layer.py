"""The layers of MaskDINO's decoder, which refine queries and their boxes."""

from collections.abc import Callable, Sequence
from typing import cast

from torch import Tensor, nn

from .boxes import inverse_sigmoid
from .mlp import MLP
from .ms_deform_attn import MSDeformAttn
from .sine_positions import box_positions

Shapes = Sequence[tuple[int, int]]


class DecoderLayer(nn.Module):
    """Self-attention, deformable cross-attention, feed-forward network.

    Deformable DETR (Zhu et al. 2021, arXiv:2010.04159, section 4.1), norms after each
    part. The names of the parameters are the authors'.

    Args:
        channels: Width.
        levels: Number of maps.
        heads: Heads of both attentions.
        ffn: Hidden width of the feed-forward network.
    """

    def __init__(self, channels: int, levels: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.cross_attn = MSDeformAttn(channels, levels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.self_attn = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(channels)
        self.linear1 = nn.Linear(channels, ffn)
        self.linear2 = nn.Linear(ffn, channels)
        self.norm3 = nn.LayerNorm(channels)
        self.levels = levels
        nn.init.xavier_uniform_(self.self_attn.out_proj.weight)
        nn.init.xavier_uniform_(self.linear1.weight)
        nn.init.xavier_uniform_(self.linear2.weight)

    def forward(
        self,
        queries: Tensor,
        positions: Tensor,
        boxes: Tensor,
        memory: Tensor,
        shapes: Shapes,
        blocked: Tensor | None = None,
    ) -> Tensor:
        """Refine the queries.

        Args:
            queries: (B, Q, C).
            positions: Codes of the boxes, (B, Q, C).
            boxes: (centre x, centre y, width, height) from 0 to 1, (B, Q, 4).
            memory: The tokens of all maps in a row, (B, sum of H * W, C).
            shapes: Height and width of each map.
            blocked: bool (Q, Q), True where the row's query must not see the column's.

        Returns:
            (B, Q, C).
        """
        placed = queries + positions
        attended = self.self_attn(
            placed, placed, queries, attn_mask=blocked, need_weights=False
        )[0]
        queries = self.norm2(queries + attended)
        references = boxes[:, :, None].expand(-1, -1, self.levels, -1)
        attended = self.cross_attn(queries + positions, references, memory, shapes)
        queries = self.norm1(queries + attended)
        hidden = self.linear2(self.linear1(queries).relu())
        return cast(Tensor, self.norm3(queries + hidden))


class RefiningDecoder(nn.Module):
    """A stack of :class:`DecoderLayer`, each of which moves the boxes a little.

    DAB-DETR's queries (Liu et al. 2022, arXiv:2201.12329) with iterative refinement
    (Deformable DETR, section 4.2); boxes "look forward twice" (DINO, Zhang et al. 2023,
    arXiv:2203.03605, section 3.5): a box's gradient reaches the layer before as well.

    Args:
        channels, levels, heads, ffn: See :class:`DecoderLayer`.
        depth: Number of layers.
    """

    def __init__(
        self, channels: int, levels: int, heads: int, ffn: int, depth: int
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            DecoderLayer(channels, levels, heads, ffn) for _ in range(depth)
        )
        self.ref_point_head = MLP(2 * channels, channels, channels, 2)
        for linear in self.ref_point_head.layers:
            nn.init.xavier_uniform_(cast(Tensor, linear.weight))
        self.channels = channels

    def forward(
        self,
        queries: Tensor,
        anchors: Tensor,
        memory: Tensor,
        shapes: Shapes,
        shift: Callable[[Tensor], Tensor],
        norm: Callable[[Tensor], Tensor],
        blocked: Tensor | None = None,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Refine queries and boxes.

        Args:
            queries: (B, Q, C).
            anchors: The first boxes before the sigmoid, (B, Q, 4).
            memory, shapes, blocked: See :class:`DecoderLayer`.
            shift: Turns queries into how far their boxes move, before the sigmoid.
            norm: Applied to the queries that leave a layer for the predictions.

        Returns:
            The queries after each layer, normed; and the boxes that each predicts, (B,
            Q, 4), from 0 to 1.
        """
        states, predicted = [], []
        boxes = anchors.sigmoid()
        used = boxes
        for layer in self.layers:
            positions = self.ref_point_head(box_positions(used, self.channels // 2))
            queries = layer(queries, positions, used, memory, shapes, blocked)
            states.append(norm(queries))
            # The next layer's box comes from the queries as they are, the predicted
            # one from the normed ones, and its reference keeps its gradient: so the
            # authors' weights want it.
            predicted.append((shift(states[-1]) + inverse_sigmoid(boxes)).sigmoid())
            boxes = (shift(queries) + inverse_sigmoid(used)).sigmoid()
            used = boxes.detach()
        return states, predicted
