"""Which workflows may be opened inside of which: none inside of itself, and none too deep."""

from collections.abc import Sequence

from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.workflow.errors import LinkedInCircle, NestedTooDeeply

#: How deeply rounds and linked workflows may stand inside each other.
MAX_DEPTH = 10


def require_linkable(app_id: AppId, links: Sequence[AppId], frame: str) -> None:
    """Refuse a workflow that cannot be opened in a frame, which `links` lead to from the run's own.

    Raises:
        LinkedInCircle: the workflow is open already on this path, and would open itself.
        NestedTooDeeply: too much is open around it.
    """
    if app_id in links:
        raise LinkedInCircle(path=[str(each) for each in (*links, app_id)])
    if frame.count("/") >= MAX_DEPTH:
        raise NestedTooDeeply(limit=MAX_DEPTH)
