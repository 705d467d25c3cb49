"""casters: in polls that go by network, which guest's a ballot is

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ballots", sa.Column("caster", sa.LargeBinary(), nullable=True))
    op.add_column("participations", sa.Column("caster", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("participations", "caster")
    op.drop_column("ballots", "caster")
