"""Turn a config's pipelines into those that views need."""

from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError
from .views import View, ViewSet

Step = dict[str, Any]
# A use of the image in a size: place among the sizes, how it is turned, its share.
Look = tuple[int, View, float]

_RESIZES = ('Resize', 'ResizeShortestEdge', 'ResizeToMultiple')
_FLIPS = ('RandomFlip', 'FastRandomFlip')
_LABELS = ('LoadLabelMap', 'LoadAnnotations')


def without_labels(pipeline: Sequence[Step]) -> list[Step]:
    """Drop the steps that load the truth, which the images to predict lack."""
    kept = []
    for step in pipeline:
        if step['type'] == 'TestTimeAug':
            choices = [
                [t for t in choice if t['type'] not in _LABELS]
                for choice in step['transforms']
            ]
            step = {**step, 'transforms': [choice for choice in choices if choice]}
        if step['type'] not in _LABELS:
            kept.append(step)
    return kept


def without_resize(pipeline: Sequence[Step]) -> list[Step]:
    """Drop the steps that resize, so that images stay in their own size."""
    return [step for step in pipeline if step['type'] not in _RESIZES]


def plan_of_config(pipeline: Sequence[Step]) -> tuple[list[Step], list[Look]]:
    """Read the views of a config's ``tta_pipeline``.

    Mirrored views are taken out of the pipeline: the model's side mirrors the image,
    which is then resized and packed once.

    Args:
        pipeline: Steps, one of which is a ``TestTimeAug``.

    Returns:
        The pipeline that gives each size once, and the looks at them.

    Raises:
        ConfigError: No step is a ``TestTimeAug``, or there are two.
    """
    steps = without_labels(pipeline)
    places = [i for i, step in enumerate(steps) if step['type'] == 'TestTimeAug']
    if len(places) != 1:
        raise ConfigError(
            f'tta_pipeline: expected one TestTimeAug, found {len(places)}'
        )
    choices = steps[places[0]]['transforms']
    mirrors = [choice for choice in choices if _are_flips(choice)]
    rest = [choice for choice in choices if not _are_flips(choice)]
    views = [View()]
    for choice in mirrors:
        views = [_after(view, _flip_of(step)) for view in views for step in choice]
    sizes = 1
    for choice in rest:
        sizes *= len(choice)
    steps[places[0]] = {**steps[places[0]], 'transforms': rest}
    share = 1 / (sizes * len(views))
    return steps, [(size, view, share) for size in range(sizes) for view in views]


def plan_of_views(
    pipeline: Sequence[Step], views: ViewSet
) -> tuple[list[Step], list[Look]]:
    """Make a pipeline give an image in each size that a set of views asks for.

    Args:
        pipeline: Steps for a single view; the first loads the image.
        views: The views.

    Returns:
        The pipeline and the looks at its sizes.
    """
    steps = without_labels(pipeline)
    scales = list(dict.fromkeys(view.scale for view in views.views))
    looks = [
        (scales.index(view.scale), view, share)
        for view, share in zip(views.views, views.shares())
    ]
    if scales == [1.0]:
        return steps, looks
    known = ('Resize', 'ResizeShortestEdge')
    place = next((i for i, step in enumerate(steps) if step['type'] in known), None)
    if place is None:
        place = 1
        steps.insert(place, dict(type='Resize', scale_factor=1.0, keep_ratio=True))
    choices = [[_scaled(steps[place], scale) for scale in scales]]
    choices += [[step] for step in steps[place + 1 :]]
    return [*steps[:place], dict(type='TestTimeAug', transforms=choices)], looks


def _scaled(step: Step, factor: float) -> Step:
    """Change the size that a resizing step aims at."""
    changed = dict(step)
    key = 'scale_factor' if step.get('scale') is None else 'scale'
    value = step[key]
    if key == 'scale_factor':
        many = isinstance(value, (tuple, list))
        changed[key] = tuple(v * factor for v in value) if many else value * factor
    elif isinstance(value, (tuple, list)):
        changed[key] = tuple(int(v * factor) for v in value)
    else:
        changed[key] = int(value * factor)
    return changed


def _are_flips(choice: Sequence[Step]) -> bool:
    return all(
        step['type'] in _FLIPS
        and step.get('prob') in (0.0, 1.0)
        and step.get('direction', 'horizontal') in ('horizontal', 'vertical')
        for step in choice
    )


def _flip_of(step: Step) -> View:
    if not step['prob']:
        return View()
    vertical = step.get('direction', 'horizontal') == 'vertical'
    return View.parse('vflip' if vertical else 'hflip')


def _after(first: View, second: View) -> View:
    return View.parse(f'{first.name}+{second.name}')
