"""Load the image of a ``TrashDataset``."""

from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadTrashImage(BaseTransform):
    """Load an image through its data set.

    Unlike mmcv's ``LoadImageFromFile`` it can use the data set's cache of decoded
    images, and refuses images that are truncated or contradict the JSON's size.

    Reads ``dataset`` and ``sample_idx``; sets ``img`` ((H, W, 3) uint8, BGR),
    ``img_shape`` and ``ori_shape``.
    """

    def transform(self, results: dict) -> dict:
        """Load the image.

        Args:
            results: From ``TrashDataset.prepare_data``.

        Returns:
            The same dict with the image.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: The image cannot be used.
        """
        image = results['dataset'].load_image(results['sample_idx'])
        results['img'] = image
        results['img_shape'] = image.shape[:2]
        results['ori_shape'] = image.shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
