"""Postgres: transactions, tables, repositories, pages, audit logs, migrations."""
