"""Which role may do what: the one table that authorisation reads."""

from enum import StrEnum


class Permission(StrEnum):
    """A thing an actor may be allowed to do; also the scope of an API key."""

    APP_READ = "app:read"
    APP_WRITE = "app:write"
    APP_PUBLISH = "app:publish"
    APP_DELETE = "app:delete"
    APP_RUN = "app:run"
    CONVERSATION_READ = "conversation:read"
    CONVERSATION_WRITE = "conversation:write"
    RUN_READ = "run:read"
    RUN_CONTROL = "run:control"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_WRITE = "knowledge:write"
    KNOWLEDGE_DELETE = "knowledge:delete"
    TASK_READ = "task:read"
    TASK_CONTROL = "task:control"
    MODEL_READ = "model:read"
    MODEL_WRITE = "model:write"
    KEY_READ = "key:read"
    KEY_WRITE = "key:write"
    MEMBER_READ = "member:read"
    MEMBER_WRITE = "member:write"
    TENANT_WRITE = "tenant:write"


class Role(StrEnum):
    """What an account is in a tenant."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    OPERATOR = "operator"
    VIEWER = "viewer"


_VIEWER = frozenset(
    {
        Permission.APP_READ,
        Permission.CONVERSATION_READ,
        Permission.RUN_READ,
        Permission.KNOWLEDGE_READ,
        Permission.TASK_READ,
        Permission.MODEL_READ,
    }
)
_OPERATOR = _VIEWER | {
    Permission.APP_RUN,
    Permission.CONVERSATION_WRITE,
    Permission.RUN_CONTROL,
    Permission.TASK_CONTROL,
}
_EDITOR = _OPERATOR | {
    Permission.APP_WRITE,
    Permission.APP_PUBLISH,
    Permission.KNOWLEDGE_WRITE,
}
_ADMIN = _EDITOR | {
    Permission.APP_DELETE,
    Permission.KNOWLEDGE_DELETE,
    Permission.MODEL_WRITE,
    Permission.KEY_READ,
    Permission.KEY_WRITE,
    Permission.MEMBER_READ,
    Permission.MEMBER_WRITE,
}
_OWNER = _ADMIN | {Permission.TENANT_WRITE}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}


def permissions_of(role: Role) -> frozenset[Permission]:
    """Everything the role may do."""
    return ROLE_PERMISSIONS[role]
