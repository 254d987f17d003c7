"""The data set: COCO JSON in, label maps out."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ..errors import DataError
from ..metainfo import IGNORE_INDEX, METAINFO, METAINFO_COHORT1
from .categories import CategoryRule
from .donor_source import DonorSource
from .images import find_image_folder
from .label_cache import LabelRule
from .palettes import complete_palette
from .rasterize import RULES
from .subsets import read_subset


@DATASETS.register_module()
class TrashDataset(DonorSource, BaseSegDataset):
    """Photographs of trash with COCO annotations, read without a conversion step.

    Unlike its parent it has no label images: label maps are rasterised from polygons
    and run-length codes once, and kept in a cache on disk. Categories are mapped by
    name. Transforms that need further images find them in ``results['donors']``.

    Args:
        ann_file: COCO JSON, relative to ``data_root``. One without annotations (the
            competition's test.json) has images only.
        data_root: Folder of the data set; None takes the folder of ``ann_file``.
        data_prefix: ``img_path`` is the folder of the images, relative to
            ``data_root``. When it is empty, images are sought in ``data_root`` itself
            and in its ``images/``.
        subset: Text file with one ``file_name`` a line, relative to ``data_root``;
            only these images are used. Empty uses all.
        rule: Which object wins where several overlap: ``'area'`` the smallest,
            ``'class_id'`` the highest label, ``'vertices'`` the one whose first polygon
            has most points.
        crowd: ``'class'`` treats ``iscrowd`` regions as objects, ``'ignore'`` gives
            them the ignore index.
        unknown: What the first cohort's UNKNOWN becomes: ``'class'`` (12 classes),
            ``'general_trash'`` or ``'ignore'``. None refuses a JSON that has it.
        category_map: Name in the JSON -> class name, or None to leave it out.
        keep_empty: Whether to keep images that are all background.
        cache_dir: Folder of the caches; None takes ``$MMSEG_TRASH_CACHE``, else
            ``~/.cache/mmseg_trash``.
        image_cache: Whether to keep the decoded images in a memory-mapped file too.
        metainfo: ``classes`` (and ``palette``) of one's own. Without a class
            "Background", pixels without object are ignored.
        ignore_index: Label of ignored pixels.
        kwargs: Those of ``BaseSegDataset``: pipeline, test_mode, indices, lazy_init,
            serialize_data, max_refetch, ...

    Raises:
        ValueError: An argument is out of its range.
        DataError: The JSON or the subset has a fault; all faults are listed by
            tools/data/check.py.
        FileNotFoundError: The JSON or the subset does not exist.
    """

    METAINFO = METAINFO

    def __init__(
        self,
        ann_file: str = 'train.json',
        data_root: str | None = None,
        data_prefix: Mapping[str, str] = {'img_path': ''},
        subset: str = '',
        rule: str = 'area',
        crowd: str = 'class',
        unknown: str | None = None,
        category_map: Mapping[str, str | None] | None = None,
        keep_empty: bool = True,
        cache_dir: str | None = None,
        image_cache: bool = False,
        metainfo: Mapping[str, Any] | None = None,
        ignore_index: int = IGNORE_INDEX,
        **kwargs: Any,
    ) -> None:
        if rule not in RULES:
            raise ValueError(f'rule must be one of {RULES}, got {rule!r}')
        if crowd not in ('class', 'ignore'):
            raise ValueError(f"crowd must be 'class' or 'ignore', got {crowd!r}")
        if unknown == 'class' and not (metainfo or {}).get('classes'):
            metainfo = {**METAINFO_COHORT1, **(metainfo or {})}
        metainfo = complete_palette(metainfo or METAINFO)
        category = CategoryRule(
            tuple(metainfo['classes']), unknown, dict(category_map or {}), ignore_index
        )
        if data_root is None:
            data_root, ann_file = os.path.split(os.path.abspath(ann_file))  # noqa: PTH100
        self.label_rule = LabelRule(category, rule, crowd)
        self.subset = subset
        self.keep_empty = keep_empty
        self.cache_dir = cache_dir
        self.image_cache = image_cache
        self._seek_images = not data_prefix.get('img_path')
        super().__init__(
            ann_file=ann_file,
            data_root=str(data_root),
            data_prefix=dict(data_prefix),
            metainfo=metainfo,
            ignore_index=ignore_index,
            **kwargs,
        )

    @classmethod
    def get_label_map(cls, new_classes: Sequence[str] | None = None) -> None:
        """Return None: categories become labels by name when the JSON is read."""
        return None

    def full_init(self) -> None:
        """Read the JSON; make the caches now, so that forked workers share them."""
        super().full_init()
        if self.image_cache:
            _ = self.images

    def load_data_list(self) -> list[dict]:
        """List the images of the JSON, or of the subset, in the JSON's order.

        Returns:
            For each image img_path, file_name, image_id, height, width (of the JSON),
            row (its index in the JSON), and what mmseg's transforms expect.
        """
        images = self.labels.images
        names = [image.file_name for image in images]
        self.image_folder = self.data_prefix.get('img_path') or self.data_root
        if self._seek_images:
            self.image_folder = str(find_image_folder(self.data_root, names))
        chosen = None
        if self.subset:
            path = os.path.join(self.data_root, self.subset)  # noqa: PTH118
            chosen = set(read_subset(path, names, self.ann_file))
        return [
            dict(
                img_path=str(Path(self.image_folder) / image.file_name),
                **image._asdict(),
                row=row,
                label_map=None,
                reduce_zero_label=False,
                seg_fields=[],
            )
            for row, image in enumerate(images)
            if chosen is None or image.file_name in chosen
        ]

    def filter_data(self) -> list[dict]:
        """Leave out what is all background, unless ``keep_empty``.

        Raises:
            DataError: No image is left.
        """
        kept = self.data_list
        if not self.keep_empty and self.has_labels:
            counts = self.labels.class_counts.copy()
            background = self.label_rule.category.background
            if background < counts.shape[1]:
                counts[:, background] = 0
            kept = [info for info in kept if counts[info['row']].any()]
        if not kept:
            raise DataError(
                f'{self.ann_file}: no image is left of {len(self.data_list)}'
            )
        return kept

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one image.

        Args:
            idx: Index of the image.

        Returns:
            What the pipeline makes of ``get_data_info(idx)`` with the further keys
            ``dataset``, this data set, and ``donors``, the one where transforms find
            donors.
        """
        results = self.get_data_info(idx)
        results['dataset'] = self
        results['donors'] = self if self.donors is None else self.donors
        return self.pipeline(results)
