"""What the demonstration says in the end."""

import json
from pathlib import Path

import pytest

from mmseg_trash.demo import summary

MIOUS = {
    f'mIoU{kind}{size}': 50.0
    for kind in ('', '_image', '_batch')
    for size in ('', '_256')
}
TRASH = dict(trash_IoU=71.234, trash_IoU_256=70.5)


@pytest.mark.parametrize(('more', 'said'), [
    (TRASH, ['71.23 % / 70.50 %']),
    ({}, []),  # no background class, or a file of an earlier version
    (dict(TRASH, trash_IoU=None), []),
])  # fmt: skip
def test_trash_has_a_line_of_its_own(
    tmp_path: Path, more: dict[str, float | None], said: list[str]
) -> None:
    (tmp_path / 'iter_1.pth').touch()
    file = tmp_path / 'metrics.json'
    file.write_text(json.dumps({**MIOUS, **more}))
    lines = summary(tmp_path, file, 60).splitlines()
    assert lines.count('the same at 256x256: 50.00 % / 50.00 % / 50.00 %') == 1
    found = [line.split(': ')[1] for line in lines if line.startswith('IoU of trash')]
    assert found == said
