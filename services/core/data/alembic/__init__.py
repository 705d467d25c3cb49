"""Alembic's own files; `services.core.data.migrations` runs them."""
