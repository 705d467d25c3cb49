"""Alembic's own files; `services.core.migrations` runs them."""
