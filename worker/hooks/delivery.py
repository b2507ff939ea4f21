"""Sending what waits to be told. Of an answer nothing but its status is looked at."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from importlib.metadata import version

import httpx2

from schemas import InputError
from worker.hooks.signing import new_secret, signed
from worker.hooks.target import Target, addresses, check_url
from worker.settings import Settings
from worker.store import Store
from worker.store.hooks import Answer, HookRecord, Sending

_TIMEOUTS = httpx2.Timeout(10.0, connect=5.0)
_DEADLINE_S = 20.0
_TRIED = 3
_SENT = 50

_log = logging.getLogger(__name__)


def register(store: Store, settings: Settings, url: str, events: tuple[str, ...]) -> tuple[HookRecord, str]:
    """Enter a webhook; its record, and its secret, which is not told again. Raises InputError."""
    check_url(url, private=settings.webhook_private)
    secret = new_secret()
    return store.hooks.add(url, events, secret), secret


def deliver(store: Store, settings: Settings, worker: str) -> None:
    """Send what is due, a few dozen messages at most; those that ended days ago are removed."""
    for _ in range(_SENT):
        sending = store.hooks.claim(worker)
        if sending is None:
            break
        answer = send(sending, private=settings.webhook_private)
        store.hooks.settle(sending.id, worker, answer)
        if not answer.accepted:
            _log.warning("message %s was not taken: %s", sending.message, answer.error)
    store.hooks.purge()


def send(sending: Sending, *, private: bool) -> Answer:
    """Send one message; what came of it. Nothing is raised for what others do wrong."""
    try:
        target = check_url(sending.url, private=private)
        found = addresses(target, private=private)
    except InputError as error:
        return Answer(None, f"{error.problem}; {error.remedy}", unreached=True)
    except (OSError, UnicodeError):
        return Answer(None, "its name cannot be resolved", unreached=True)
    answer = Answer(None, "it has no address", unreached=True)
    for address in found[:_TRIED]:
        answer = _post(sending, target, address)
        if not answer.error.startswith(_NO_CONNECTION):
            break
    return answer


_NO_CONNECTION = "no connection"


def _post(sending: Sending, target: Target, address: str) -> Answer:
    body = sending.payload.encode()
    headers = {
        **signed(sending.secret, sending.message, int(time.time()), body),
        "host": target.header,
        "content-type": "application/json",
        "user-agent": f"gouji/{version('gouji')}",
    }
    # With a transport of its own no proxy of the environment stands between.
    with httpx2.Client(transport=httpx2.HTTPTransport(), timeout=_TIMEOUTS, follow_redirects=False) as client:
        # Each time-out holds for one read: who answers a byte at a time would keep a worker for hours.
        deadline = threading.Timer(_DEADLINE_S, client.close)
        deadline.daemon = True
        deadline.start()
        try:
            request = client.build_request(
                "POST",
                target.at(address),
                content=body,
                headers=headers,
                extensions={"sni_hostname": target.name},
            )
            response = client.send(request, stream=True)
            response.close()
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return Answer(None, f"{_NO_CONNECTION} ({_in_words(error)})", unreached=True)
        except httpx2.HTTPError as error:
            return Answer(None, f"no answer ({_in_words(error)})", unreached=True)
        # A connection that is closed under a reader fails in many ways.
        except (OSError, RuntimeError, httpx2.InvalidURL) as error:
            return Answer(None, f"no answer ({type(error).__name__})", unreached=True)
        finally:
            deadline.cancel()
    status = response.status_code
    if 300 <= status < 400:
        return Answer(status, f"HTTP {status}: redirects are not followed; register where it leads")
    return Answer(status, "" if response.is_success else f"HTTP {status}")


def _in_words(error: httpx2.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate does not hold: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
