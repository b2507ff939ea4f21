"""Webhooks: others are told over HTTP what happened here, at least once, signed, and only where it is safe to ask.

Messages are written by `worker.store.hooks.tell` with the change that they tell of; here they are sent.
"""

from worker.hooks.delivery import deliver, register
from worker.hooks.signing import new_secret, signed
from worker.hooks.target import check_url

__all__ = ["check_url", "deliver", "new_secret", "register", "signed"]
