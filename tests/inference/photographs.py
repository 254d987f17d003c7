"""A data set of mixed shapes, and predictions of it that are made by hand."""

from pathlib import Path

import cv2
import torch
from mmengine.config import Config

from mmseg_trash.config import build_model

# Mixed shapes: no batch is of one shape, and no image has the size it is fed in.
SIZES = [(96, 64), (64, 96), (96, 64), (64, 64), (64, 96)]
NAMES = [f'batch_0{1 + i % 2}/{9 - i:04}.jpg' for i in range(len(SIZES))]


TURNS = dict(
    plain=lambda x: x,
    hflip=lambda x: x.flip(-1),
    vflip=lambda x: x.flip(-2),
    rot90=lambda x: x.transpose(-1, -2).flip(-2),
    rot180=lambda x: x.flip(-1, -2),
    rot270=lambda x: x.transpose(-1, -2).flip(-1),
)
BACK = {**TURNS, 'rot90': TURNS['rot270'], 'rot270': TURNS['rot90']}


def by_hand(
    cfg: Config,
    checkpoint: Path,
    root: Path,
    name: str,
    turn: str = 'plain',
    factor: float = 1.0,
) -> torch.Tensor:
    """Return an image's logits without data set, pipeline and preprocessor."""
    model = build_model(cfg)
    model.load_state_dict(torch.load(checkpoint)['state_dict'])
    model.eval()
    image = cv2.imread(str(root / name))
    height, width = image.shape[:2]
    scale = factor * min(256 / max(height, width), 64 / min(height, width))
    size = int(width * scale + 0.5), int(height * scale + 0.5)
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    rgb = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1).float()
    mean, std = (
        torch.tensor(cfg.data_preprocessor[key])[:, None, None]
        for key in ('mean', 'std')
    )
    batch = TURNS[turn](((rgb - mean) / std)[None])
    with torch.no_grad():
        logits = model.decode_head(model.backbone(batch))
    logits = torch.nn.functional.interpolate(logits, batch.shape[2:], mode='bilinear')
    logits = BACK[turn](logits)
    return torch.nn.functional.interpolate(logits, (height, width), mode='bilinear')[0]
