"""`./just infra`: checks of the cloud's configurations, and what runs beside Terraform."""

import json
import sys
from dataclasses import asdict

import click
from tools.infra import checks


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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
    results = []
    for name in names or checks.CHECKS:
        click.echo(f"{name:10} …", err=True, nl=not sys.stderr.isatty())
        result = checks.run(name)
        results.append(result)
        if not as_json:
            click.echo(f"\r{name:10} {'fine' if result.passed else 'FAILED':6} {result.seconds:6.1f} s  {result.said}")
    failed = [result.name for result in results if not result.passed]
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=2))
    else:
        total = sum(result.seconds for result in results)
        click.echo(f"{len(results) - len(failed)} fine, {len(failed)} failed in {total:.0f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(prog_name="infra")
