"""Audit the labels of a data root: every rule over every JSON, the worst first."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..datasets.categories import CategoryRule
from ..datasets.check import JSON_FILES, check_folds
from ..datasets.label_cache import LabelRule
from ..metainfo import CLASSES
from .audit_images import WHOLE, find_bad_images, find_lookalikes
from .audit_json import as_finding, read_usable, usable_annotations
from .audit_overlaps import find_overlaps
from .audit_shapes import find_bad_polygons, find_sizes
from .finding import Finding, Limits, rank
from .survey import Survey, survey_content


def run_audit(
    data_root: str | os.PathLike[str],
    ann_files: Sequence[str] = (),
    label_rule: LabelRule | None = None,
    limits: Limits | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    allowed: Sequence[Path] = (),
) -> list[Finding]:
    """Look for wrong labels, broken images and leaks.

    Files with faults are audited too: entries that are at fault are found and left
    out of the rules that follow. When the images of train_all.json all stand in the
    other files, it is looked at for faults and folds alone: name it to have its own
    annotations audited.

    Args:
        data_root: Folder of the data set.
        ann_files: JSON files, relative to it; empty takes the usual ones that exist.
        label_rule: How annotations become labels; None is the project's classes.
        limits: From where on something counts as suspicious.
        cache_dir: Folder of the caches; None is the usual one.
        allowed: Folders in which images must lie, see `survey.open_survey`.

    Returns:
        What was found, the most suspicious first.

    Raises:
        FileNotFoundError: There is no such folder, or no JSON in it.
    """
    root = Path(data_root)
    if not root.is_dir():
        raise FileNotFoundError(f'data root {root} is no folder')
    names = list(ann_files) or [n for n in JSON_FILES if (root / n).is_file()]
    if not names:
        raise FileNotFoundError(f'{root}: holds none of {", ".join(JSON_FILES)}')
    rule = label_rule or LabelRule(CategoryRule(CLASSES))
    limits = limits or Limits()
    findings: list[Finding] = []
    surveys: dict[str, Survey] = {}
    listed: dict[str, list[str]] = {}
    # train_all.json comes first by custom; its images mostly stand in the others too.
    for name in sorted(names, key=lambda name: name == WHOLE):
        usable = read_usable(root / name, rule.category)
        findings += usable.findings
        if usable.raw is None:
            continue
        survey = survey_content(
            usable.content, root / name, rule, cache_dir, None, allowed
        )
        seen = {image for part in listed.values() for image in part}
        if name != WHOLE or not seen.issuperset(survey.names):
            findings += find_bad_images(survey, limits)
            findings += find_sizes(survey, limits)
            findings += find_overlaps(survey, limits)
            findings += find_bad_polygons(survey, usable_annotations(usable))
        surveys[name], listed[name] = survey, list(survey.names)
    findings += [as_finding(fault) for fault in check_folds(root, listed)]
    findings += find_lookalikes(surveys, read_folds(root), limits)
    return rank(findings)


def read_folds(root: Path) -> dict[str, str]:
    """Return the fold in whose validation part each image is, from ``folds/``."""
    folds: dict[str, str] = {}
    for path in sorted((root / 'folds').glob('fold*_val.txt')):
        fold = path.stem.removesuffix('_val')
        for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
            if line.strip():
                folds.setdefault(line.strip(), fold)
    return folds
