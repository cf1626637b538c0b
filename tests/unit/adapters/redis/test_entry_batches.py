"""Entries in Redis: whatever is missing is noticed."""

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.redis.entry_batches import BatchDecoder, encode_batch
from dify_hex.application.workflow.ports import GAP
from dify_hex.application.workflow.records import StreamEntry

ENTRIES = st.lists(
    st.builds(
        StreamEntry,
        st.just(1),
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from(["message.delta", "node.delta", "run.started"]),
        st.text(),
        st.integers(-1, 9),
    ),
    min_size=1,
    max_size=4,
)


def entry(n: int, token: int = 1) -> StreamEntry:
    return StreamEntry(token, 1, n, "message.delta", "x", n - 1)


@given(st.lists(ENTRIES, max_size=5))
def test_what_was_encoded_is_decoded(batches: list[list[StreamEntry]]) -> None:
    decoder = BatchDecoder()
    for number, batch in enumerate(batches):
        assert decoder.decode(encode_batch(1, number, batch).encode()) == batch


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_a_gap_stands_wherever_batches_are_missing(kept: list[bool]) -> None:
    decoder = BatchDecoder()
    is_behind = False
    for number, is_kept in enumerate(kept):
        if not is_kept:
            is_behind = True
            continue
        found = decoder.decode(encode_batch(1, number, [entry(1)]).encode())
        assert (found[0].type == GAP) is is_behind
        is_behind = False


def test_a_whole_text_is_for_those_who_lack_something() -> None:
    whole = StreamEntry(1, 1, 1, "message.reset", "x", 0)
    decoder = BatchDecoder()
    decoder.decode(encode_batch(1, 0, [entry(1)]).encode())
    assert decoder.decode(encode_batch(1, 1, [whole], whole_text=True).encode()) == []
    late = BatchDecoder()
    found = late.decode(encode_batch(1, 1, [whole], whole_text=True).encode())
    assert [one.type for one in found] == [GAP, "message.reset"]
    assert late.decode(encode_batch(1, 2, [entry(2)]).encode()) == [entry(2)]
    assert late.decode(encode_batch(1, 3, [whole], whole_text=True).encode()) == []


def test_a_former_owner_is_dropped_and_a_new_one_begins_to_count_anew() -> None:
    decoder = BatchDecoder()
    decoder.decode(encode_batch(1, 0, [entry(1)]).encode())
    assert decoder.decode(encode_batch(2, 0, [entry(1, 2)]).encode()) == [entry(1, 2)]
    assert decoder.decode(encode_batch(1, 1, [entry(2)]).encode()) == []
