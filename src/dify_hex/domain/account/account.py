"""A person who can sign in, and what happens to the account when somebody guesses passwords."""

from datetime import datetime, timedelta
from enum import StrEnum

from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.events import AccountLocked, LoggedOutEverywhere, PasswordChanged
from dify_hex.domain.account.names import checked_name
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AccountId, TenantId

#: Wrong passwords in a row that are forgiven before the account is locked.
FORGIVEN_FAILURES = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)


class Language(StrEnum):
    """The languages that people are answered in."""

    ENGLISH = "en"
    CHINESE = "zh"


class AccountStatus(StrEnum):
    """Whether the person may sign in at all."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Account(Aggregate):
    """A person: known by e-mail, in every tenant the same.

    Wrong passwords in a row lock the account for a time that doubles with each further one; tries
    made while it is locked are not even counted, so that nobody can keep its owner out for ever.
    A session opened before `sessions_valid_from` is over.
    """

    def __init__(
        self,
        *,
        id: AccountId,
        email: EmailAddress,
        name: str,
        language: Language,
        status: AccountStatus,
        password_hash: str | None,
        failed_logins: int,
        locked_until: datetime | None,
        sessions_valid_from: datetime,
        created_at: datetime,
        updated_at: datetime,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self._id = id
        self._email = email
        self._name = name
        self._language = language
        self._status = status
        self._password_hash = password_hash
        self._failed_logins = failed_logins
        self._locked_until = locked_until
        self._sessions_valid_from = sessions_valid_from
        self._created_at = created_at
        self._updated_at = updated_at

    @classmethod
    def create(
        cls,
        *,
        id: AccountId,
        email: EmailAddress,
        name: str,
        language: Language,
        password_hash: str | None,
        now: datetime,
    ) -> "Account":
        """A new account; without a password hash nobody can sign in until one is set.

        Raises:
            InvalidName: the name cannot be shown.
        """
        account = cls(
            id=id,
            email=email,
            name=checked_name(name),
            language=language,
            status=AccountStatus.ACTIVE,
            password_hash=password_hash,
            failed_logins=0,
            locked_until=None,
            sessions_valid_from=now,
            created_at=now,
            updated_at=now,
            version=0,
        )
        account._changed()
        return account

    @property
    def id(self) -> AccountId:
        return self._id

    @property
    def email(self) -> EmailAddress:
        return self._email

    @property
    def name(self) -> str:
        return self._name

    @property
    def language(self) -> Language:
        return self._language

    @property
    def status(self) -> AccountStatus:
        return self._status

    @property
    def password_hash(self) -> str | None:
        return self._password_hash

    @property
    def failed_logins(self) -> int:
        """Wrong passwords since the last right one."""
        return self._failed_logins

    @property
    def locked_until(self) -> datetime | None:
        return self._locked_until

    @property
    def sessions_valid_from(self) -> datetime:
        return self._sessions_valid_from

    @property
    def created_at(self) -> datetime:
        return self._created_at

    @property
    def updated_at(self) -> datetime:
        return self._updated_at

    def may_sign_in(self, now: datetime) -> bool:
        """Whether a right password opens a session at this moment."""
        locked = self._locked_until is not None and now < self._locked_until
        return self._status is AccountStatus.ACTIVE and not locked

    def honours_session_of(self, opened_at: datetime) -> bool:
        """Whether a session opened at that moment still counts."""
        return self._status is AccountStatus.ACTIVE and opened_at >= self._sessions_valid_from

    def record_wrong_password(self, *, tenant_id: TenantId, now: datetime) -> None:
        """Count a failed try, and lock the account when there were too many in a row."""
        if not self.may_sign_in(now):
            return
        self._failed_logins += 1
        excess = self._failed_logins - FORGIVEN_FAILURES
        if excess < 0:
            self._touch(now)
            return
        # The exponent is bounded before the power is taken: a timedelta can overflow.
        self._locked_until = now + min(FIRST_LOCK * 2 ** min(excess, 16), LONGEST_LOCK)
        self._touch(
            now,
            AccountLocked(
                tenant_id=tenant_id,
                occurred_at=now,
                account_id=self._id,
                failed_logins=self._failed_logins,
            ),
        )

    def record_right_password(self, *, stronger_hash: str | None, now: datetime) -> None:
        """Forget failed tries; keep the hash made with today's settings if there is one."""
        if stronger_hash is None and not self._failed_logins:
            return
        self._password_hash = stronger_hash or self._password_hash
        self._failed_logins = 0
        self._locked_until = None
        self._touch(now)

    def change_password(self, password_hash: str, *, tenant_id: TenantId, now: datetime) -> None:
        """Take another password and end every session that was opened with the old one."""
        self._password_hash = password_hash
        self._failed_logins = 0
        self._locked_until = None
        self._sessions_valid_from = now
        self._touch(now, PasswordChanged(tenant_id=tenant_id, occurred_at=now, account_id=self._id))

    def log_out_everywhere(self, *, tenant_id: TenantId, now: datetime) -> None:
        """End every session opened before this moment, in whichever tenant."""
        # The session that asks may have been opened in this very microsecond.
        self._sessions_valid_from = now + timedelta(microseconds=1)
        self._touch(
            now, LoggedOutEverywhere(tenant_id=tenant_id, occurred_at=now, account_id=self._id)
        )

    def _touch(
        self, now: datetime, *events: AccountLocked | PasswordChanged | LoggedOutEverywhere
    ) -> None:
        self._updated_at = now
        self._changed(*events)
