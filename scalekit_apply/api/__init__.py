"""The Scalekit REST API over HTTP."""
