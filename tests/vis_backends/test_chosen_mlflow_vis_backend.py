"""MLflow's own client finds the chosen set in its file store."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmseg_trash import launch
from mmseg_trash.vis_backends import ChosenMlflowVisBackend

from .runs import LOSSES, MIOUS, expected, fail, forget, tracked

mlflow = pytest.importorskip('mlflow', reason='needs pip install .[trackers]')


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of a store that the environment alone names."""
    forget(monkeypatch, 'MLFLOW_')
    uri = (tmp_path / 'store').as_uri()
    monkeypatch.setenv('MLFLOW_ALLOW_FILE_STORE', 'true')
    monkeypatch.setenv('MLFLOW_TRACKING_URI', uri)
    monkeypatch.setenv('MLFLOW_EXPERIMENT_NAME', 'trash')
    return mlflow.MlflowClient(uri)


def only_run(store: Any) -> Any:
    experiment = store.get_experiment_by_name('trash')
    (run,) = store.search_runs([experiment.experiment_id])
    return run


def test_a_run(toy_root: Path, tmp_path: Path, store: Any) -> None:
    cfg = tracked('mlflow', toy_root, tmp_path)
    launch.run_training(cfg)
    run = only_run(store)
    assert run.info.run_name == 'run9' and run.info.status == 'FINISHED'
    names = set(run.data.metrics)
    assert names >= LOSSES | MIOUS | {'lr'}
    classes = {name for name in names if name.startswith('IoU_')}
    assert len(classes) == 11
    assert names == LOSSES | MIOUS | classes | {'lr', 'base_lr'}
    for name in ('loss', 'lr', 'mIoU', 'mIoU_256'):
        history = store.get_metric_history(run.info.run_id, name)
        found = [[point.step, point.value] for point in history]
        assert np.allclose(found, expected(tmp_path / 'run9', name))
    tags = run.data.tags
    assert tags.get('git_commit') == cfg.provenance.git_commit
    assert tags['git_dirty'] in ('True', 'False')
    assert (
        tags['data_hash'] == cfg.provenance['data_hash']
        and len(tags['data_hash']) == 64
    )
    assert run.data.params['optim_wrapper.optimizer.lr'] == '0.002'
    assert len(run.data.params) < 10
    artifacts = [item.path for item in store.list_artifacts(run.info.run_id)]
    assert sorted(artifacts) == ['config.py', 'images']
    path = store.download_artifacts(run.info.run_id, 'config.py', str(tmp_path))
    line = f'git_commit={cfg.provenance.git_commit!r}'
    assert line in Path(path).read_text()
    images = [i.path for i in store.list_artifacts(run.info.run_id, 'images')]
    pictures = [path for path in images if path.endswith('.png')]
    assert len(pictures) == 4 and all('panel_' in path for path in pictures)
    # the log file goes on after the library was imported
    (log,) = (tmp_path / 'run9').glob('*/*.log')
    assert 'Iter(train) [2/2]' in log.read_text()


def test_a_failure(
    toy_root: Path, tmp_path: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(tracked('mlflow', toy_root, tmp_path), monkeypatch)
    assert only_run(store).info.status == 'FAILED'


def test_a_run_goes_on(
    toy_root: Path, tmp_path: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process, with another seed, goes on with the run of the first."""
    cfg = tracked('mlflow', toy_root, tmp_path)
    for step in (1, 2):
        cfg.randomness.seed = step
        backend = ChosenMlflowVisBackend(str(tmp_path))
        backend.add_config(cfg)
        backend.add_scalars({'loss': 1 / step, 'time': 3.0}, step=step)
        backend.add_scalar('grad_norm', 5.0, step=step)
        backend.close()
        run = only_run(store)
        monkeypatch.setenv('MLFLOW_RUN_ID', run.info.run_id)
    assert set(run.data.metrics) == {'loss'}
    history = store.get_metric_history(run.info.run_id, 'loss')
    assert [(point.step, point.value) for point in history] == [(1, 1.0), (2, 0.5)]
