"""Who may see and use which files."""

from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import File
from dify_hex.domain.shared.ids import EndUserName


def require_access(
    actor: Actor, permission: Permission, file: File, *, user: EndUserName | None
) -> None:
    """Let through who has the permission, and names the file's end user, or none.

    To a key that is bound to an app, only the files that came with such a key exist.

    Raises:
        PermissionDenied: the permission is not among the actor's.
        FileNotFound: it is another end user's or another app's.
    """
    actor.require(permission)
    owner = file.state.owner
    if user is not None and user != owner.user:
        raise FileNotFound
    if actor.bound_app_id is not None and actor.bound_app_id != owner.app_id:
        raise FileNotFound
