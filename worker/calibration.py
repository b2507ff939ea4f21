"""What evidence is worth: the chance that a table is right, and from which chance on it is accepted.

A calibration is fitted by `gouji eval calibrate` and is plain JSON. Sums are of Decimal and thresholds are compared
in whole ten-thousandths: the same evidence is accepted on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas import ConfigError
from worker.evidence import FEATURES, WHOLE
from worker.settings import Settings

SHIPPED = Path(__file__).parent / "data" / "calibration.json"
_REMEDY = "make one with gouji eval calibrate --out FILE"
_DIGITS = 28
# Fewer tables than this are an anecdote: their template counts as never seen.
_SEEN = 10


class Template(BaseModel):
    """What calibration saw of one template: tables, those that were right, those that it would accept, and the
    wrong ones among these."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: int = 0
    right: int = 0
    accepted: int = 0
    wrong: int = 0


class Calibration(BaseModel):
    """A logistic model of evidence and the threshold of its confidence, in ten-thousandths.

    `weights` are by the names of `worker.evidence.FEATURES`, a whole (10,000) of the feature weighing that much.
    Where `certified`: of documents like the `documents` from which something was accepted, at most a share `alpha`
    holds a wrong cell in an accepted table, with confidence 1 - `delta`; `errors` of them did. Else `needed` says
    how many it takes. `made` tells from what it was fitted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    intercept: Decimal
    weights: dict[str, Decimal]
    threshold: int = Field(ge=0, le=WHOLE)
    certified: bool
    alpha: Decimal = Field(gt=0, lt=1)
    delta: Decimal = Field(gt=0, lt=1)
    documents: int = Field(ge=0)
    errors: int = Field(ge=0)
    needed: int = Field(ge=0)
    templates: dict[str, Template]
    made: dict[str, str] = {}

    @model_validator(mode="after")
    def _knows_the_features(self) -> Calibration:
        if differing := sorted(self.weights.keys() ^ FEATURES.keys()):
            raise ValueError(f"its features are not those of this version: {', '.join(differing)}")
        return self

    def confidence(self, features: Mapping[str, int]) -> int:
        """The chance that a table is right, in ten-thousandths, strictly between none and all."""
        with localcontext(prec=_DIGITS):
            odds = (
                self.intercept
                + sum((weight * features[name] for name, weight in self.weights.items()), Decimal(0)) / WHOLE
            )
            chance = 1 / (1 + (-odds).exp())
            return min(max(int(chance * WHOLE), 1), WHOLE - 1)

    def seen(self, template: str) -> bool:
        """Whether tables of a template were calibrated."""
        known = self.templates.get(template)
        return known is not None and known.tables >= _SEEN


class Policy(NamedTuple):
    """How tables are routed: by which calibration, and what share of accepted ones people look at all the same."""

    calibration: Calibration
    audit_share: Decimal = Decimal(0)

    def draws(self, document: str, table_id: str) -> bool:
        """Whether chance draws a table for audit: by its document's digest and its id, the same every time."""
        drawn = hashlib.sha256(f"{document}:{table_id}".encode()).digest()
        return int.from_bytes(drawn[:8]) < self.audit_share * 2**64


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration in a file, the shipped one without. Raises ConfigError that names the file and the remedy."""
    path = path or SHIPPED
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}; {_REMEDY}") from None
    except ValidationError as error:
        message = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise ConfigError(
            f"{path} is no calibration ({message.removeprefix('Value error, ')}); {_REMEDY}"
        ) from None


@cache
def shipped_policy() -> Policy:
    """The policy where none is given: the shipped calibration, no audit."""
    return Policy(load_calibration())


def policy_of(settings: Settings) -> Policy:
    """The policy that settings ask for. Raises ConfigError for a calibration that cannot be used."""
    calibration = (
        load_calibration(settings.calibration) if settings.calibration else shipped_policy().calibration
    )
    return Policy(calibration, settings.audit_share)
