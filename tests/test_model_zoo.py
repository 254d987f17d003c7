"""The zoo's tables are those of its configs, and its figures the published ones."""

import json
import runpy
import shutil
from pathlib import Path

import pytest

from mmseg_trash.config_name import ConfigName, parse
from mmseg_trash.models.complexity import Complexity
from mmseg_trash.zoo import Entry, entries, leaves, stale, write
from mmseg_trash.zoo.figures import count_figures
from mmseg_trash.zoo.scores import read_scores
from mmseg_trash.zoo.weights import describe

# Millions of parameters (11 classes, auxiliary head included) and GMACs at 512x512, of
# mmseg's own networks and smp's: SegFormer's with 256 channels in the head; Swin-B and
# -L with window 12.
FIGURES = {
    'deeplabv3plus/deeplabv3plus_efficientnet-b3': ('11.68', '11.9'),
    'deeplabv3plus/deeplabv3plus_efficientnet-b7': ('65.11', '59.5'),
    'deeplabv3plus/deeplabv3plus_efficientnet-lite0': ('3.86', '5.7'),
    'knet/knet_swin-l-in22k': ('246.86', '420.0'),
    'knet/knet_swin-t': ('73.05', '249.3'),
    'ocrnet/ocrnet_hrnet-w18': ('12.07', '53.0'),
    'ocrnet/ocrnet_hrnet-w48': ('70.36', '161.9'),
    'pan/pan_efficientnet-b3': ('10.81', '10.0'),
    'pan/pan_mobilenetv2-100': ('1.90', '2.6'),
    'segformer/segformer_mit-b0': ('3.72', '7.8'),
    'segformer/segformer_mit-b1': ('13.68', '15.3'),
    'segformer/segformer_mit-b2': ('24.73', '25.1'),
    'segformer/segformer_mit-b3': ('44.60', '41.7'),
    'segformer/segformer_mit-b4': ('61.37', '58.3'),
    'segformer/segformer_mit-b5': ('81.97', '74.3'),
    'smpfpn/smpfpn_efficientnet-b3': ('12.48', '12.9'),
    'smpfpn/smpfpn_efficientnet-b7': ('65.67', '34.7'),
    'smpfpn/smpfpn_efficientnet-lite0': ('4.71', '9.9'),
    'smpfpn/smpfpn_mobilenetv2-100': ('3.56', '9.4'),
    'unet/unet_efficientnet-lite1': ('5.96', '12.5'),
    'unetplusplus/unetplusplus_efficientnet-b3': ('13.63', '31.1'),
    'unetplusplus/unetplusplus_efficientnet-b7': ('68.17', '74.9'),
    'unetplusplus/unetplusplus_efficientnet-lite2': ('6.97', '17.8'),
    'upernet/upernet_convnext-b': ('122.00', '291.2'),
    'upernet/upernet_convnext-l-in22k': ('234.89', '392.0'),
    'upernet/upernet_convnext-s': ('81.77', '255.6'),
    'upernet/upernet_convnext-t': ('60.14', '233.5'),
    'upernet/upernet_convnext-xl-in22k': ('391.03', '532.4'),
    'upernet/upernet_swin-b-w12-384-in22k': ('121.31', '304.3'),
    'upernet/upernet_swin-l-w12-384-in22k': ('233.86', '418.2'),
    'upernet/upernet_swin-s': ('81.15', '259.4'),
    'upernet/upernet_swin-t': ('59.83', '235.7'),
}


@pytest.fixture(scope='module')
def found(project: Path) -> list[Entry]:
    """Build every network of the zoo; this is the test that they all build."""
    return entries(project)


def test_every_network_builds_and_computes(found: list[Entry], project: Path) -> None:
    assert len(found) == len(list((project / 'configs').glob('[!_]*/*.py'))) >= 26
    for entry in found:
        assert entry.complexity.parameters > 1.8e6, entry.path
        assert entry.complexity.macs > 1.5e9, entry.path
        larger = max(entry.name.crop_size) > 512
        assert (entry.complexity_at_crop is not None) == larger, entry.path


def test_measured_figures(found: list[Entry]) -> None:
    plain = {
        f'{e.name.method}/{e.path.stem.split("_1xb8")[0]}': e.complexity
        for e in found
        if e.path.stem.endswith('1xb8-20k_trash-512x512')
    }
    for stem, figures in FIGURES.items():
        complexity = plain[stem]
        assert (complexity.mega_parameters, complexity.giga_macs) == figures, stem


def test_figures_of_the_papers(project: Path) -> None:
    counted = count_figures(project, read_scores(project).figures)
    assert len(counted) >= 24
    wrong = [c for c in counted if not c.agrees]
    assert not wrong


def test_every_score_has_its_page(found: list[Entry], project: Path) -> None:
    scores = read_scores(project)
    assert {s.method for s in scores.published} <= {e.name.method for e in found}
    stems = {e.path.stem for e in found}
    assert {s.config for s in scores.ours} | set(scores.speeds.rows) <= stems


def test_tables_are_fresh(
    found: list[Entry], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``tools/model_zoo.py --check`` checks; to mend it, run without --check."""
    monkeypatch.setattr(write, 'entries', lambda root: found)
    assert [str(file.relative_to(project)) for file, _ in stale(project)] == []


@pytest.fixture()
def small_zoo(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project of two configs, whose cost is made up."""
    name = 'segformer_mit-b0_1xb8-20k_trash-512x512.py'
    folder = tmp_path / 'configs/segformer'
    folder.mkdir(parents=True)
    (tmp_path / 'README.md').write_text(f'before\n{write.BEGIN}old{write.END}\nafter\n')
    (folder / 'README.md').write_text('# SegFormer\n')
    shutil.copy(project / 'configs/segformer/metafile.yml', folder)
    (tmp_path / 'docs').mkdir()
    (tmp_path / 'docs/scores.yml').write_text(
        'published: [{cohort: 4, method: segformer, model: Soup, public: .6232},\n'
        '            {cohort: 4, method: upernet, model: Other, public: .7}]\n'
        f'ours: [{{config: {name[:-3]}, data: drawn, miou: 61.25}}]\n'
    )
    speed = dict(images_per_second=1.5)
    (tmp_path / 'docs/speeds.json').write_text(
        json.dumps(dict(device='one core', rows={name[:-3]: speed}))
    )
    names = [name, name.replace('1xb8', '1xb8-iouce')]
    source = describe('https://host/mit_b0_1.pth')
    found = [
        Entry(
            folder / n, parse(n), Complexity(3_720_000 + i, 7_800_000_000), None,
            'AdamW 6e-5, poly', source,
        )
        for i, n in enumerate(names)
    ]  # fmt: skip
    monkeypatch.setattr(write, 'entries', lambda root: found)
    return tmp_path


def test_tool_writes_and_checks(
    small_zoo: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = runpy.run_path(str(project / 'tools/model_zoo.py'))['main']
    main.__globals__['ROOT'] = small_zoo
    assert main(['--check']) == 1
    assert 'stale: README.md' in capsys.readouterr().out
    assert 'old' in (small_zoo / 'README.md').read_text()
    assert main([]) == 0
    assert main(['--check']) == 0
    text = (small_zoo / 'README.md').read_text()
    assert text.startswith('before\n') and text.endswith('after\n')
    assert 'old' not in text
    assert (
        '| [segformer](configs/segformer/README.md) | mit b0 | 2 | 4 | 8 '
        '| NVIDIA, non-commercial |' in text
    )
    page = (small_zoo / write.PAGE).read_text()
    assert page.count('| 3.72 | 7.8 |') == 2 and 'Soup' in page and 'Other' in page
    family = (small_zoo / 'configs/segformer/README.md').read_text()
    assert family.startswith('# SegFormer\n\n## Models\n')
    plain, ablation = (r for r in family.splitlines() if '| 3.72 |' in r)
    assert '| in1k |  | 3.72 | 7.8 | 1.50 | AdamW 6e-5, poly | [SegFormer](' in plain
    assert '| in1k | iouce | 3.72 | 7.8 |  |' in ablation
    assert 'one core' in family and '| drawn | 61.2 |' in family
    assert '| 4 | Soup | 0.6232 |' in family and 'Other' not in family
    assert 'configs/segformer/metafile.yml' in (small_zoo / write.INDEX).read_text()
    metafile = small_zoo / 'configs/segformer/metafile.yml'
    assert 'Parameters: 3720001\n      FLOPs: 15600000000\n' in metafile.read_text()
    metafile.write_text(metafile.read_text().replace('3720001', '3720002'))
    capsys.readouterr()
    assert main(['--check']) == 1
    assert capsys.readouterr().out == 'stale: configs/segformer/metafile.yml\n'


def test_metafile_without_models() -> None:
    text = write.metafile('Collections:', [], 'upernet')
    assert text == f'Collections:\n\n{write.MODELS_MARK}Models:\n'
    assert write.metafile(text, [], 'upernet') == text


def test_no_configs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='holds no configs'):
        leaves(tmp_path)


def test_names() -> None:
    name = 'upernet_swin-l-w12-384-in22k_2xb4-classmix-iouce-80k_trash-512x640.py'
    assert parse(name) == ConfigName(
        'upernet', 'swin', 'l', 'w12-384-in22k', 2, 4, ('classmix', 'iouce'),
        80000, 'trash', (512, 640),
    )  # fmt: skip
    assert parse('segformer_mit-b0_1xb8-1k_toy-128x128.py').tags == ()
    assert parse('segformer_mit-b0_1xb8-iouce-0.6k_demo-224x224.py').iterations == 600
    for wrong in ('segformer_b0_1xb8-1k_toy-128x128', 'segformer_mit-b0_8-2k_toy-256'):
        with pytest.raises(ValueError, match='does not follow'):
            parse(wrong)
