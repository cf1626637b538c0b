"""Messages of one slice: identity."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "account_email_exists": Message(
        "An account with this e-mail address exists already.",
        "该电子邮箱已有账户。",
    ),
    "account_email_invalid": Message(
        "This is not an e-mail address; write it like name@example.com.",
        "电子邮箱格式不正确，应类似 name@example.com。",
    ),
    "account_name_invalid": Message(
        "A name is one line of visible text with 1 to {max_length} characters.",
        "名称必须是一行可见文本，长度为 1 到 {max_length} 个字符。",
    ),
    "account_password_weak": Message(
        "The password is too easy to guess ({reason}); use {min_length} to {max_length} characters "
        "that are neither a common word, a pattern nor your own e-mail.",
        "密码过于简单（{reason}）：请使用 {min_length} 到 {max_length} 个字符，"
        "不要使用常见词、规律序列或您的邮箱。",
    ),
    "account_password_wrong": Message(
        "The present password is wrong, or too many tries have failed; wait a while and try again.",
        "当前密码不正确，或失败次数过多，请稍后再试。",
    ),
    "auth_key_expired": Message(
        "The API key has expired; make a new one.",
        "API 密钥已过期，请创建新的密钥。",
    ),
    "auth_key_invalid": Message(
        "There is no such API key; check that it was copied whole.",
        "API 密钥不存在，请检查是否完整复制。",
    ),
    "auth_key_revoked": Message(
        "The API key was revoked; use another one.",
        "API 密钥已被吊销，请使用其他密钥。",
    ),
    "auth_login_failed": Message(
        "The e-mail or the password is wrong, or the account is locked for a while after too many "
        "tries.",
        "邮箱或密码错误，或账户因多次失败被暂时锁定。",
    ),
    "auth_no_membership": Message(
        "The account is a member of no tenant; ask an owner to add you.",
        "该账户不属于任何租户，请联系所有者添加。",
    ),
    "auth_people_only": Message(
        "Only a signed-in person can do this, not an API key.",
        "只有登录的用户可以执行此操作，API 密钥不可以。",
    ),
    "auth_session_ended": Message(
        "The session is over; sign in again.",
        "会话已结束，请重新登录。",
    ),
    "auth_tenant_mismatch": Message(
        "The credentials belong to another tenant than X-Tenant-ID names; switch to it first.",
        "凭据不属于 X-Tenant-ID 所指的租户，请先切换租户。",
    ),
    "auth_tenant_suspended": Message(
        "The tenant is suspended.",
        "该租户已被停用。",
    ),
    "auth_token_expired": Message(
        "The access token has expired; refresh it.",
        "访问令牌已过期，请刷新。",
    ),
    "auth_token_invalid": Message(
        "The access token is not valid, or its session is over; sign in again.",
        "访问令牌无效或会话已结束，请重新登录。",
    ),
    "auth_token_reused": Message(
        "The refresh token was used before, so its session was ended; sign in again.",
        "刷新令牌已被使用过，其会话已被终止，请重新登录。",
    ),
    "auth_too_many_tries": Message(
        "Too many tries to sign in; wait a while.",
        "登录尝试过于频繁，请稍后再试。",
    ),
    "key_app_not_found": Message(
        "The app that the key is to be bound to does not exist.",
        "密钥要绑定的应用不存在。",
    ),
    "key_expiry_in_past": Message(
        "A key's expiry must lie in the future.",
        "密钥的过期时间必须在将来。",
    ),
    "key_not_found": Message(
        "There is no such API key.",
        "API 密钥不存在。",
    ),
    "key_scope_above_own": Message(
        "A key cannot be given scopes that you lack: {scopes}.",
        "不能授予密钥您自己没有的权限：{scopes}。",
    ),
    "key_scope_missing": Message(
        "A key needs at least one scope.",
        "密钥至少需要一个权限范围。",
    ),
    "key_scope_not_for_app": Message(
        "A key bound to one app cannot hold scopes of the whole tenant: {scopes}.",
        "绑定到单个应用的密钥不能拥有租户级权限：{scopes}。",
    ),
    "member_account_exists_elsewhere": Message(
        "An account with this e-mail address exists in a tenant that you do not administer, so "
        "nobody here can tell whose it is. Use another address, or let somebody add them who "
        "administers both tenants.",
        "此邮箱的账户已存在于您不管理的租户中，无法确认其持有人。"
        "请改用其他邮箱，或由同时管理两个租户的人添加。",
    ),
    "member_exists": Message(
        "The account is a member of this tenant already.",
        "该账户已是此租户的成员。",
    ),
    "member_last_owner": Message(
        "A tenant keeps at least one owner; make somebody else an owner first.",
        "租户必须至少保留一位所有者，请先指定其他所有者。",
    ),
    "member_not_found": Message(
        "The tenant has no such member.",
        "该租户没有此成员。",
    ),
    "member_role_above_own": Message(
        "You cannot give, change or take away the role {role}, which stands above your own.",
        "您不能授予、更改或移除高于自己的角色 {role}。",
    ),
    "setup_already_done": Message(
        "There is an owner already; new members are added by one.",
        "已存在所有者，新成员由所有者添加。",
    ),
    "setup_link_not_found": Message(
        "There is no such link; check that it was copied whole.",
        "链接不存在，请检查是否完整复制。",
    ),
    "setup_link_over": Message(
        "The link was used or has expired; ask for a new one.",
        "链接已使用或已过期，请重新获取。",
    ),
    "tenant_limit_reached": Message(
        "The tenant has as many as its limit of {limit} allows ({what}).",
        "租户的 {what} 已达到上限 {limit}。",
    ),
    "tenant_not_found": Message(
        "There is no such tenant, or you do not belong to it.",
        "租户不存在，或您不属于该租户。",
    ),
    "tenant_slug_exists": Message(
        "A tenant with this slug exists already.",
        "该租户标识已被使用。",
    ),
}
