"""The documents of FiftyOne's own layout, "FiftyOneDataset"."""

import base64
import hashlib
import io
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DataError

VERSION = '1.0.0'
"""Of FiftyOne: the oldest that reads the files; newer ones bring them up to date."""
FIELDS, LABELS = 'fiftyone.core.fields', 'fiftyone.core.labels'
DATE = {'$date': '2024-01-01T00:00:00Z'}
POLYGONS, MASKS, TRUTH, PREDICTIONS = 'polygons', 'masks', 'truth', 'predictions'


def object_id(*words: object) -> dict[str, str]:
    """Return an id that the same words always give."""
    text = '\0'.join(map(str, words))
    return {'$oid': hashlib.sha256(text.encode()).hexdigest()[:24]}


def pack_array(array: np.ndarray) -> dict[str, Any]:
    """Return an array as FiftyOne stores it: compressed .npy bytes."""
    with io.BytesIO() as file:
        np.save(file, array, allow_pickle=False)
        data = zlib.compress(file.getvalue())
    return {'$binary': {'base64': base64.b64encode(data).decode(), 'subType': '00'}}


def unpack_array(value: Any, where: str) -> np.ndarray:
    """Read an array as FiftyOne stores it.

    Raises:
        DataError: It is damaged.
    """
    try:
        data = value['$binary']
        text = data['base64'] if isinstance(data, Mapping) else data
        with io.BytesIO(zlib.decompress(base64.b64decode(text))) as file:
            return np.load(file, allow_pickle=False)
    except (KeyError, TypeError, ValueError, OSError, zlib.error) as error:
        raise DataError(f'{where}: the mask is damaged: {error}') from error


def field(
    name: str,
    kind: str,
    document: str | None = None,
    inner: Sequence[dict[str, Any]] = (),
    subfield: str | None = None,
    db_field: str | None = None,
) -> dict[str, Any]:
    """Return the declaration of a field of type ``<kind>Field``."""
    return dict(
        name=name,
        ftype=f'{FIELDS}.{kind}Field',
        embedded_doc_type=document,
        subfield=subfield and f'{FIELDS}.{subfield}Field',
        fields=list(inner),
        db_field=db_field or name,
        description=None,
        info=None,
        read_only=False,
        created_at=DATE,
    )


def _label(name: str, kind: str, inner: Sequence[dict[str, Any]]) -> dict[str, Any]:
    common = [
        field('id', 'ObjectId', db_field='_id'),
        field('tags', 'List', subfield='String'),
    ]
    return field(name, 'EmbeddedDocument', f'{LABELS}.{kind}', [*common, *inner])


def _many(
    name: str, inside: str, kind: str, inner: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the declaration of a list of labels."""
    one = _label(inside, kind, [field('label', 'String'), *inner])
    several = {**one, 'ftype': f'{FIELDS}.ListField'}
    several['subfield'] = f'{FIELDS}.EmbeddedDocumentField'
    return field(name, 'EmbeddedDocument', f'{LABELS}.{kind}s', [several])


def sample_fields(maps: Sequence[str]) -> list[dict[str, Any]]:
    """Declare the fields of a sample, with the label maps that it has."""
    metadata = [
        field('size_bytes', 'Int'),
        field('mime_type', 'String'),
        *(field(name, 'Int') for name in ('width', 'height', 'num_channels')),
    ]
    polygon = [
        field('points', 'PolylinePoints'),
        field('closed', 'Boolean'),
        field('filled', 'Boolean'),
    ]
    detection = [
        field('bounding_box', 'List', subfield='Float'),
        field('mask', 'Array'),
    ]
    return [
        field('id', 'ObjectId', db_field='_id'),
        field('filepath', 'String'),
        field('tags', 'List', subfield='String'),
        field(
            'metadata', 'EmbeddedDocument', 'fiftyone.core.metadata.ImageMetadata',
            metadata,
        ),
        field('_media_type', 'String'),
        field('_rand', 'Float'),
        field('_dataset_id', 'ObjectId'),
        field('file_name', 'String'),
        _many(POLYGONS, 'polylines', 'Polyline', polygon),
        _many(MASKS, 'detections', 'Detection', detection),
        *(
            _label(name, 'Segmentation', [field('mask_path', 'String')])
            for name in maps
        ),
    ]  # fmt: skip


def dataset_document(
    name: str, classes: Sequence[str], maps: Sequence[str], labels: Sequence[str]
) -> dict[str, Any]:
    """Return the content of ``metadata.json``.

    Args:
        name: Of the data set.
        classes: Names of the objects' classes.
        maps: Fields with label maps.
        labels: Names of the values of the label maps.
    """
    own = object_id('dataset', name)
    return dict(
        _id=own,
        name=name,
        slug=name,
        version=VERSION,
        created_at=DATE,
        last_modified_at=DATE,
        last_loaded_at=DATE,
        sample_collection_name=f'samples.{own["$oid"]}',
        persistent=False,
        media_type='image',
        group_media_types={},
        tags=[],
        info={},
        app_config={},
        classes={},
        default_classes=list(classes),
        mask_targets={},
        default_mask_targets={str(k): label for k, label in enumerate(labels)},
        skeletons={},
        sample_fields=sample_fields(maps),
        frame_fields=[],
        saved_views=[],
        workspaces=[],
        annotation_runs={},
        brain_methods={},
        evaluations={},
        runs={},
    )
