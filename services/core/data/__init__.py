"""Postgres: transactions, tables, migrations, pages."""
