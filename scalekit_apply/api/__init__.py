"""The Scalekit REST API over HTTP: the only package that imports httpx."""

from scalekit_apply.api.auth import TokenFacts
from scalekit_apply.api.client import ReadClient, WriteClient
from scalekit_apply.api.inspection import Shown
from scalekit_apply.api.options import ApiOptions, Exchange

__all__ = ["ApiOptions", "Exchange", "ReadClient", "Shown", "TokenFacts", "WriteClient"]
