"""${message}

Expand only: the release before this one must keep working on the new schema.
"""

${"import sqlalchemy as sa" if "sa." in (upgrades or "") or "sa." in (downgrades or "") else ""}
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
