"""The server and its orderly end."""

import socket
import sys
from typing import Any

from ..errors import ConfigError
from ..inference.segmenter import Segmenter
from .limits import Limits


def open_server(
    segmenter: Segmenter,
    limits: Limits,
    host: str = '127.0.0.1',
    port: int = 8000,
    name: str = '',
) -> tuple[Any, socket.socket]:
    """Prepare the server and the socket that it listens on.

    Args:
        segmenter: The model.
        limits: What is refused.
        host: Address to listen on; the default answers this machine alone.
        port: 0 takes a free one.
        name: What ``GET /model`` calls the model.

    Returns:
        A ``uvicorn.Server``, to be run with the socket.

    Raises:
        ImportError: ``starlette`` or ``uvicorn`` is not installed.
        ConfigError: The address cannot be listened on.
    """
    try:
        import uvicorn

        from .app import Service
    except ImportError as error:
        raise ImportError(
            "the service needs uvicorn and starlette: pip install 'mmseg_trash[serve]'"
        ) from error
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # who calls before the server runs has to wait
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(f'{host}:{port}: cannot be listened on: {error}') from error
    config = uvicorn.Config(
        Service(segmenter, limits, name).app(),
        log_level='warning',
        # A body and its answer may each take their time.
        timeout_graceful_shutdown=int(2 * limits.seconds) + 1,
    )
    return uvicorn.Server(config), listener


def serve(
    segmenter: Segmenter,
    limits: Limits,
    host: str = '127.0.0.1',
    port: int = 8000,
    name: str = '',
) -> None:
    """Answer requests until SIGINT or SIGTERM; then finish what has begun.

    Args and errors are those of :func:`open_server`.
    """
    server, listener = open_server(segmenter, limits, host, port, name)
    print_address(host, listener.getsockname()[1])
    server.run(sockets=[listener])


def print_address(host: str, port: int) -> None:
    """Tell on standard error where the service is."""
    shown = f'[{host}]' if ':' in host else host
    sys.stderr.write(f'serving on http://{shown}:{port}, POST /segment\n')
    sys.stderr.flush()
