"""Reading published weights from an address."""

import os
import re
from pathlib import Path
from urllib.error import URLError

import torch
from mmengine.dist import barrier, get_local_rank

from ..errors import CheckpointError
from .common import State
from .files import read_weights
from .package import PREFIX, read_package


def cached_name(address: str) -> str:
    """Return the name under which the file of an address is kept.

    Hugging Face calls every file ``model.safetensors``; the whole address tells them
    apart.
    """
    return re.sub(r'[^\w.-]+', '--', re.sub(r'^\w+://', '', address))


def read_address(address: str | os.PathLike[str]) -> State:
    """Read the weights of a published file, downloading it once.

    Differs from mmengine's loader in that it reads ``.safetensors`` and runs no code of
    the file. Downloads are kept beside those of ``torch.hub`` (``TORCH_HOME`` moves
    them); one process per machine downloads.

    Args:
        address: A path, an ``http(s)://`` address, or one of an installed package,
            ``package://<distribution>/<path>``.

    Returns:
        The tensors under the file's own names.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: The download failed, the package lacks the file, or the file
            is no checkpoint.
    """
    if str(address).startswith(PREFIX):
        return read_package(str(address))
    if not re.match(r'https?://', str(address)):
        return read_weights(address)
    address = str(address)
    file = Path(torch.hub.get_dir()) / 'checkpoints' / cached_name(address)
    if get_local_rank() == 0 and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(address, str(file), progress=False)
        except (URLError, OSError) as error:
            raise CheckpointError(
                f'{address}: cannot be downloaded ({error}); with a copy on this '
                'machine, set model.backbone.init_cfg.checkpoint to its path'
            ) from error
    barrier()
    return read_weights(file)
