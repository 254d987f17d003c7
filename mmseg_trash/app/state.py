"""What the pages share: settings, opened files, the image that is looked at."""

import contextlib
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from .. import shipped
from ..cli import USER_ERRORS
from ..errors import CheckpointError, DataError
from ..workbench.album import Album
from ..workbench.sources import find_predictions, list_json_files
from ..workbench.survey import Survey, open_survey
from .settings import Settings, read_settings

CURRENT = 'current_image'
WANTED = 'wanted_file'
CHOSEN = 'chosen_images'
ONLY = 'only'
MARKED = 'marked_annotation'
FINDINGS = 'finding_names'
MODEL = 'the model that ships'
PAGES: dict[str, Any] = {}


def guarded(page: Callable[[], None]) -> Callable[[], None]:
    """Show errors that the user can mend as a message in the page."""

    @functools.wraps(page)
    def run() -> None:
        try:
            page()
        except (*USER_ERRORS, OSError) as error:
            st.error(str(error), icon=':material/error:')

    return run


def stamp(path: Path) -> tuple[int, int]:
    """Return what changes with a file: time and size."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@st.cache_resource(max_entries=6, show_spinner='Opening the data set')
def _album(settings: Settings, ann_file: str, mark: tuple[int, int]) -> Album:
    return Album(settings.data_root, ann_file, settings.rule, allowed=settings.allowed)


def open_album(ann_file: str) -> Album:
    """Open a JSON of the data root, once for all sessions."""
    settings = read_settings()
    path = Path(settings.data_root) / ann_file
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    return _album(settings, ann_file, stamp(path))


def list_annotations() -> list[str]:
    """Return the JSON files of the data root.

    Raises:
        FileNotFoundError: There is none.
    """
    root = Path(read_settings().data_root)
    files = list_json_files(root)
    if not files:
        raise FileNotFoundError(f'{root}: holds no COCO file, such as train.json')
    return files


def usable_albums() -> dict[str, Album]:
    """Open the JSON files of the data root; those with a fault are left out."""
    found = {}
    for name in list_annotations():
        with contextlib.suppress(*USER_ERRORS, OSError):
            found[name] = open_album(name)
    return found


def choose_album() -> Album:
    """Offer the JSON files of the data root in the sidebar and open one.

    Raises:
        FileNotFoundError: There is none.
    """
    files = list_annotations()
    root = Path(read_settings().data_root)
    # A widget's value can be set before the widget is drawn alone.
    if st.session_state.get(WANTED) in files:
        st.session_state['ann_file'] = st.session_state[WANTED]
    st.session_state.pop(WANTED, None)
    with st.sidebar:
        ann_file = st.selectbox(
            root.resolve().name, files, key='ann_file', bind='query-params'
        )
    album = open_album(ann_file)
    with st.sidebar:
        st.caption(
            f'{len(album):,} images · {int(album.object_counts.sum()):,} objects'
            + ('' if album.has_labels else ' · no labels')
        )
    return album


@st.cache_resource(max_entries=6, show_spinner='Measuring the images')
def _survey(settings: Settings, ann_file: str, mark: tuple[int, int]) -> Survey:
    root, folders = settings.data_root, settings.folders
    return open_survey(ann_file, root, '', settings.rule, allowed=folders)


def open_survey_of(album: Album) -> Survey:
    """Open the statistics of an album's JSON; the first time takes a while."""
    return _survey(read_settings(), album.ann_file, stamp(album.json_path))


@st.cache_resource(max_entries=8, show_spinner='Opening predictions')
def _predictions(path: str, mark: tuple[int, int]) -> Any:
    from ..workbench.predictions import open_predictions

    rule = read_settings().rule
    return open_predictions(path, rule.category.classes, rule)


def offered_predictions() -> dict[str, str]:
    """Return the predictions to choose from: name shown -> path."""
    settings = read_settings()
    return find_predictions(Path(settings.data_root), settings.predictions)


@st.cache_resource(max_entries=2, show_spinner='Loading the model that ships')
def _model(settings: Settings, ann_file: str, mark: tuple[int, int]) -> Any:
    from ..workbench.model_predictions import ModelPredictions

    album = open_album(ann_file)
    return ModelPredictions(
        shipped.default_model(),
        album.names,
        lambda name: album.picture(album.row(name)),
    )


@st.cache_resource(max_entries=4)
def _model_classes(folder: Path) -> tuple[str, ...]:
    """Return the classes of the model that ships, none where it is not there."""
    try:
        return shipped.shipped_model(shipped.NAME, folder).classes
    except CheckpointError:
        return ()


def choose_predictions(
    label: str, key: str, none: str | None = 'none', album: Album | None = None
) -> Any:
    """Offer the predictions; return what was chosen, opened, or None.

    Args:
        label: Title of the choice.
        key: Its key.
        none: What no predictions are called; None does not offer that.
        album: Whose images the model that ships is offered for as well.
    """
    offered = offered_predictions()
    options = ([none] if none is not None else []) + list(offered)
    if album is not None and _model_classes(shipped.FOLDER) == tuple(album.classes):
        options.append(MODEL)
    if not options:
        return None
    chosen = st.selectbox(label, options, key=key)
    if chosen == none:
        return None
    if chosen == MODEL and album is not None:
        return _model(read_settings(), album.ann_file, stamp(album.json_path))
    return load_predictions(offered[chosen])


def load_predictions(path: str) -> Any:
    """Open predictions, once for all sessions."""
    files = [Path(path, *below) for below in (('store.json',), ('probs', 'store.json'))]
    made = next((file for file in files if file.is_file()), Path(path))
    return _predictions(path, stamp(made))


def look_at(
    name: str,
    names: Sequence[str] = (),
    title: str = '',
    annotation: int | None = None,
    ann_file: str = '',
) -> None:
    """Go to the viewer.

    Args:
        name: The image to show.
        names: Images to leaf through; none keeps what the viewer has.
        title: Where they come from.
        annotation: Id of the annotation to point at.
        ann_file: JSON that the image is in; empty is the one that is open.
    """
    if ann_file:
        st.session_state[WANTED] = ann_file
    st.session_state[MARKED] = (name, annotation)
    st.session_state[CURRENT] = name
    if names:
        st.session_state[CHOSEN] = (title, frozenset(names))
        st.session_state[ONLY] = f'from {title}'
    if 'viewer' not in PAGES:
        raise DataError('the viewer is no page of this application')
    st.switch_page(PAGES['viewer'])
