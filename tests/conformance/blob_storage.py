"""What every storage of blobs promises."""

from uuid import uuid4

import pytest

from dify_hex.application.shared.blob_storage import BlobNotFound, BlobStorage


class BlobStorageConformance:
    """Subclasses provide `blobs`."""

    @pytest.fixture
    def place(self) -> str:
        return f"t/{uuid4()}/runs/{uuid4()}"

    @pytest.mark.parametrize("size", [0, 1, 3 << 20])
    async def test_what_was_put_comes_back(self, blobs: BlobStorage, place: str, size: int) -> None:
        content = b"v" * size

        await blobs.put(f"{place}/1", b"before")
        await blobs.put(f"{place}/1", content)

        assert await blobs.get(f"{place}/1") == content

    async def test_what_is_not_there_is_not_found(self, blobs: BlobStorage, place: str) -> None:
        with pytest.raises(BlobNotFound):
            await blobs.get(f"{place}/1")

    async def test_a_prefix_is_removed_with_all_below_it_and_nothing_else(
        self, blobs: BlobStorage, place: str
    ) -> None:
        for number in range(250):
            await blobs.put(f"{place}/{number}", b"v")
        await blobs.put(f"{place}0/1", b"neighbour")

        await blobs.delete(place)
        await blobs.delete(place)

        for number in (0, 101, 249):
            with pytest.raises(BlobNotFound):
                await blobs.get(f"{place}/{number}")
        assert await blobs.get(f"{place}0/1") == b"neighbour"
