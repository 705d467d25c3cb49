"""What the people of a seed are called and what they say."""

from typing import Any, NamedTuple

_FIRST_TEXT = """
Ada Amir Anika Ben Bea Carlos Chloe Dana Diego Elif Emil Esther Farid Fatou Finn Grace Goran Hana Henrik Ida Imran Ines
Jonas Joy Kaito Keira Lars Leila Luca Maja Marco Mei Milan Mina Nadia Nils Noor Olga Omar Paula Pedro Priya Quinn Ravi
Rosa Ruben Sana Selma Sofia Stefan Tara Theo Tomas Uma Valentin Vera Wanda Wei Yara Yusuf Zoe Aiko Bilal Clara Dario Eva
"""

_STARTS_TEXT = """
Ander Bal Berg Bran Cald Cast Dal Dorn Eber Elm Far Fell Gar Gold Hal Hart Hol Isen Jar Kel Kor Lan Lind Mar Mer Mor
Nor Oak Or Pel Quin Ram Ros Sal Sand Sil Stan Tal Thorn Ul Val Var Wes Win Yar Zel
"""
_ENDS_TEXT = """
berg bridge brook by dal den don er feld ford gren hall ham holm in kamp land ley lund man mark meyer mond more ner
nova off our quist ran rez ros sen shaw sky son stad stein ström ton ura vale ville wall wick wood worth
"""

FIRST = _FIRST_TEXT.split()
LAST = [start + end for start in _STARTS_TEXT.split() for end in _ENDS_TEXT.split()]

BIOS = (
    "",
    "Votes on lunch. Argues about dinner.",
    "Counts things for a living.",
    "Here for the polls, staying for the comments.",
    "Gardener, reader of footnotes.",
    "Runs the film club. Approval voting convert.",
    "Maths teacher who collects paradoxes.",
    "Secretary of a club with eleven members and twelve opinions.",
    "Asks for a third option.",
    "Mostly reads, sometimes ranks.",
)


class Question(NamedTuple):
    """A poll that people make; `{topic}` stands for one of its topics."""

    title: str
    description: str
    method: dict[str, Any]
    options: tuple[str, ...]
    topics: tuple[str, ...]
    tag: str


_GROUPS = ("the allotment club", "our street", "the choir", "the team", "the book circle", "class 9b", "the co-op")
_MONTHS = ("January", "February", "March", "April", "May", "June", "September", "October", "November", "December")
_CITIES = ("Lisbon", "Oslo", "Kraków", "Ghent", "Porto", "Bologna", "Aarhus", "Tallinn", "Graz", "Leipzig", "Cork")

QUESTIONS = (
    Question(
        "Where does {topic} eat on Friday?",
        "Approve every place you would come to.",
        {"type": "approval"},
        ("Trattoria Da Nino", "Noodle bar", "Falafel at the corner", "Canteen", "I bring my own"),
        _GROUPS,
        "lunch",
    ),
    Question(
        "Which film in {topic}?",
        "Give each film up to five stars.",
        {"type": "star"},
        ("The long harvest", "Night bus", "A map of rain", "Paper lanterns"),
        _MONTHS,
        "filmclub",
    ),
    Question(
        "When does {topic} meet?",
        "Pick two evenings that suit you.",
        {"type": "multiple", "max_picks": 2},
        ("Monday", "Tuesday", "Wednesday", "Thursday"),
        _GROUPS,
        "meeting",
    ),
    Question(
        "Who represents {topic} this year?",
        "Rank as many as you like. Counted by instant runoff.",
        {"type": "irv"},
        ("Maren", "Oskar", "Tuva", "Selim", "Ines"),
        _GROUPS,
        "rankedchoice",
    ),
    Question(
        "Committee of {topic}: three seats",
        "Rank them; three are elected by single transferable vote.",
        {"type": "stv", "seats": 3},
        ("Anouk", "Bastian", "Carmen", "Dov", "Efua", "Fritz", "Gülay"),
        _GROUPS,
        "committee",
    ),
    Question(
        "The next book for {topic}",
        "Who beats every other book? Counted by Schulze's method.",
        {"type": "schulze"},
        ("Salt roads", "The quiet orchard", "Letters from a lighthouse", "Small engines"),
        _GROUPS,
        "books",
    ),
    Question(
        "Our trip: is it {topic}?",
        "One answer each.",
        {"type": "single"},
        ("Yes, book it", "Only if it is cheap", "Somewhere else"),
        _CITIES,
        "travel",
    ),
    Question(
        "How do we divide the money of {topic}?",
        "You have 100 points.",
        {"type": "points"},
        ("Tools", "Books", "A feast", "Savings"),
        _GROUPS,
        "budget",
    ),
    Question(
        "Score the ideas for {topic}",
        "From 0, never, to 10, gladly.",
        {"type": "score", "max_score": 10},
        ("A concert", "A swap day", "A bicycle tour", "An open kitchen"),
        _MONTHS,
        "ideas",
    ),
    Question(
        "A new name for {topic}",
        "Ranked robin: the name that wins most of its pairs.",
        {"type": "ranked_robin"},
        ("Lighthouse", "Common ground", "The third option", "Kettle"),
        _GROUPS,
        "names",
    ),
)

WAVES = (
    "We settled the question of {place} tonight. Four minutes, no argument. #{tag}",
    "A poll with two options isn't a question, it's a nudge. Give people a third one. #methods",
    "I lost, and I can see in which round. I can live with that. #rankedchoice",
    "Three friends, three films, and every film loses to another one. Condorcet would have smiled. #methods",
    "Rain at {place} all day, so I finally read the rules of our own election. #{tag}",
    "My class counted the same ballots in four ways today and got three winners. #methods #school",
    "Ties happen. Publish the lot. #methods",
    "Thank you @{handle}, the idea for {place} was yours. #{tag}",
    "Who else thinks that {place} should stay open on Sundays? #{tag}",
    "The bread at {place} is worth a vote of its own. #{tag}",
    "Late train, full notebook, one more idea for {place}. #travel",
    "@{handle} promised a cake if the quorum holds. I have told everybody. #{tag}",
)
ASKING = (
    "Please vote before Thursday, so that I can tell them. #{tag}",
    "This took us an hour last year. Let's try it this way. #{tag}",
    "Your turn, and tell the others. #{tag}",
)
PLACES = (
    "the old library",
    "the harbour café",
    "the community garden",
    "the night market",
    "the swimming hall",
    "the repair shop",
    "the upper meadow",
    "the small theatre",
    "the tram depot",
    "the bakery on the hill",
)
COMMENTS = (
    "The first one has the only table for twelve.",
    "I would have liked a third way, but fine.",
    "Has anybody asked the others?",
    "Asked, and they hold it until eleven.",
    "One choice each splits the vote again.",
    "It did in March, and we all remember what came of it.",
    "I am happy wherever you go.",
    "Could somebody explain the method to me?",
    "Rank them as you like them; the count does the rest.",
    "Agreed, and thank you for asking.",
    "Not for me, but I see why.",
    "The result moves every time I look.",
)
EMOJIS = ("🎉", "😂", "🤔", "🌱")
