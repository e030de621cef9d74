"""The stores of this installation, as its settings name them."""

from flask import current_app

from server.core.blobs import ContentStore
from server.core.config import Settings


def blob_store() -> ContentStore:
    """Where signatures and photos are kept."""
    settings: Settings = current_app.extensions["doorstep_settings"]
    return ContentStore(settings.blobs)
