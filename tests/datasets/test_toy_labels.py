"""The toy set's polygons against the label map that was drawn."""

from typing import Any

import cv2
import numpy as np
import pytest

from mmseg_trash.datasets.toy import ToyParams, draw_image, make_plan
from mmseg_trash.datasets.toy.polygons import annotate

PARAMS = ToyParams(14, 4, 2, 256, 5, 0.35)


def _decode(annotation: dict[str, Any], height: int, width: int) -> np.ndarray:
    """Rasterise as the COCO API does."""
    coco_mask = pytest.importorskip('pycocotools.mask')
    polygons = coco_mask.frPyObjects(annotation['segmentation'], height, width)
    return coco_mask.decode(coco_mask.merge(polygons)).astype(bool)


def _truncated(annotation: dict[str, Any], height: int, width: int) -> np.ndarray:
    """Rasterise by OpenCV with truncated vertices, as many scripts do."""
    board = np.zeros((height, width), np.uint8)
    for polygon in annotation['segmentation']:
        points = np.array(polygon).reshape(-1, 2).astype(np.int32)
        cv2.fillPoly(board, [points], 1)
    return board.astype(bool)


def _paint(annotations: list[dict[str, Any]], shape: tuple[int, int], decode: Any):
    """Apply rule ``area``: smallest area wins, file order breaks ties."""
    label_map = np.zeros(shape, np.uint8)
    for annotation in sorted(annotations, key=lambda item: -item['area']):
        label_map[decode(annotation, *shape)] = annotation['category_id']
    return label_map


@pytest.mark.parametrize('decode', [_decode, _truncated])
def test_polygons_say_what_is_drawn(decode: Any) -> None:
    seen, several = set(), 0
    for job in make_plan(PARAMS):
        _, label_map, annotations = draw_image(PARAMS, job)
        painted = _paint(annotations, label_map.shape, decode)
        agreement = (painted == label_map).mean()
        assert agreement >= 0.995, (job.file_name, agreement)
        seen |= set(np.unique(label_map))
        several += sum(len(item['segmentation']) > 1 for item in annotations)
    assert seen == set(range(11))
    assert several >= 5, 'few objects in several polygons'


def test_area_and_box_are_the_polygons() -> None:
    job = make_plan(PARAMS)[0]
    _, label_map, annotations = draw_image(PARAMS, job)
    assert len(annotations) >= 2
    for annotation in annotations:
        region = _decode(annotation, *label_map.shape)
        # simplified outlines move by less than half a pixel
        slack = 0.5 * cv2.Canny(region.astype(np.uint8) * 255, 1, 2).astype(bool).sum()
        assert abs(int(region.sum()) - annotation['area']) <= slack + 2
        rows, columns = np.nonzero(region)
        found = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert np.abs(np.array(found) - annotation['bbox']).max() <= 1


def test_contents_of_a_bag_lie_on_the_whole_bag() -> None:
    owner = np.full((40, 40), -1, np.int16)
    owner[5:35, 5:35] = 0
    owner[10:20, 10:20] = 1
    bag, thing = annotate(owner, [8, 4])
    assert bag['area'] == 900 and thing['area'] == 100
    assert len(bag['segmentation']) == 1
    assert _decode(bag, 40, 40)[12, 12], 'the bag has a hole under its content'
    assert bag['bbox'] == [5, 5, 30, 30]


def test_holes_onto_the_ground_and_onto_larger_objects_are_cut() -> None:
    owner = np.full((60, 60), -1, np.int16)
    owner[2:58, 2:58] = 1
    owner[20:44, 20:44] = 0
    owner[23:41, 23:41] = 1  # a frame through which the larger object shows
    owner[5:12, 5:30] = 2
    owner[8, 10:20] = -1  # a slit one pixel high onto the ground
    labels = [4, 8, 2]
    annotations = annotate(owner, labels)
    painted = _paint(annotations, owner.shape, _decode)
    assert np.array_equal(painted, np.array([*labels, 0], np.uint8)[owner])


def test_hidden_objects_are_left_out() -> None:
    owner = np.full((20, 20), -1, np.int16)
    owner[4:9, 4:9] = 1
    assert [item['category_id'] for item in annotate(owner, [3, 7])] == [7]
