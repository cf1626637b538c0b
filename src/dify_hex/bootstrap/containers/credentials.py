"""What identity stands on: keys, hashes, tokens, and the look-ups behind them."""

from datetime import timedelta

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.account.directory import (
    SqlCredentialLookup,
    SqlSignInDirectory,
)
from dify_hex.adapters.persistence.account.key_usage import SqlApiKeyUsage
from dify_hex.adapters.security.access_tokens import JwtAccessTokens
from dify_hex.adapters.security.master_key import Keyring
from dify_hex.adapters.security.passwords import Argon2PasswordHasher
from dify_hex.application.account.secret_texts import RefreshTokens
from dify_hex.application.account.sign_in_limits import SignInLimits
from dify_hex.application.account.tokens import SessionTokens


def _refresh_tokens(keyring: Keyring) -> RefreshTokens:
    return RefreshTokens(keyring.current.derive("refresh-token"))


class CredentialsContainer(containers.DeclarativeContainer):
    """One of each per process."""

    shared = providers.DependenciesContainer()
    identity = shared.settings.provided.identity
    limit = shared.settings.provided.limit

    passwords = providers.Singleton(Argon2PasswordHasher)
    access_tokens = providers.Singleton(JwtAccessTokens, shared.keyring)
    tokens = providers.Singleton(
        SessionTokens,
        access_tokens,
        providers.Singleton(_refresh_tokens, shared.keyring),
        access_lifetime=providers.Callable(timedelta, seconds=identity.access_token_seconds),
        session_lifetime=providers.Callable(timedelta, seconds=identity.refresh_token_seconds),
    )
    link_lifetime = providers.Callable(timedelta, seconds=identity.setup_link_seconds)
    sign_in_limits = providers.Singleton(
        SignInLimits,
        shared.rate_limiter,
        burst=limit.sign_in_burst,
        per_second=limit.sign_in_per_second,
    )
    lookup = providers.Singleton(SqlCredentialLookup, shared.pool)
    directory = providers.Singleton(SqlSignInDirectory, shared.pool)
    key_usage = providers.Singleton(SqlApiKeyUsage, shared.pool)
