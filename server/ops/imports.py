"""What intake needs of the log: tasks of an import stay unseen until all of them are there."""

from server.tasks import service as tasks


def hide(import_id: str) -> None:
    """Keeps the tasks of an import out of every list; inside the caller's transaction."""
    tasks.hide_import(import_id)


def reveal(import_id: str) -> None:
    """Shows the tasks of an import, all at once; inside the caller's transaction."""
    tasks.reveal_import(import_id)
