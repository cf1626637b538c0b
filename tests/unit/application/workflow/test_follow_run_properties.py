"""Whatever happens to a stream, its reader ends up with the truth."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from dify_hex.application.workflow.stream_position import StreamDetail
from tests.fakes.followed_run import Client, FollowedRun

TEXT = st.text(alphabet="ab你\n", max_size=4)
#: What may happen while a run goes on: to its owner, to the stream, and to the reader.
STEP = st.one_of(
    st.tuples(st.just("say"), TEXT),
    st.tuples(st.just("say"), TEXT),
    st.tuples(st.just("say_instead"), TEXT),
    st.tuples(st.just("row"), st.booleans()),
    st.tuples(st.just("take_over"), TEXT),
    st.tuples(st.just("lose_stream"), st.none()),
    st.tuples(st.just("trim"), st.integers(1, 4)),
    st.tuples(st.just("read"), st.integers(1, 3)),
    st.tuples(st.just("leave"), st.integers(0, 60)),
)


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(STEP, max_size=25),
    detail=st.sampled_from(StreamDetail),
    ending_is_shown=st.booleans(),
    leaves_at=st.lists(st.integers(0, 60), max_size=3),
)
def test_rows_come_once_in_order_and_the_text_is_whole(
    steps: list[tuple[str, object]],
    detail: StreamDetail,
    ending_is_shown: bool,
    leaves_at: list[int],
) -> None:
    async def scenario() -> None:
        run = FollowedRun()
        run.begin()
        client = Client(run, detail)
        for step in steps:
            await play(run, client, step)
        run.end(shown=ending_is_shown)
        for kept in leaves_at:
            await client.read()
            await client.leave(after=min(kept, len(client.events)))
            client.connect()
        await client.read_to_end()
        check(run, client)

    asyncio.run(scenario())


async def play(run: FollowedRun, client: Client, step: tuple[str, object]) -> None:
    match step:
        case ("say", str(text)):
            run.say(text)
        case ("say_instead", str(text)):
            run.say_instead(text)
        case ("take_over", str(text)):
            run.take_over(text)
        case ("row", bool(shown)):
            run.row("node.started", shown=shown)
        case ("lose_stream", _):
            run.lose_stream()
        case ("trim", int(keep)):
            run.store.trim(keep)
        case ("read", int(batches)):
            await client.read(batches)
        case ("leave", int(kept)):
            await client.leave(after=min(kept, len(client.events)))
            client.connect()
        case _:
            raise AssertionError(step)


def check(run: FollowedRun, client: Client) -> None:
    assert client.text == run.text
    assert client.types[-1] == "done"
    assert client.types.count("done") == 1
    shown = [
        f"{row.seq}.0"
        for row in run.journal.rows
        if client.detail is StreamDetail.NODES or not row.type.startswith("node.")
    ]
    assert client.journalled == shown
