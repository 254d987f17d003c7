"""Find everything that is wrong with a data set, not the first fault alone."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import DataError
from ..progress import track
from .categories import CategoryRule
from .coco import ImageRecord, check_coco
from .faults import Fault
from .images import find_image_folder, read_image
from .subsets import check_subset

JSON_FILES = ('train_all.json', 'train.json', 'val.json', 'test.json')
_FOLD_FILE = 'train_all.json'


def check_data_root(
    data_root: str | os.PathLike[str],
    rule: CategoryRule,
    ann_files: Sequence[str] = (),
    img_path: str = '',
    with_images: bool = True,
) -> list[Fault]:
    """Check annotations, images and fold lists of a data root.

    Args:
        data_root: The folder.
        rule: How category names become labels.
        ann_files: JSON files, relative to the folder; empty takes those of
            ``JSON_FILES`` that exist.
        img_path: Folder of the images, relative to the data root; empty seeks them in
            the data root and its ``images/``.
        with_images: Whether to decode every image too.

    Returns:
        All faults: of the JSON files, then of the images, then of the fold lists.

    Raises:
        FileNotFoundError: There is no such folder, or none of the usual files in it.
    """
    root = Path(data_root)
    if not root.is_dir():
        raise FileNotFoundError(f'data root {root} is no folder')
    names = ann_files or [name for name in JSON_FILES if (root / name).is_file()]
    if not names:
        raise FileNotFoundError(
            f'{root} holds none of {", ".join(JSON_FILES)}; name others with --ann-file'
        )
    faults: list[Fault] = []
    records: dict[ImageRecord, str] = {}
    listed: dict[str, list[str]] = {}
    for name in names:
        images, found = check_coco(root / name, rule)
        faults += found
        listed[name] = [image.file_name for image in images]
        for image in images:
            # Ids differ between the files, the photograph does not.
            records.setdefault(image._replace(image_id=0), str(root / name))
    faults += check_overlap(listed, root)
    if with_images:
        found_names = [record.file_name for record in records]
        folder = root / img_path if img_path else find_image_folder(root, found_names)
        faults += check_images(records.items(), folder, len(records))
    return faults + check_folds(root, listed)


def check_images(
    records: Iterable[tuple[ImageRecord, str]], folder: Path, total: int
) -> list[Fault]:
    """Decode images and find those that are missing, damaged or of another size.

    Args:
        records: Images, and the JSON that each is from.
        folder: Where their names start.
        total: Number of images, for the progress bar.

    Returns:
        At most one fault per image.
    """
    faults = []
    for record, json_file in track(records, total, 'Decoding images'):
        path = str(folder / record.file_name)
        try:
            read_image(path, record.height, record.width)
        except (DataError, OSError) as error:
            kind = 'bad_image_file' if isinstance(error, DataError) else 'missing_image'
            message = str(error).removeprefix(f'{path}: ')
            where = f'of {json_file}'
            faults.append(Fault(kind, path, where, message))
    return faults


def check_overlap(listed: dict[str, list[str]], root: Path) -> list[Fault]:
    """Find images that are trained on and validated on.

    Args:
        listed: JSON name -> its file names.
        root: Folder of the JSON files.
    """
    train = set(listed.get('train.json', ()))
    shared = [name for name in listed.get('val.json', ()) if name in train]
    return [
        Fault('leak', str(root / 'val.json'), name, 'stands in train.json too')
        for name in shared
    ]


def check_folds(root: Path, listed: dict[str, list[str]]) -> list[Fault]:
    """Check the fold lists against train_all.json, and each pair for common names.

    Args:
        root: The data root.
        listed: JSON name -> its file names; without train_all.json nothing is checked.
    """
    if _FOLD_FILE not in listed:
        return []
    faults = []
    train_names: dict[str, set[str]] = {}
    for path in sorted((root / 'folds').glob('fold*_*.txt')):
        names, found = check_subset(path, listed[_FOLD_FILE], str(root / _FOLD_FILE))
        faults += found
        fold, _, part = path.stem.partition('_')
        if part == 'train':
            train_names[fold] = set(names)
        elif part == 'val':
            for name in names:
                if name in train_names.get(fold, ()):
                    message = f'{name!r} stands in {fold}_train.txt too'
                    faults.append(Fault('leak', str(path), '', message))
    return faults
