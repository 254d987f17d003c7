"""Start the application's server."""

from pathlib import Path

from ..errors import ConfigError
from .settings import Settings

THEME = {
    'base': 'light',
    'primaryColor': '#0f6e56',
    'backgroundColor': '#ffffff',
    'secondaryBackgroundColor': '#f6f8fa',
    'textColor': '#1f2328',
    'borderColor': '#d0d7de',
    'baseRadius': '4px',
    'baseFontSize': '14',
    'showWidgetBorder': 'true',
}


def arguments(address: str, port: int, browser: bool) -> list[str]:
    """Return the arguments of ``streamlit run``.

    Args:
        address: Interface to listen on.
        port: Port, 1 to 65535.
        browser: Whether to open a browser.
    """
    options = {
        'server.address': address,
        'server.port': str(port),
        'server.headless': str(not browser).lower(),
        'server.fileWatcherType': 'none',
        'server.enableStaticServing': 'false',
        'browser.gatherUsageStats': 'false',
        'client.toolbarMode': 'minimal',
        'client.showErrorDetails': 'none',
        **{f'theme.{name}': value for name, value in THEME.items()},
    }
    script = str(Path(__file__).with_name('main.py'))
    return ['run', script, *(f'--{name}={value}' for name, value in options.items())]


def serve(
    settings: Settings,
    address: str = 'localhost',
    port: int = 8501,
    browser: bool = True,
) -> None:
    """Serve the application until it is interrupted.

    Args:
        settings: What to show.
        address: Interface to listen on; ``localhost`` is this machine alone.
        port: Port.
        browser: Whether to open a browser.

    Raises:
        ConfigError: streamlit or plotly is missing.
        NotADirectoryError: The data root is no folder.
    """
    try:
        import plotly  # noqa: F401
        from streamlit.web import cli
    except ImportError as error:
        raise ConfigError(
            f'the application needs {error.name}: pip install .[app] (Python 3.11 or '
            'newer)'
        ) from error
    if not Path(settings.data_root).is_dir():
        raise NotADirectoryError(f'data root {settings.data_root} is no folder')
    settings.export()
    # The framework takes seconds to import: before the first page, not during it.
    from ..workbench import compare, playground, viewer  # noqa: F401

    cli.main(arguments(address, port, browser), standalone_mode=False)
