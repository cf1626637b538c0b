"""Removing what is left of files that nobody can use any more."""

from datetime import timedelta

from dify_hex.application.file.ports import DoneFiles, FileStorage
from dify_hex.application.shared.clock import Clock

#: Longer than any upload may take.
GIVEN_UP_AFTER = timedelta(hours=2)
BATCH = 100


class SweepExpiredFiles:
    """Removes the contents and records of files that are over, of all tenants.

    - Deleted files, expired ones, and uploads that broke off are over.
    - The content goes first: a record is kept until nothing is left that it leads to.
    - It works in batches of bounded size; doing it twice, or in two processes, is doing it once.
    """

    def __init__(self, *, files: DoneFiles, storage: FileStorage, clock: Clock) -> None:
        self._files = files
        self._storage = storage
        self._clock = clock

    async def execute(self) -> int:
        """Remove all that is due; how many files were removed.

        Raises:
            StorageUnavailable: the storage is away; the rest is due the next time.
        """
        removed = 0
        while True:
            due = await self._files.due(
                limit=BATCH, given_up_before=self._clock.now() - GIVEN_UP_AFTER
            )
            for file in due:
                await self._storage.delete(file.key)
            if due:
                await self._files.forget([file.id for file in due])
            removed += len(due)
            if len(due) < BATCH:
                return removed
