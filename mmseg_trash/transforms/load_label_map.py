"""Load the label map of a ``TrashDataset``."""

from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadLabelMap(BaseTransform):
    """Load a label map from its data set's cache.

    Unlike mmseg's ``LoadAnnotations`` it reads no image file.

    Reads ``dataset`` and ``sample_idx``; sets ``gt_seg_map`` ((H, W) uint8) and appends
    it to ``seg_fields``.
    """

    def transform(self, results: dict) -> dict:
        """Load the label map.

        Args:
            results: From ``TrashDataset.prepare_data``.

        Returns:
            The same dict with the label map.

        Raises:
            DataError: The JSON has no annotations.
        """
        results['gt_seg_map'] = results['dataset'].label_map_of(results['sample_idx'])
        if 'gt_seg_map' not in results['seg_fields']:
            results['seg_fields'].append('gt_seg_map')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
