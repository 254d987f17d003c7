"""Playground: a config's augmentation on any image, step by step."""

from pathlib import Path
from typing import Any

import streamlit as st

from ...errors import ConfigError
from ...inference.visualize import overlay
from ...workbench.album import Album
from ...workbench.fragment import fragment, write_fragment
from ...workbench.playground import (
    Recipe,
    Stage,
    Step,
    open_images,
    read_recipe,
    run_steps,
)
from ...workbench.sources import list_configs
from ..settings import read_settings
from ..state import CURRENT, choose_album, stamp
from ..step_controls import SOURCE, reset
from ..step_controls import controls as step_controls

OUT = 'work_dirs/playground'


def show() -> None:
    """Draw the page."""
    album = choose_album()
    if not album.has_labels:
        st.info('These annotations hold no labels; choose another JSON.')
        return
    st.title('Augmentation playground', anchor=False)
    settings = read_settings()
    configs = list_configs(settings.configs)
    if not configs:
        raise FileNotFoundError(f'{settings.configs}: holds no configs (--configs)')
    start = _start(configs)
    left, middle, right = st.columns([5, 3, 2])
    config = left.selectbox('Config', configs, start, key='playground_config')
    path = Path(settings.configs) / config
    recipe = _recipe(str(path), stamp(path), settings.data_root, album.ann_file)
    names = album.names
    current = st.session_state.get(CURRENT)
    index = names.index(current) if current in names else 0
    name = middle.selectbox('Image', names, index, key='playground_image')
    st.session_state[CURRENT] = name
    seeds = right.slider('Seeds', 1, 6, 3, key='playground_seeds')
    source = f'{config}|{album.json_path}'
    if st.session_state.get(SOURCE) != source:
        reset(recipe, source)
    controls, pictures = st.columns([3, 7], gap='large')
    with controls:
        steps = step_controls(recipe, source)
    dataset = _images(recipe, str(path), str(album.json_path))
    with pictures:
        _stages(album, dataset, names.index(name), steps, seeds)
    with controls:
        _export(recipe, steps)


def _start(configs: list[str]) -> int:
    """Return the config to begin with: one with donors, on large images."""
    mixing = [i for i, name in enumerate(configs) if 'classmix' in name]
    large = [i for i in mixing if '512x512' in configs[i]]
    return next(iter([*large, *mixing]), 0)


@st.cache_resource(max_entries=4, show_spinner='Reading the config')
def _recipe(path: str, mark: tuple[int, int], data_root: str, ann_file: str) -> Recipe:
    return read_recipe(path, data_root, ann_file)


@st.cache_resource(max_entries=2, show_spinner='Opening the images')
def _images(_recipe: Recipe, path: str, json_path: str) -> Any:
    return open_images(_recipe)


def _stages(
    album: Album, dataset: Any, index: int, steps: list[Step], seeds: int
) -> None:
    """Draw what each step makes: a line of pictures per step, a column per seed."""
    runs = [run_steps(dataset, index, steps, s, album.allowed) for s in range(seeds)]
    left, right = st.columns([3, 2])
    opacity = left.slider('Opacity of the labels', 0.0, 1.0, 0.4, key='play_opacity')
    only = right.toggle('Only the last step', key='play_last')
    longest = max(len(run) for run in runs)
    places = [longest - 1] if only else range(1, longest)
    for place in places:
        stages = [run[place] if place < len(run) else None for run in runs]
        first = next(stage for stage in stages if stage is not None)
        st.subheader(f'{place + 1}. {_name(first.step)}', anchor=False)
        for column, stage, seed in zip(st.columns(seeds), stages, range(seeds)):
            with column:
                _stage(album, stage, seed, opacity)


def _name(step: Step) -> str:
    if step['type'] != 'Albumentations':
        return str(step['type'])
    return ', '.join(str(item['type']) for item in step['transforms'])


def _stage(album: Album, stage: Stage | None, seed: int, opacity: float) -> None:
    if stage is None:
        return
    if stage.error:
        st.error(stage.error)
        return
    if stage.picture is None:
        return
    picture = stage.picture
    if stage.label is not None and opacity and stage.label.shape == picture.shape[:2]:
        picture = overlay(picture, stage.label, album.palette, opacity)
    height, width = stage.picture.shape[:2]
    st.image(picture, caption=f'seed {seed} · {width} × {height}', width='stretch')
    if stage.donors:
        for column, donor in zip(st.columns(4), stage.donors):
            small = overlay(donor.picture, donor.label, album.palette, opacity)
            column.image(small, caption='donor', width='stretch', alt=donor.name)


def _export(recipe: Recipe, steps: list[Step]) -> None:
    """Offer the pipeline as a config."""
    st.subheader('As a config', anchor=False)
    try:
        text = fragment(recipe, steps, OUT)
    except ConfigError as error:
        st.error(str(error))
        return
    st.code(text, language='python', wrap_lines=True)
    start = f'{recipe.config.stem}-changed'
    stem = st.text_input('File', start, key=f'file|{recipe.config}')
    safe = ''.join(c if c.isalnum() or c in '-_' else '-' for c in stem) or 'pipeline'
    with st.container(horizontal=True):
        if st.button('Write', icon=':material/save:', help=f'into {OUT}/'):
            st.success(f'wrote {write_fragment(recipe, steps, f"{OUT}/{safe}.py")}')
        st.download_button('Download', text, f'{safe}.py', 'text/x-python')
