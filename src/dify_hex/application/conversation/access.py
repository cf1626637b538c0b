"""Who may see and change what was said."""

from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import NotFound
from dify_hex.domain.shared.ids import AppId, EndUserName


def require_access(
    actor: Actor,
    permission: Permission,
    *,
    app_id: AppId,
    owner: str,
    user: EndUserName | None,
    missing: type[NotFound],
) -> None:
    """Let through who has the permission for the app, and names its end user, or none.

    Raises:
        PermissionDenied: the permission is not among the actor's.
        AppNotAllowed: the key is bound to another app.
        NotFound: it is another end user's; `missing` is the error that says so.
    """
    actor.require_app(app_id, permission)
    if user is not None and user != owner:
        raise missing
