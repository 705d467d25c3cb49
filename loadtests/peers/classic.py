"""The classic peer: Flask on gunicorn's sync workers, psycopg2, PyJWT.

It is what Flask's own tutorial arrives at: a database connection is opened when a request first needs one, kept in
`g`, and closed when the request is torn down; the token is verified at each request, one statement stores the vote, a
commit makes it durable, and the primary key keeps one vote a voter. It does less than VoteWave: no counters, no
receipts, no revocation, no rules beyond the options and the poll's end, no log lines.

With `PEER_POOL=1` each worker keeps its connection in psycopg2's pool instead, as one does who has met the cost.

Run: `PEER_DSN=… PEER_JWKS=… gunicorn --workers 5 loadtests.peers.classic:app`.
"""

import json
import os
from typing import Any

import jwt
import psycopg2  # type: ignore[import-untyped]  # it has no types
from flask import Flask, g, jsonify, request
from psycopg2.pool import ThreadedConnectionPool  # type: ignore[import-untyped]  # it has no types

TABLES = """
CREATE TABLE polls (id uuid PRIMARY KEY, options int NOT NULL, closes_at timestamptz);
CREATE TABLE votes (
    poll_id uuid NOT NULL REFERENCES polls,
    voter_id uuid NOT NULL,
    choice jsonb NOT NULL,
    revision int NOT NULL DEFAULT 1,
    cast_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (poll_id, voter_id)
);
"""
VOTE = """
INSERT INTO votes (poll_id, voter_id, choice)
SELECT id, %(voter)s, %(choice)s FROM polls WHERE id = %(poll)s AND (closes_at IS NULL OR closes_at > now())
ON CONFLICT (poll_id, voter_id)
DO UPDATE SET choice = excluded.choice, revision = votes.revision + 1, cast_at = excluded.cast_at
RETURNING revision
"""

app = Flask(__name__)
_keys = {key["kid"]: jwt.PyJWK(key).key for key in json.loads(os.environ.get("PEER_JWKS", '{"keys": []}'))["keys"]}
_pooled = os.environ.get("PEER_POOL") == "1"
_pools: list[ThreadedConnectionPool] = []


def _connection() -> Any:
    """Return the request's connection, opened at the first use."""
    if "connection" not in g:
        if not _pooled:
            g.connection = psycopg2.connect(os.environ["PEER_DSN"])
        else:
            if not _pools:  # after gunicorn has forked: a connection belongs to one process
                _pools.append(ThreadedConnectionPool(1, 4, os.environ["PEER_DSN"]))
            g.connection = _pools[0].getconn()
    return g.connection


@app.teardown_appcontext
def _give_back(_: BaseException | None) -> None:
    connection = g.pop("connection", None)
    if connection is None:
        return
    if _pooled:
        _pools[0].putconn(connection)
    else:
        connection.close()


def _voter() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise jwt.InvalidTokenError("no bearer token")
    key = _keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="votewave", issuer="votewave")
    return str(claims["sub"])


@app.put("/polls/<uuid:poll>/vote")
def vote(poll: Any) -> Any:
    """Store a vote."""
    try:
        voter = _voter()
    except (jwt.InvalidTokenError, KeyError):
        return jsonify(error="sign in first"), 401
    body = request.get_json()
    picks = body.get("picks") if isinstance(body, dict) else None
    if not isinstance(picks, list) or len(picks) != 1 or picks[0] not in range(1, 10):
        return jsonify(error="pick one option"), 422
    choice = json.dumps({"picks": picks})
    with _connection() as transaction, transaction.cursor() as cursor:
        cursor.execute(VOTE, {"poll": str(poll), "voter": voter, "choice": choice})
        row = cursor.fetchone()
    if row is None:
        return jsonify(error="no open poll"), 404
    return jsonify(picks=picks, revision=row[0]), 201 if row[0] == 1 else 200


@app.get("/ready")
def ready() -> Any:
    """Say that it serves."""
    return jsonify(ready=True)
