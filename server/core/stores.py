"""The stores of this installation, as its settings name them."""

from flask import current_app

from server.core.blobs import ContentStore
from server.core.config import Settings
from server.core.parts import PartStore


def blob_store() -> ContentStore:
    """Where signatures and photos are kept."""
    settings: Settings = current_app.extensions["doorstep_settings"]
    return ContentStore(settings.blobs)


def part_store() -> PartStore:
    """Where they lie as long as they are not whole."""
    whole = blob_store()
    return PartStore(whole.root / ".parts", whole)
