"""The card of a shipped model, from its facts."""

from collections.abc import Mapping
from typing import Any

_UNKNOWN = 'not stated'


def model_card(facts: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Args:
        facts: What :func:`~.publish.publish` writes as JSON.
    """
    check, scores = facts['check'], facts.get('scores') or {}
    lines = [
        f'# {facts["name"]}',
        '',
        'Semantic segmentation of trash: the model that mmseg_trash uses where none is '
        'named.',
        '',
        '| | |',
        '| --- | --- |',
        f'| Network | `{facts["config"]}` |',
        f'| Parameters | {facts["parameters"] / 1e6:.2f} million, statistics of norms '
        f'included; {facts["megabytes"]:.1f} MB as float16 |',
        f'| Classes | {len(facts["classes"])}: {", ".join(facts["classes"])} |',
        f'| Trained on | {facts.get("data") or _UNKNOWN} |',
        f'| Licence of the weights | {facts.get("licence") or _UNKNOWN}, see LICENSE |',
        f'| SHA-256 | `{facts["sha256"]}` |',
    ]
    if facts.get('temperature') is not None:
        lines.append(f'| Temperature of calibration | {facts["temperature"]:g} |')
    shown = {k: v for k, v in scores.items() if not k.startswith('IoU')}
    if shown:
        lines += ['', '| Score | |', '| --- | --- |']
        lines += [f'| {key} | {_number(value)} |' for key, value in shown.items()]
    lines += [
        '',
        'Weights are stored as float16 and computed with as float32: outputs differ by '
        f'{check["largest_difference"]:.1e} at most from those of the trained model, '
        f'up to {check["largest_output"]:.1f}, and {100 * check["equal_pixels"]:.2f} % '
        f'of the labels are the same (photograph: {check["image"]}).',
        '',
        '```python',
        'from mmseg_trash import TrashInferencer',
        '',
        "TrashInferencer()('photo.jpg').areas",
        '```',
    ]
    return '\n'.join(lines) + '\n'


def _number(value: Any) -> str:
    return f'{value:.2f}' if isinstance(value, float) else str(value)
