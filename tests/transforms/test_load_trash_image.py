"""LoadTrashImage sets what mmcv's LoadImageFromFile sets."""

from pathlib import Path

import pytest
from mmcv.transforms import LoadImageFromFile

from mmseg_trash.datasets import TrashDataset
from mmseg_trash.errors import DataError
from mmseg_trash.transforms import LoadTrashImage


def test_equal_to_mmcv(toy_root: Path) -> None:
    dataset = TrashDataset(data_root=toy_root, pipeline=[LoadTrashImage()])
    for idx in range(3):
        ours = dataset[idx]
        theirs = LoadImageFromFile()(dataset.get_data_info(idx))
        assert (ours['img'] == theirs['img']).all()
        for key in ('img_shape', 'ori_shape'):
            assert ours[key] == theirs[key]


def test_broken_image(toy_root: Path, tmp_path: Path) -> None:
    dataset = TrashDataset(data_root=toy_root, pipeline=[LoadTrashImage()])
    info = dataset.get_data_info(0)
    copied = tmp_path / info['file_name']
    copied.parent.mkdir(parents=True)
    content = Path(info['img_path']).read_bytes()
    copied.write_bytes(content[: len(content) // 2])
    (tmp_path / 'train.json').write_bytes((toy_root / 'train.json').read_bytes())
    broken = TrashDataset(data_root=tmp_path, pipeline=[LoadTrashImage()])
    with pytest.raises(DataError, match=f'{copied.name}: the image is truncated'):
        broken[0]
