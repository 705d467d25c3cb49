"""Alembic's entry: runs one service's migrations on the connection that `services.core.data.migrations` opened."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes["metadata"],
    compare_server_default=True,
    service=context.config.attributes["service"],  # for `core.data.expand.helpers`
)
with context.begin_transaction():
    context.run_migrations()
