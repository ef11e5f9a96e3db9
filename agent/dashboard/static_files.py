"""The pages' files: ours as they lie in static/, others' in static/vendor/ as vendor.toml says."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse

_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".html": "text/html"}


def static_routes() -> APIRouter:
    """Files by their exact names: whatever else lies there, or elsewhere, is not served."""
    router = APIRouter(prefix="/static")
    files = {
        path.relative_to(_STATIC).as_posix(): path
        for path in _STATIC.rglob("*")
        if path.suffix in (".css", ".js")
    }

    @router.get("/{name:path}")
    async def file(name: str) -> FileResponse:
        if name not in files:
            raise HTTPException(404, "there is no such file")
        return page(files[name])

    return router


def page(path: Path) -> FileResponse:
    """A file of the pages with the type that its name says, whatever this machine thinks."""
    # A new version of the program is a new page at the next reload; unchanged files are not sent.
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})
