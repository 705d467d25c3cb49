"""`./just infra`: checks of the cloud's configurations, and commands that run beside Terraform."""

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import click
from services.core.commands import Group
from tools.infra import cache_user, checks, cloud, graph, pki
from tools.infra.plan import Plan
from tools.infra.terraform import Workspace


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Check the cloud's configurations, and do what Terraform can't."""


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(list(checks.CHECKS)))
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def check(names: tuple[str, ...], *, as_json: bool) -> None:
    r"""Check terraform/ without an account and without the network.

    The first run fetches checkov, the provider's schema and what builds tflint; after that nothing is fetched.

    \b
    Examples:
      ./just infra check
      ./just infra check validate tflint
      ./just infra check --json
    """
    began = time.monotonic()
    results = []
    chosen = names or tuple(checks.CHECKS)
    click.echo(f"{', '.join(chosen)} …", err=True)
    # Two at a time: the long ones wait for programs of one thread.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for done in as_completed([pool.submit(checks.run, name) for name in chosen]):
            result = done.result()
            results.append(result)
            if not as_json:
                fine = "fine" if result.passed else "FAILED"
                click.echo(f"{result.name:10} {fine:6} {result.seconds:6.1f} s  {result.said}")
    failed = [result.name for result in results if not result.passed]
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=2))
    else:
        click.echo(f"{len(results) - len(failed)} fine, {len(failed)} failed in {time.monotonic() - began:.0f} s")
    sys.exit(1 if failed else 0)


_ENVIRONMENT = click.option(
    "--env",
    "environment",
    required=True,
    type=click.Choice(cloud.NAMES["cloud_environments"]),
    help="Which environment.",
)
_ACCOUNT = click.option(
    "--account", envvar="TF_VAR_account", help="Refuse to work in any other account. [env: TF_VAR_account]"
)


@main.command("pki")
@_ENVIRONMENT
@_ACCOUNT
@click.option("--new-authority", is_flag=True, help="Make a new authority, too; machines have to be replaced then.")
def issue(*, environment: str, account: str | None, new_authority: bool) -> None:
    r"""Issue the cluster's certificates, good for a year, and store them in Secrets Manager.

    Needs an operator's rights: no machine and no workflow may read the CA's key.

    \b
    Example: ./just infra pki --env staging --account 111122223333
    """
    with _told():
        manager = cloud.session(environment, account).client("secretsmanager")
        for name in pki.issue(manager, environment, new_authority=new_authority):
            click.echo(f"{cloud.secret_name(environment, name)}: new")


@main.command("cache-user")
@_ENVIRONMENT
@_ACCOUNT
def cache_password(*, environment: str, account: str | None) -> None:
    r"""Set the password of the services' cache user to the secret redis/auth; the previous one stays valid.

    \b
    Example: ./just infra cache-user --env staging --account 111122223333
    """
    with _told():
        session = cloud.session(environment, account)
        count = cache_user.give(session.client("secretsmanager"), session.client("elasticache"), environment)
        click.echo(f"the user has {count} password{'s' if count > 1 else ''}")


@main.command("graph")
def picture() -> None:
    """Draw docs/network.svg from the plan of production; needs Graphviz (apt-get install graphviz)."""
    with tempfile.TemporaryDirectory(prefix="votewave-infra-") as folder:
        graph.write(Plan.of(Workspace(Path(folder) / "w"), "envs/production"))
    click.echo(f"{graph.PICTURE.name} is drawn")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except cloud.CloudError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main(prog_name="./just infra")
