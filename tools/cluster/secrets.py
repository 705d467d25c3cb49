"""Secrets of the local cluster: generated once, kept in a file, and stored in moto as Terraform stores them in AWS."""

import base64
import json
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
from services.core.aws.secrets import FileSecrets
from services.core.peers.calls import INTERNAL_KEY
from services.registry import load_services
from tools.cluster.place import ENVIRONMENT, NAMES, Place
from tools.cluster.stores import MASTER

ACCOUNT = "123456789012"  # the only one that moto knows unless told otherwise
REGION = "eu-central-1"
PREFIX = NAMES["secret_prefix"].format(environment=ENVIRONMENT)
MASTER_SECRET = "migrate/master"  # noqa: S105  (its name) At RDS the managed master secret, with the same content.


def bucket(kind: str) -> str:
    """Return the name of one of the environment's buckets."""
    return str(NAMES["buckets"][kind]).format(environment=ENVIRONMENT, account=ACCOUNT)


def role(task: str) -> str:
    """Return the name of a job's role."""
    return str(NAMES["roles"]["task"]).format(environment=ENVIRONMENT, service=task)


class LocalSecrets(FileSecrets):
    """The secrets in the cluster's folder, which outlive moto's memory."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.folder / "secrets.json")

    def make(self) -> None:
        """Generate the missing secrets."""
        for name in (INTERNAL_KEY, "redis/auth"):
            self.ensure(name, lambda: random.token_urlsafe(32))
        for service in load_services(["all"]):
            self.ensure(f"{service.name}/database", lambda: random.token_urlsafe(24))
            for name, make in service.secrets.items():
                self.ensure(f"{service.name}/{name}", make)
        master = {"username": MASTER, "password": random.token_urlsafe(24)}
        self.ensure(MASTER_SECRET, lambda: json.dumps(master))
        for program in ("consul", "nomad"):
            self.ensure(f"cluster/gossip-{program}", lambda: base64.b64encode(random.token_bytes(32)).decode())
        for name in ("acl-consul", "acl-consul-agent", "acl-consul-nomad", "acl-nomad"):
            self.ensure(f"cluster/{name}", lambda: str(uuid4()))

    def value(self, name: str) -> str:
        """Return a secret."""
        return self._read()[name]

    def all(self) -> dict[str, str]:
        """Return every secret by name, without those before a rotation."""
        return {name: value for name, value in self._read().items() if "#" not in name}

    @property
    def master_password(self) -> str:
        """The database's master user's."""
        return str(json.loads(self.value(MASTER_SECRET))["password"])


class LocalAws:
    """The cluster's AWS, as its administrator.

    Args:
        place: Where it is.
    """

    def __init__(self, place: Place) -> None:
        self.url = place.url("aws")
        self._keys = place.tokens / "aws.json"

    @contextmanager
    def client(self, service: str, keys: dict[str, str] | None = None) -> Iterator[Any]:
        """Give boto3's client of a service.

        Args:
            service: Such as "secretsmanager".
            keys: Whose to use, as boto3 calls them; the administrator's by default.
        """
        from boto3.session import Session  # noqa: PLC0415  (slow to import)

        if keys is None:
            keys = json.loads(self._keys.read_bytes())
        client = Session(region_name=REGION, **keys).client(service, endpoint_url=self.url)  # type: ignore[call-overload]
        try:
            yield client
        finally:
            client.close()

    def fill(self, values: dict[str, str], write: Any) -> None:
        """Create what Terraform creates (secrets, a role per job, buckets, the mail sender); then enforce policies.

        Args:
            values: Secrets by name.
            write: `write(path, content)` keeps the administrator's keys.
        """
        anybody = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        with self.client("secretsmanager", anybody) as manager:
            for name, value in values.items():
                manager.create_secret(Name=f"{PREFIX}/{name}", SecretString=value)
        with self.client("s3", anybody) as store:
            for kind in ("files", "reports"):
                store.create_bucket(Bucket=bucket(kind), CreateBucketConfiguration={"LocationConstraint": REGION})
        with self.client("ses", anybody) as mail:
            mail.verify_domain_identity(Domain="votewave.local")
        with self.client("iam", anybody) as iam:
            for task in (*NAMES["services"], *NAMES["task_roles"]):
                iam.create_role(RoleName=role(task), AssumeRolePolicyDocument=json.dumps(_TRUST))
                iam.put_role_policy(RoleName=role(task), PolicyName="own", PolicyDocument=json.dumps(_policy(task)))
            write(self._keys, _administrator(iam))
        httpx.post(f"{self.url}/moto-api/reset-auth", content="0", timeout=10).raise_for_status()

    def current(self, name: str) -> str:
        """Return a secret's current version."""
        with self.client("secretsmanager") as manager:
            return str(manager.get_secret_value(SecretId=f"{PREFIX}/{name}")["SecretString"])

    def put(self, name: str, value: str) -> None:
        """Give a secret a new current version; the one before becomes AWSPREVIOUS."""
        with self.client("secretsmanager") as manager:
            manager.put_secret_value(SecretId=f"{PREFIX}/{name}", SecretString=value)


def _administrator(iam: Any) -> dict[str, str]:
    """Create an administrator; return the access keys."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.create_user(UserName="administrator")
    iam.put_user_policy(UserName="administrator", PolicyName="everything", PolicyDocument=document)
    made = iam.create_access_key(UserName="administrator")["AccessKey"]
    return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}


_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/nomad"},
        }
    ],
}


def _policy(task: str) -> dict[str, Any]:
    """Return a job's policy: read its own secrets, and use its part of shared resources."""
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{PREFIX}"
    if task == "migrate":
        readable = [f"{secret}/*/database-*", f"{secret}/{MASTER_SECRET}-*"]
    elif task == "reports":
        readable = [f"{secret}/{name}-*" for name in ("votebooth/database", INTERNAL_KEY, "redis/auth")]
    elif task in NAMES["services"]:
        readable = [f"{secret}/{task}/*", f"{secret}/{INTERNAL_KEY}-*", f"{secret}/redis/auth-*"]
    else:
        readable = []
    statements: list[dict[str, Any]] = []
    if readable:
        statements.append(
            {
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                "Resource": readable,
            }
        )
    if task in NAMES["services"]:
        files = f"arn:aws:s3:::{bucket('files')}"
        statements.append({"Effect": "Allow", "Action": "s3:*", "Resource": [files, f"{files}/{task}/*"]})
        statements.append({"Effect": "Allow", "Action": "ses:Send*", "Resource": "*"})
    if not statements:  # a policy can't be empty
        statements.append({"Effect": "Deny", "Action": "*", "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}
