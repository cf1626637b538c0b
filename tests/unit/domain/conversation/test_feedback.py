"""Feedback: given, revised, withdrawn."""

from dify_hex.domain.conversation.events import FeedbackGiven, FeedbackWithdrawn
from dify_hex.domain.conversation.feedback import FeedbackRating, Opinion
from tests.builders.app import LATER, NOW
from tests.builders.conversation import new_feedback


def test_giving_it_is_told_to_others() -> None:
    feedback = new_feedback(FeedbackRating.LIKE)

    (event,) = feedback.pull_events()

    assert isinstance(event, FeedbackGiven)
    assert (event.message_id, event.rating) == (feedback.subject.message_id, "like")


def test_changing_ones_mind_replaces_the_opinion() -> None:
    feedback = new_feedback(FeedbackRating.LIKE)
    feedback.pull_events()

    feedback.revise(Opinion(rating=FeedbackRating.DISLIKE), now=LATER)

    assert (feedback.opinion.rating, feedback.given_at) == (FeedbackRating.DISLIKE, LATER)
    assert [type(event) for event in feedback.pull_events()] == [FeedbackGiven]


def test_saying_the_same_again_changes_nothing() -> None:
    feedback = new_feedback()
    feedback.pull_events()

    feedback.revise(feedback.opinion, now=LATER)

    assert (feedback.given_at, feedback.pull_events()) == (NOW, ())


def test_withdrawing_it_is_told_to_others() -> None:
    feedback = new_feedback()
    feedback.pull_events()

    feedback.withdraw(now=LATER)

    assert [type(event) for event in feedback.pull_events()] == [FeedbackWithdrawn]
