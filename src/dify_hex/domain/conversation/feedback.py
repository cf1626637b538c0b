"""Feedback: what somebody thinks of an answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.conversation.events import FeedbackGiven, FeedbackWithdrawn
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AppId, EndUserName, FeedbackId, MessageId, TenantId


class FeedbackRating(StrEnum):
    """Liked or not."""

    LIKE = "like"
    DISLIKE = "dislike"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A rating, and why."""

    rating: FeedbackRating
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSubject:
    """The message that feedback is about, and the end user whose message it is."""

    message_id: MessageId
    app_id: AppId
    user: EndUserName


class Feedback(Aggregate):
    """One end user's opinion of one answer; there is at most one, and it can be changed."""

    def __init__(
        self,
        *,
        id: FeedbackId,
        tenant_id: TenantId,
        subject: FeedbackSubject,
        opinion: Opinion,
        given_at: datetime,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.subject = subject
        self._opinion = opinion
        self._given_at = given_at

    @classmethod
    def give(
        cls,
        *,
        id: FeedbackId,
        tenant_id: TenantId,
        subject: FeedbackSubject,
        opinion: Opinion,
        now: datetime,
    ) -> "Feedback":
        """Someone's first word about an answer."""
        feedback = cls(
            id=id, tenant_id=tenant_id, subject=subject, opinion=opinion, given_at=now, version=0
        )
        feedback._changed(feedback._given(now))
        return feedback

    @property
    def opinion(self) -> Opinion:
        """What was said last."""
        return self._opinion

    @property
    def given_at(self) -> datetime:
        """When it was said last."""
        return self._given_at

    def revise(self, opinion: Opinion, *, now: datetime) -> None:
        """Think otherwise; the same again changes nothing."""
        if opinion != self._opinion:
            self._opinion = opinion
            self._given_at = now
            self._changed(self._given(now))

    def withdraw(self, *, now: datetime) -> None:
        """Take it back; the repository then lets go of it."""
        self._changed(
            FeedbackWithdrawn(
                tenant_id=self.tenant_id,
                occurred_at=now,
                message_id=self.subject.message_id,
                app_id=self.subject.app_id,
            )
        )

    def _given(self, now: datetime) -> FeedbackGiven:
        return FeedbackGiven(
            tenant_id=self.tenant_id,
            occurred_at=now,
            message_id=self.subject.message_id,
            app_id=self.subject.app_id,
            rating=self._opinion.rating.value,
        )
