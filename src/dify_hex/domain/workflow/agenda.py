"""What a run can do next: its frames, and its nodes by what may become of them."""

from collections.abc import Iterable

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.frame import ROOT, Frame, NodeAddress


class Agenda:
    """Kept up to date with each event, so that nothing is ever searched for in the graph."""

    def __init__(self, root: Frame) -> None:
        self.frames: dict[str, Frame] = {}
        #: Nodes that may begin; those to be skipped; containers that may have a next step.
        self.ready: dict[NodeAddress, None] = {}
        self.skippable: dict[NodeAddress, None] = {}
        self.unsettled: dict[NodeAddress, None] = {}
        #: Nodes under way, and nodes that wait for somebody to answer.
        self.open: dict[NodeAddress, None] = {}
        self.waiting: dict[NodeAddress, None] = {}
        #: How often nodes under way were given up because their round had ended.
        self.closures = 0
        self.add(root)

    @property
    def root(self) -> Frame:
        """What runs in no container."""
        return self.frames[ROOT]

    def add(self, frame: Frame) -> None:
        """Begin a frame; its roots are ready."""
        self.frames[frame.id] = frame
        for root in frame.roots:
            self.ready[NodeAddress(frame.id, root)] = None

    def leave(self, frame: Frame, node_id: NodeId, handle: str | None) -> bool:
        """Follow a node's edges; returns whether that was the last of a round."""
        decided = frame.settle(node_id, handle)
        for each in decided.ready:
            self.ready[NodeAddress(frame.id, each)] = None
        for each in decided.skippable:
            self.skippable[NodeAddress(frame.id, each)] = None
        if frame.live or frame.container is None:
            return False
        del self.frames[frame.id]
        return True

    def discard_round(self, frame_id: str) -> frozenset[str]:
        """Give a round up, with everything inside; returns the frames that are gone."""
        inside = f"{frame_id}/"
        return self._discard(
            each for each in self.frames if each == frame_id or each.startswith(inside)
        )

    def discard_rounds(self, container: NodeAddress) -> frozenset[str]:
        """Give up every round of a container."""
        rounds = container.inner_frame(0).removesuffix("0")
        return self._discard(each for each in self.frames if each.startswith(rounds))

    def _discard(self, ids: Iterable[str]) -> frozenset[str]:
        gone = frozenset(ids)
        if not gone:
            return gone
        self.closures += 1
        for frame_id in gone:
            del self.frames[frame_id]
        for nodes in (self.ready, self.skippable, self.unsettled, self.open, self.waiting):
            for address in [each for each in nodes if each.frame in gone]:
                del nodes[address]
        return gone
