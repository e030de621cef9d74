"""The maps' ground: one .pmtiles file the operator has named, for the desk and for handhelds."""

from pathlib import Path

from flask import Response, send_file

from server.core.errors import Code, Problem

ATTRIBUTION = "© OpenStreetMap"


def pieces(file: Path | None, name: str) -> Response:
    """The file, as much of it as is asked for (Range).

    Raises:
        Problem: not_found, for any other name or a file that is not there.
    """
    if file is None or name != file.name or not file.is_file():
        raise Problem(Code.NOT_FOUND)
    answer = send_file(file, mimetype="application/vnd.pmtiles", conditional=True, max_age=86_400)
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer
