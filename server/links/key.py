"""The secret that tokens are made with."""

from flask import current_app

from server.core.config import Settings


def signing_key() -> str:
    """The installation's secret, as its settings name it."""
    settings: Settings = current_app.extensions["doorstep_settings"]
    return settings.secret_key
