"""Predict the frames of a video, resumable, and draw the result as a video."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..fileio import atomic_write
from ..progress import track
from .visualize import overlay
from .writer import PredictionWriter

SUFFIXES = frozenset({'.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v'})
CODEC = 'mp4v'


@dataclass(frozen=True)
class Video:
    """A video's file.

    Attributes:
        path: The file.
        fps: Frames per second.
        total: Number of frames as the container says, which may be wrong.
    """

    path: Path
    fps: float
    total: int

    @classmethod
    def open(cls, path: str | Path) -> 'Video':
        """Look at a video.

        Raises:
            FileNotFoundError: There is no such file.
            DataError: It is no video that OpenCV reads.
        """
        file = Path(path)
        if not file.is_file():
            raise FileNotFoundError(f'{file}: no such file')
        capture = cv2.VideoCapture(str(file))
        try:
            if not capture.isOpened() or not capture.grab():
                raise DataError(f'{file}: is no video that can be read')
            fps = float(capture.get(cv2.CAP_PROP_FPS)) or 25.0
            total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finally:
            capture.release()
        return cls(file, fps, max(total, 1))

    def name(self, number: int) -> str:
        """Return the name of a frame, as ``clip.mp4/000012``."""
        return f'{self.path.name}/{number:06}'

    def frames(
        self, wanted: Any = lambda name: True
    ) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Decode the frames whose name is wanted; the others are passed over.

        Args:
            wanted: Name -> whether the frame is decoded.

        Yields:
            Names and (H, W, 3) uint8 BGR.
        """
        capture = cv2.VideoCapture(str(self.path))
        try:
            number = 0
            while capture.grab():
                name = self.name(number)
                if wanted(name):
                    ok, frame = capture.retrieve()
                    if ok:
                        yield name, np.asarray(frame, np.uint8)
                number += 1
        finally:
            capture.release()


def predict_video(predictor: Any, video: Video, writer: PredictionWriter) -> int:
    """Predict the frames that are not done yet.

    Args:
        predictor: A :class:`~.predictor.Predictor`.
        video: The video.
        writer: Writes each frame's label map.

    Returns:
        How many frames were predicted.
    """
    kept: dict[str, NDArray[np.uint8]] = {}

    def frames() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        for name, frame in video.frames(lambda name: not writer.is_done(name)):
            kept[name] = frame
            yield name, frame

    number = 0
    left = sum(not writer.is_done(video.name(place)) for place in range(video.total))
    rows = predictor.probs_of_arrays(frames())
    for name, probs in track(rows, left, 'predicting'):
        image = np.asarray(cv2.cvtColor(kept.pop(name), cv2.COLOR_BGR2RGB), np.uint8)
        writer.write(name, probs, image)
        number += 1
    return number


def draw_video(video: Video, writer: PredictionWriter, out: Path) -> int:
    """Draw the label maps over the frames and write them as a video.

    Args:
        video: The video.
        writer: Has written every frame's label map.
        out: The ``.mp4`` to write.

    Returns:
        The number of frames.

    Raises:
        DataError: A label map is missing, or OpenCV cannot write the file.
    """
    number = 0
    with atomic_write(out) as temporary:
        target: cv2.VideoWriter | None = None
        for name, frame in video.frames():
            ((_, label),) = writer.labels([name])
            if target is None:
                size = (frame.shape[1], frame.shape[0])
                code = cv2.VideoWriter_fourcc(*CODEC)  # type: ignore[attr-defined]
                target = cv2.VideoWriter(str(temporary), code, video.fps, size)
                if not target.isOpened():
                    raise DataError(f'{out}: OpenCV cannot write {CODEC} videos')
            drawn = overlay(np.asarray(frame[..., ::-1]), label, writer.palette)
            target.write(np.ascontiguousarray(drawn[..., ::-1]))
            number += 1
        if target is None:
            raise DataError(f'{video.path}: holds no frame')
        target.release()
    return number
