"""Words as Postgres keeps them."""

from sqlalchemy import Text, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY

LEXEMES = func.array_to_tsvector(bindparam("lexemes", type_=ARRAY(Text)))
"""Of a list of folded words, bound as `lexemes`."""
