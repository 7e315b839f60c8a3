"""``python -m scalekit_apply``."""

from __future__ import annotations

from scalekit_apply.cli import main

main()
