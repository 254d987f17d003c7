"""Train a segmentor on four photographs until it knows them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

MEAN = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
STD = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)


def four_photographs(root: Path, size: int) -> tuple[Tensor, Tensor]:
    """Read the four training photographs with the most foreground.

    Args:
        root: Folder of a data set in the competition's layout.
        size: Side of the square that they are resized to.

    Returns:
        Normalised RGB images, (4, 3, size, size), and label maps, (4, size, size).
    """
    from mmseg_trash.datasets import TrashDataset

    dataset: Any = TrashDataset(data_root=str(root), ann_file='train.json', pipeline=[])
    counts = dataset.class_counts()
    share = counts[:, 1:].sum(1) / counts.sum(1)
    images, labels = [], []
    for index in np.argsort(-share, kind='stable')[:4]:
        image = cv2.resize(dataset.load_image(int(index)), (size, size))
        label = cv2.resize(
            dataset.label_map_of(int(index)), (size, size), interpolation=0
        )
        rgb = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1).float()
        images.append((rgb - MEAN) / STD)
        labels.append(torch.from_numpy(label).long())
    return torch.stack(images), torch.stack(labels)


def overfit(
    model: nn.Module,
    root: Path,
    size: int = 128,
    steps: int = 300,
    lr: float = 2e-4,
    every: int = 20,
    goal: float = 0.9,
) -> tuple[float, int]:
    """Train until the photographs' foreground is labelled right.

    Args:
        model: A segmentor of mmseg.
        root: Folder of the photographs.
        size: Side of the square images.
        steps: The bound.
        lr: AdamW's rate.
        every: Steps between two measurements.
        goal: Share of the foreground's pixels at which to stop.

    Returns:
        The share of foreground pixels labelled right, and the steps taken.
    """
    images, labels = four_photographs(root, size)
    meta = dict(img_shape=(size, size), ori_shape=(size, size), pad_shape=(size, size))
    samples = [
        SegDataSample(gt_sem_seg=PixelData(data=label[None]), metainfo=meta)
        for label in labels
    ]
    foreground = (labels != 0) & (labels != 255)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    torch.manual_seed(0)
    accuracy = 0.0
    for step in range(1, steps + 1):
        model.train()
        losses: Any = model.loss(images, samples)  # type: ignore[operator]
        total = sum(v for k, v in losses.items() if 'loss' in k)
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % every == 0 or step == steps:
            model.eval()
            with torch.no_grad():
                out: Any = model.encode_decode(images, [meta] * 4)  # type: ignore
                out = F.interpolate(out, (size, size), mode='bilinear')
            right = out.argmax(1) == labels
            accuracy = right[foreground].float().mean().item()
            if accuracy >= goal:
                return accuracy, step
    return accuracy, steps
