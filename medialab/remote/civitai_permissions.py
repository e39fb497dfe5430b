"""Who may download a model of CivitAI, and what for, in sentences."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from medialab.remote.answers import line, text, texts, when


def in_early_access(until: datetime) -> str:
    """Return the sentence about a version that only some may download until a moment."""
    return f"it is in early access until {until:%Y-%m-%d %H:%M} UTC; download it after that"


def closed(version: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """Return why nobody can download a version; "" if somebody can."""
    mode = line(model.get("mode")).lower()
    if mode == "archived":
        return "its creator has archived it, and it cannot be downloaded any longer"
    if mode == "takendown":
        return "CivitAI has taken it down"
    use = line(version.get("usageControl"))
    if use and use != "Download":
        return "its creator lets people use it on CivitAI only, and not download it"
    return ""


def paid(version: Mapping[str, Any]) -> str:
    """Return that a version is sold; "" if it is not. The field is a flag, or has the terms."""
    if not isinstance(terms := version.get("paidAccess"), bool | dict) or not terms:
        return ""
    return "its creator gives it only to those who buy access on its page"


def deadline(version: Mapping[str, Any]) -> str:
    """Return when a version's early access ends, as CivitAI writes it; "" if it has none."""
    names = ("earlyAccessEndsAt", "earlyAccessDeadline")
    return next((found for one in names if (found := text(version.get(one), 40))), "")


def early_access(version: Mapping[str, Any]) -> datetime | None:
    """Return when a version's early access ends; None if it has none, or it is over."""
    until = when(deadline(version))
    return until if until and until > datetime.now(UTC) else None


def licence(model: Mapping[str, Any]) -> str:
    """Return CivitAI's four permissions as a sentence; "" if the answer has none of them."""
    parts = []
    credit, same = model.get("allowNoCredit"), model.get("allowDifferentLicense")
    if isinstance(credit, bool):
        parts.append("no credit needed" if credit else "credit the creator")
    uses = model.get("allowCommercialUse")
    if isinstance(uses, str):  # also written as PostgreSQL's array: {Image,Sell}
        uses = uses.strip("{}").split(",")
    if isinstance(uses, list):
        named = [one for one in texts(uses) if one.lower() != "none"]
        parts.append(f"commercial use: {', '.join(named) or 'none'}")
    if isinstance(merges := model.get("allowDerivatives"), bool):
        parts.append("merges allowed" if merges else "no merges")
    if isinstance(same, bool):
        parts.append("other permissions for merges" if same else "same permissions for merges")
    return "; ".join(parts)
