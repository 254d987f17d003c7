"""A base config against its changes, seed by seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import load_config
from ..errors import ConfigError
from .changes import check_change, differences, find_change, transplant
from .job import Job, Result
from .run_jobs import Devices, run_jobs
from .scratch import SCRATCH, scratch_config

BASE = 'base'


@dataclass(frozen=True)
class Arm:
    """A config of an ablation.

    Attributes:
        name: ``base``, or the tag of the change.
        config: Its file.
        changed: Dotted keys that differ from the base.
    """

    name: str
    config: Path
    changed: Sequence[str]


def make_arms(
    base: Path,
    tags: Sequence[str],
    configs: Path,
    folder: Path,
    many: bool = False,
    from_scratch: bool = False,
) -> list[Arm]:
    """Find or write the config of each change.

    Args:
        base: The config to compare with.
        tags: Tags of configs/README.md; ``scratch`` leaves out pretrained weights.
        configs: The folder ``configs``.
        folder: Where configs are written that the zoo lacks.
        many: Allow a change of several things.
        from_scratch: All arms train without pretrained weights.

    Raises:
        ConfigError: A tag is unknown, stands twice, or changes more than one thing; or
            there are no weights that ``scratch`` could leave out.
    """
    doubled = [tag for tag in tags if list(tags).count(tag) > 1]
    if doubled or BASE in tags:
        raise ConfigError(f'--with {(doubled or [BASE])[0]}: stands twice')
    arms = [Arm(BASE, base, ())]
    if SCRATCH in tags and from_scratch:
        raise ConfigError(
            f'--with {SCRATCH}: --from-scratch leaves out the weights of all arms'
        )
    plain = load_config(base, from_scratch=from_scratch)
    for tag in tags:
        out = folder / 'configs' / f'{base.stem}_with_{tag}.py'
        if tag == SCRATCH:
            config = scratch_config(base, out)
        else:
            config = find_change(base, tag, configs)
            stem = config.stem.replace(f'-{tag}', '')
            if config.parent != base.parent or stem != base.stem:
                config = transplant(config, base, out)
        child = load_config(config, from_scratch=from_scratch)
        found = differences(plain, child) if many else check_change(plain, child, tag)
        arms.append(Arm(tag, config, sorted(found)))
    return arms


def run_arms(
    arms: Sequence[Arm],
    job: Job,
    seeds: Sequence[int],
    report: Callable[[str], None] = print,
    devices: Devices = None,
) -> dict[str, list[Result]]:
    """Train and evaluate every arm with every seed; done ones are not repeated.

    Seed by seed rather than arm by arm, so that an early stop leaves a comparison.

    Args:
        arms: The configs.
        job: What all have in common; its ``work_dir`` is the folder of the ablation.
        seeds: The same for every arm.
        report: Is told of each result.
        devices: See :func:`run_jobs`.

    Returns:
        The results of each arm, in the order of the seeds.
    """
    order = [(seed, arm) for seed in seeds for arm in arms]
    jobs = [
        replace(
            job,
            config=str(arm.config),
            seed=seed,
            work_dir=str(Path(job.work_dir) / f'{arm.name}_seed{seed}'),
        )
        for seed, arm in order
    ]

    def tell(place: int, result: Result) -> None:
        seed, arm = order[place]
        score = result.records.global_miou()
        report(f'{arm.name}, seed {seed}: mIoU {score:.2f} %')

    results: dict[str, list[Result]] = {arm.name: [] for arm in arms}
    for (_, arm), result in zip(order, run_jobs(jobs, devices, tell)):
        results[arm.name].append(result)
    return results
