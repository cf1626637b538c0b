"""What the doctor asks the object storage: whether it keeps what it is given."""

import os
from pathlib import Path

from dify_hex.adapters.object_storage.storage import ObjectBlobStorage
from dify_hex.adapters.object_storage.stores import StorageNotUnderstood, open_store
from dify_hex.application.shared.identity import new_id
from dify_hex.bootstrap.finding import Finding, doubtful, failed, well
from dify_hex.bootstrap.settings import Settings

_PROBE = b"written by dify-hex doctor"


async def examine_storage(settings: Settings) -> list[Finding]:
    """Whether files can be kept; a bucket is tried, a folder only looked at."""
    if settings.storage_url is None:
        return [_folder(settings)]
    try:
        blobs = ObjectBlobStorage(open_store(settings.storage_url, settings.storage_folder))
    except StorageNotUnderstood as error:
        return [failed("storage", str(error), "see DIFY_HEX_STORAGE_URL in docs/guides/run_it.md")]
    place = f"doctor/{new_id()}"
    await blobs.put(f"{place}/probe", _PROBE)
    kept = await blobs.get(f"{place}/probe")
    await blobs.delete(place)
    if kept != _PROBE:
        advice = "see that nothing between here and the storage changes what passes"
        return [failed("storage", "gives back something else than it was given", advice)]
    return [well("storage", "keeps what it is given")]


def _folder(settings: Settings) -> Finding:
    folder = settings.storage_folder
    existing: Path = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK):
        return failed("storage", f"{existing} cannot be written", "let this user write there")
    if settings.database_url is not None:
        advice = "set DIFY_HEX_STORAGE_URL to a bucket as soon as there is a second machine"
        return doubtful("storage", f"{folder}, which only this machine sees", advice)
    return well("storage", f"{folder}")
