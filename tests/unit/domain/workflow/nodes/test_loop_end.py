"""The loop-end node has nothing to set: whoever reaches it leaves the loop."""

from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig

CONFIG = LoopEndConfig()


def test_it_needs_nothing_and_puts_nothing_out() -> None:
    assert list(CONFIG.references()) == []
    assert CONFIG.outputs() == {}


def test_it_only_computes() -> None:
    assert CONFIG.pure
    assert not CONFIG.opens_scope
    assert list(CONFIG.faults()) == []
