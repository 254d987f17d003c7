"""MaskDINO's decoder: queries with boxes that find masks and their classes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .boxes import inverse_sigmoid, mask_boxes
from .mask_dino_denoising import Denoising, group_mask
from .mask_dino_layer import RefiningDecoder
from .mask_dino_proposals import pick, proposal_boxes
from .mlp import MLP

SELECTIONS = ('learned', 'mixed', 'encoder')


class Prediction(NamedTuple):
    """What queries predict.

    Attributes:
        classes: Logits, (B, Q, classes), or one more for "no object".
        masks: Logits, (B, Q, h, w).
        boxes: (centre x, centre y, width, height) from 0 to 1, (B, Q, 4).
    """

    classes: Tensor
    masks: Tensor
    boxes: Tensor


@dataclass
class Decoded:
    """Everything that the decoder predicts.

    Attributes:
        queries: Before the first layer (if asked for) and after each.
        denoising: The same of the denoising queries; empty without them.
        encoder: The proposals that a two-stage decoder starts from.
        initial: Whether the first of ``queries`` stems from before the first layer.
    """

    queries: list[Prediction] = field(default_factory=list)
    denoising: list[Prediction] = field(default_factory=list)
    encoder: Prediction | None = None
    initial: bool = False


class MaskDINODecoder(nn.Module):
    """MaskDINO's decoder (Li et al. 2023, arXiv:2206.02777, section 3).

    The names of the parameters are the authors' (Apache-2.0), but for the branch that
    moves boxes, which they keep under three names.

    Args:
        num_classes: Number of classes.
        levels: Number of maps.
        channels, heads, ffn, depth: See :class:`RefiningDecoder`.
        mask_channels: Channels of the map that masks are made from.
        num_queries: Number of queries.
        no_object: Whether the classifier has one more output for "no object".
        selection: Where the first queries come from. ``'learned'``: parameters.
            ``'encoder'``: contents and boxes of the best tokens of the encoder (unified
            query selection, section 3.4). ``'mixed'``: the boxes of these only (DINO,
            Zhang et al. 2023, arXiv:2203.03605, section 3.4).
        boxes_from_masks: Start from the boxes around the selected tokens' masks
            instead (mask-enhanced anchors, section 3.4); needs a selection.
        initial_prediction: Whether queries predict before the first layer as well.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        levels: int = 3,
        channels: int = 256,
        mask_channels: int = 256,
        heads: int = 8,
        ffn: int = 2048,
        depth: int = 9,
        num_queries: int = 100,
        no_object: bool = True,
        selection: str = 'learned',
        boxes_from_masks: bool = False,
        initial_prediction: bool = True,
    ) -> None:
        super().__init__()
        if selection not in SELECTIONS:
            raise ValueError(f'selection must be one of {SELECTIONS}, got {selection}')
        if boxes_from_masks and selection == 'learned':
            raise ValueError(
                "boxes_from_masks needs the selection 'mixed' or 'encoder', got "
                "'learned'"
            )
        self.num_queries, self.selection = num_queries, selection
        self.boxes_from_masks = boxes_from_masks
        self.initial_prediction = initial_prediction
        if selection != 'encoder':
            self.query_feat = nn.Embedding(num_queries, channels)
        if selection == 'learned':
            self.query_embed = nn.Embedding(num_queries, 4)
        else:
            self.enc_output = nn.Linear(channels, channels)
            self.enc_output_norm = nn.LayerNorm(channels)
        self.class_embed = nn.Linear(channels, num_classes + no_object)
        self.label_enc = nn.Embedding(num_classes, channels)
        self.mask_embed = MLP(channels, channels, mask_channels, 3)
        self.decoder_norm = nn.LayerNorm(channels)
        self.decoder = RefiningDecoder(channels, levels, heads, ffn, depth)
        self.bbox_embed = MLP(channels, channels, 4, 3)
        for parameter in self.bbox_embed.layers[-1].parameters():
            nn.init.zeros_(parameter)

    def heads(self, states: Tensor, mask_features: Tensor) -> tuple[Tensor, Tensor]:
        """Return class and mask logits of queries, (B, Q, classes), (B, Q, h, w)."""
        states = self.decoder_norm(states)
        masks = torch.einsum('bqc,bchw->bqhw', self.mask_embed(states), mask_features)
        return self.class_embed(states), masks

    def select(
        self, memory: Tensor, shapes: Sequence[tuple[int, int]], mask_features: Tensor
    ) -> tuple[Tensor, Tensor, Prediction]:
        """Pick the tokens whose best class scores highest.

        Returns:
            Contents (B, Q, C) and boxes before the sigmoid (B, Q, 4) to start from,
            both without gradient to the encoder; and what the tokens predict. Q is
            the number of tokens if there are fewer than queries.
        """
        proposals, valid = proposal_boxes(shapes, memory.device)
        tokens = self.enc_output(memory.masked_fill(~valid[:, None], 0.0))
        tokens = self.enc_output_norm(tokens)
        scores = self.class_embed(tokens).amax(-1)
        count = min(self.num_queries, tokens.shape[1])
        places = scores.topk(count, dim=1).indices
        picked = pick(tokens, places)
        boxes = self.bbox_embed(picked)
        boxes = boxes + pick(proposals.expand(len(memory), -1, -1), places)
        classes, masks = self.heads(picked, mask_features)
        start = boxes.detach()
        if self.boxes_from_masks:
            start = inverse_sigmoid(mask_boxes(masks.detach() > 0))
        if self.selection == 'mixed':
            content = self.query_feat.weight[:count].repeat(len(memory), 1, 1)
        else:
            content = picked.detach()
        return content, start, Prediction(classes, masks, boxes.sigmoid())

    def forward(
        self,
        maps: Sequence[Tensor],
        mask_features: Tensor,
        denoising: Denoising | None = None,
        intermediate: bool = True,
    ) -> Decoded:
        """Predict.

        Args:
            maps: The encoder's, in its order, NCHW.
            mask_features: The map that masks are made from, (B, C, h, w).
            denoising: Queries made from the targets, put before the others.
            intermediate: Whether all predictions are wanted or the last one only.

        Returns:
            The predictions.
        """
        maps = list(reversed(maps))
        shapes = [(m.shape[2], m.shape[3]) for m in maps]
        memory = torch.cat([m.flatten(2).transpose(1, 2) for m in maps], 1)
        out = Decoded(initial=self.initial_prediction)
        if self.selection == 'learned':
            queries = self.query_feat.weight.repeat(len(memory), 1, 1)
            anchors = self.query_embed.weight.repeat(len(memory), 1, 1)
        else:
            queries, anchors, out.encoder = self.select(memory, shapes, mask_features)
        blocked, extra = None, 0
        if denoising is not None:
            real = (denoising.labels >= 0)[..., None]
            contents = self.label_enc(denoising.labels.clamp(min=0)) * real
            queries = torch.cat([contents, queries], 1)
            anchors = torch.cat([inverse_sigmoid(denoising.boxes) * real, anchors], 1)
            groups, size = denoising.groups, denoising.size
            extra = groups * size
            blocked = group_mask(groups, size, queries.shape[1] - extra, queries.device)
        states, boxes = self.decoder(
            queries,
            anchors,
            memory,
            shapes,
            self.bbox_embed,
            self.decoder_norm,
            blocked,
        )
        pairs = list(zip(states, boxes))
        if self.initial_prediction:
            pairs.insert(0, (queries, anchors.sigmoid()))
        for state, box in pairs if intermediate else pairs[-1:]:
            # The authors norm the states of the layers a second time here.
            tensors = (*self.heads(state, mask_features), box)
            out.queries.append(Prediction(*(t[:, extra:] for t in tensors)))
            if denoising is not None:
                out.denoising.append(Prediction(*(t[:, :extra] for t in tensors)))
        return out
