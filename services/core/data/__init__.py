"""Postgres: transactions, tables, repositories, pages, audit logs, migrations."""

# Advanced Alchemy and Litestar import each other. Begun with Advanced Alchemy, Litestar's first try fails, unseen, and
# half of Advanced Alchemy is imported a second time. Measured: begun with Litestar a process is 1 MB smaller and
# 0.2 s sooner ready.
import litestar  # noqa: F401
