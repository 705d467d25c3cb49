"""A poll's card is Polls' and VoteBooth's: they show as many options, and take as many polls."""

from services.core.data.pagination import MAX_LIMIT
from services.polls import schemas as polls
from services.polls.controllers.rules import MOST_VERSIONS
from services.votebooth.cards import schemas as votebooth


def test_there_is_a_sum_for_each_option_that_a_card_shows() -> None:
    assert votebooth.CARD_OPTIONS == polls.CARD_OPTIONS


def test_one_batch_is_enough_for_the_longest_page_and_one_question_for_a_batch() -> None:
    assert MAX_LIMIT <= votebooth.MAX_POLLS <= MOST_VERSIONS
