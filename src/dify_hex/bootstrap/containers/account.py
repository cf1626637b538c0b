"""The account slice: its use cases and readers."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.account import reader
from dify_hex.application.account import ports
from dify_hex.application.account.add_member import AddMember
from dify_hex.application.account.authenticate_caller import AuthenticateCaller
from dify_hex.application.account.change_password import ChangePassword
from dify_hex.application.account.change_role import ChangeRole
from dify_hex.application.account.complete_setup import CompleteSetup
from dify_hex.application.account.create_api_key import CreateApiKey
from dify_hex.application.account.create_owner import CreateOwner
from dify_hex.application.account.create_tenant import CreateTenant
from dify_hex.application.account.get_me import GetMe
from dify_hex.application.account.issue_setup_link import IssueSetupLink
from dify_hex.application.account.log_in import LogIn
from dify_hex.application.account.log_out import LogOut
from dify_hex.application.account.open_link import OpenLink
from dify_hex.application.account.refresh_session import RefreshSession
from dify_hex.application.account.remove_member import RemoveMember
from dify_hex.application.account.rename_tenant import RenameTenant
from dify_hex.application.account.revoke_api_key import RevokeApiKey
from dify_hex.application.account.set_password_by_link import SetPasswordByLink
from dify_hex.application.account.switch_tenant import SwitchTenant
from dify_hex.bootstrap.index import UseCaseIndex


class AccountContainer(containers.DeclarativeContainer):
    """Everything that can be asked of identity."""

    shared = providers.DependenciesContainer()
    tools = providers.DependenciesContainer()
    work = (shared.begin, shared.clock)
    new_password = (tools.directory, tools.passwords)

    tenant_reader = providers.Singleton(reader.SqlTenantReader, shared.reads)
    member_reader = providers.Singleton(reader.SqlMemberReader, shared.reads)
    api_key_reader = providers.Singleton(reader.SqlApiKeyReader, shared.reads)
    known_apps = providers.Singleton(reader.SqlKnownApps, shared.reads)

    authenticate_caller = providers.Singleton(
        AuthenticateCaller, tools.lookup, tools.access_tokens, tools.key_usage, shared.clock
    )
    create_owner = providers.Factory(CreateOwner, *work, tools.passwords)
    issue_setup_link = providers.Factory(IssueSetupLink, *work, lifetime=tools.link_lifetime)
    open_link = providers.Factory(OpenLink, tools.directory)
    complete_setup = providers.Factory(CompleteSetup, *work, *new_password)
    set_password_by_link = providers.Factory(SetPasswordByLink, *work, *new_password)
    log_in = providers.Factory(LogIn, *work, *new_password, tools.tokens, tools.sign_in_limits)
    refresh_session = providers.Factory(RefreshSession, *work, tools.directory, tools.tokens)
    log_out = providers.Factory(LogOut, *work)
    switch_tenant = providers.Factory(SwitchTenant, *work, tools.tokens)
    change_password = providers.Factory(ChangePassword, *work, tools.passwords, tools.tokens)
    get_me = providers.Factory(GetMe, member_reader, tools.directory)
    create_tenant = providers.Factory(CreateTenant, *work)
    rename_tenant = providers.Factory(RenameTenant, *work)
    add_member = providers.Factory(
        AddMember, *work, tools.directory, link_lifetime=tools.link_lifetime
    )
    change_role = providers.Factory(ChangeRole, *work)
    remove_member = providers.Factory(RemoveMember, *work)
    create_api_key = providers.Factory(CreateApiKey, *work, known_apps)
    revoke_api_key = providers.Factory(RevokeApiKey, *work)


def account_use_cases(container: AccountContainer) -> UseCaseIndex:
    """What routes may ask for: each use case by its class, the readers by their ports."""
    made = [item for item in container.providers.values() if isinstance(item, providers.Factory)]
    return {
        **{item.provides: item for item in made if isinstance(item.provides, type)},
        AuthenticateCaller: container.authenticate_caller,
        ports.ApiKeyReader: container.api_key_reader,
        ports.MemberReader: container.member_reader,
        ports.TenantReader: container.tenant_reader,
    }
