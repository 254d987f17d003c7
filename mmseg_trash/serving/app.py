"""The routes of the service."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..inference.prediction import Prediction
from ..inference.segmenter import Segmenter
from .answers import OUTPUTS, Answer, choose
from .desk import Desk
from .limits import Limits, RefusalError
from .metrics import Metrics
from .photos import decode

LOG = logging.getLogger('mmseg_trash.serving')
_DRAINED = 4
"""Refused bodies are read up to so many times the limit, to be able to answer."""


class Service:
    """One model behind ``POST /segment``.

    Args:
        segmenter: The model.
        limits: What is refused.
        name: What ``GET /model`` calls the model.
    """

    def __init__(self, segmenter: Segmenter, limits: Limits, name: str = '') -> None:
        self.segmenter = segmenter
        self.limits = limits
        self.name = name
        self.desk = Desk(limits.places)
        self.metrics = Metrics()

    def app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route('/segment', self.segment, methods=['POST']),
            Route('/health', self.health),
            Route('/model', self.model),
            Route('/metrics', self.report),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        self.desk.close()

    async def segment(self, request: Request) -> Response:
        """Answer the photograph in the body in the form of ``?output=``."""
        start = time.perf_counter()
        try:
            response = await self._answer(request)
        except RefusalError as refusal:
            response = _refused(refusal)
        except ClientDisconnect:
            response = _refused(RefusalError(400, 'the client hung up'))
        except Exception:
            LOG.exception('a request failed')
            response = _refused(RefusalError(500, 'the model failed on this image'))
        self.metrics.answered(response.status_code, time.perf_counter() - start)
        return response

    async def _answer(self, request: Request) -> Response:
        most = self.limits.upload
        try:
            media, answer = choose(
                request.query_params.get('output'), request.headers.get('accept')
            )
            told = request.headers.get('content-length', '')
            if told.isdigit() and int(told) > most:
                raise RefusalError(413, f'{told} bytes, the limit is {most}')
            self.desk.enter()
        except RefusalError:
            await self._drain(request)
            raise
        try:
            content = await asyncio.wait_for(
                self._body(request), timeout=self.limits.seconds
            )
        except BaseException as error:
            self.desk.leave()
            if isinstance(error, asyncio.TimeoutError):
                raise RefusalError(408, 'the body came too slowly') from error
            raise
        job = partial(self._compute, content, answer)
        found = await self.desk.work(job, self.limits.seconds)
        return Response(found, media_type=media)

    async def _body(self, request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self.limits.upload:
                await self._drain(request)
                raise RefusalError(413, f'more than {self.limits.upload} bytes')
            parts.append(part)
        if not size:
            raise RefusalError(400, 'the body is empty; it has to be the image itself')
        return b''.join(parts)

    async def _drain(self, request: Request) -> None:
        """Read on without keeping anything: who still sends does not read answers."""
        left = _DRAINED * self.limits.upload

        async def read() -> None:
            nonlocal left
            async for part in request.stream():
                left -= len(part)
                if left < 0:
                    return

        try:
            await asyncio.wait_for(read(), self.limits.seconds)
        except (asyncio.TimeoutError, ClientDisconnect, RuntimeError):
            return

    def _compute(self, content: bytes, answer: Answer) -> bytes:
        """Decode, predict and encode, in the desk's thread."""
        image = decode(content, self.limits)
        start = time.perf_counter()
        label, _ = self.segmenter.predict(image)
        self.metrics.predicted(label.size, time.perf_counter() - start)
        classes, palette = self.segmenter.classes, self.segmenter.palette
        return answer(Prediction(image, label, classes, palette))

    async def health(self, request: Request) -> Response:
        """Say that the service answers, and how many places are taken."""
        desk = self.desk
        return JSONResponse(dict(status='ok', taken=desk.taken, places=desk.places))

    async def model(self, request: Request) -> Response:
        """Describe the model: name, classes, palette, outputs."""
        return JSONResponse(
            dict(
                name=self.name,
                classes=list(self.segmenter.classes),
                palette=[list(colour) for colour in self.segmenter.palette],
                outputs={name: media for name, (media, _) in OUTPUTS.items()},
            )
        )

    async def report(self, request: Request) -> Response:
        """Give the counters, see :class:`Metrics`."""
        text = self.metrics.text(self.desk.taken, self.desk.places)
        return PlainTextResponse(text, media_type='text/plain; version=0.0.4')


def _refused(refusal: RefusalError) -> Response:
    headers = {}
    if refusal.retry_after is not None:
        headers['Retry-After'] = str(refusal.retry_after)
    body = dict(error=refusal.reason)
    return JSONResponse(body, status_code=refusal.status, headers=headers)
