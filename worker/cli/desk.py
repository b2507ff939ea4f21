"""`gouji desk`: the HTTP API and the pages of the review, served by one process."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.console import say, stop

_HERE = {"127.0.0.1", "::1", "localhost"}
_HEADER_BYTES = 32_768
_GRACE_S = 10


def desk(
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="ADDRESS", help="Address to answer at; by default this machine alone."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=1, max=65535, help="Port to answer at.")] = 8080,
) -> None:
    """Serve the review pages and the HTTP API; without a broker, read files that are handed in as well.

    On this machine alone it prints a link that signs in once.
    """
    try:
        import uvicorn

        import worker.desk.pages  # noqa: F401 - what is missing is to be said before anything is opened
        from worker.desk.server import make_server
        from worker.users import Users
    except ModuleNotFoundError as error:
        stop(f"{error.name} is not installed; pip install 'gouji[desk]'")
    from worker import telemetry
    from worker.settings import load_settings
    from worker.store import Store

    settings = load_settings()
    telemetry.configure(settings)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    with Store.open(settings) as store:
        server = make_server(settings, store)
        say(f"gouji desk at {address}")
        if host in _HERE:
            say(f"sign in with {address}/signin/once?token={Users(store).one_time_link()}")
        uvicorn.run(
            server,
            host=host,
            port=port,
            # Records go where all others go; requests are logged by the API itself, without their addresses.
            log_config=None,
            access_log=False,
            server_header=False,
            http="h11",
            h11_max_incomplete_event_size=_HEADER_BYTES,
            timeout_graceful_shutdown=_GRACE_S,
        )
