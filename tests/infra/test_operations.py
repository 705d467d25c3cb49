"""The commands in docs/operations: recipes, options, files and names are there, and AWS knows its part of them."""

import importlib
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import click
import jmespath
import pytest
import yaml
from botocore import xform_name
from packer_servers import NAMES, ROOT, program
from tools.infra.plan import Plan

ENVIRONMENTS = NAMES["cloud_environments"]
DOCUMENTS = sorted((ROOT / "docs/operations").glob("*.md"))
PACKAGES = {"pipeline": "tools.pipeline", "release": "tools.release", "infra": "tools.infra"}
# Words of the AWS command itself; the first has options that its service doesn't know.
AWS_OWN = {"--query", "--output", "--region", "--max-records", "--max-items", "--profile"}
AWS_COMMANDS = {"wait"}
AWS_NAMES = {"s3api": "s3"}


def lines(document: Path) -> Iterator[str]:
    """Give every command of a document: lines of blocks, and of text what is between backticks."""
    text = document.read_text()
    for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from (it.removeprefix("$ ") for it in block.replace("\\\n", " ").splitlines() if it.strip())
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (it.replace("\n", " ") for it in re.findall(r"`([^`]+ [^`]+)`", prose))


def commands(line: str) -> Iterator[list[str]]:
    """Give the simple commands of a line, those within others included."""
    line = re.sub(r"\s#\s.*$", "", line)
    for inner in re.findall(r"\$\(([^()]+)\)", line):
        yield from commands(inner)
    line = re.sub(r"\"?\$\([^()]*\)\"?", "VALUE", line)
    line = re.sub(r"\b\w+\(\) \{", "", line).replace("; }", "").replace("…", "X")
    for part in re.split(r"\s*(?:\|\||&&|;|\||>)\s*|\sdo\s", line):
        try:
            words = shlex.split(part)
        except ValueError:
            continue
        while words and re.fullmatch(r"[A-Z_]+=.*|export|sudo|do|then", words[0]):
            words.pop(0)
        for position in [index for index, word in enumerate(words) if word == "--"][::-1]:
            yield words[position + 1 :]
            words = words[:position]
        if words:
            yield words


ALL = [(document.name, words) for document in DOCUMENTS for line in lines(document) for words in commands(line)]


def of(program_name: str) -> list[Any]:
    found = [(name, words) for name, words in ALL if words and words[0] == program_name]
    return [pytest.param(words, id=f"{name}: {' '.join(words)[:60]}") for name, words in found]


@cache
def recipes() -> set[str]:
    said = subprocess.run([ROOT / "just", "--summary"], capture_output=True, text=True, check=True, timeout=60)
    return set(said.stdout.split())


def look_up(command: click.Command, words: list[str]) -> None:
    """Follow words through a program's groups, and look up each option and choice."""
    while (
        isinstance(command, click.Group) and words and (inner := command.get_command(click.Context(command), words[0]))
    ):
        command, words = inner, words[1:]
    assert not (isinstance(command, click.Group) and words and not words[0].startswith("-")), words
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in known, f"{command.name} has no {word}"


@pytest.mark.parametrize("words", of("./just"))
def test_recipes_are_there(words: list[str]) -> None:
    assert words[1] in recipes()
    if (package := PACKAGES.get(words[1])) is not None:
        look_up(importlib.import_module(f"{package}.__main__").main, words[2:])


@pytest.mark.parametrize("words", of("votewave"))
def test_the_programs_commands_are_there(words: list[str]) -> None:
    from services.cli import main  # noqa: PLC0415

    look_up(main, words[1:])


@pytest.mark.parametrize("words", of("aws"))
def test_aws_knows_the_operation_and_its_parameters(words: list[str]) -> None:
    session = botocore.session.get_session()
    if words[1:3] == ["s3", "sync"]:  # the command's own, of many calls
        assert [word.partition("://")[0] for word in words[3:]] == ["s3", "s3"]
        return
    service, operation = AWS_NAMES.get(words[1], words[1]), words[2]
    if operation in AWS_COMMANDS:
        waiters = session.get_waiter_model(service).waiter_names
        assert words[3] in {xform_name(name, "-") for name in waiters}
        return
    model = session.get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations, f"aws {service} has no {operation}"
    shape = model.operation_model(operations[operation]).input_shape
    known = {f"--{xform_name(name, '-')}" for name in shape.members} if shape else set()
    given = {word for word in words[3:] if word.startswith("--")}
    assert {re.sub(r"^--no-", "--", word) for word in given} <= known | AWS_OWN, given - known
    required = {f"--{xform_name(name, '-')}" for name in (shape.required_members if shape else [])}
    assert required <= {re.sub(r"^--no-", "--", word) for word in given}, required - given


@pytest.mark.needs("nomad", "consul")
@pytest.mark.slow
@pytest.mark.parametrize("words", [*of("nomad"), *of("consul")])
def test_nomad_and_consul_know_the_command(words: list[str]) -> None:
    sub = []
    for word in words[1:]:
        if word.startswith("-") or not re.fullmatch(r"[a-z][a-z-]+", word):
            break
        sub.append(word)
    # The last words may be an argument, such as a job: the longest that has help of its own is the command.
    for length in range(len(sub), 0, -1):
        said = subprocess.run(
            [program(words[0]), *sub[:length], "-help"], capture_output=True, text=True, timeout=30, check=False
        )
        text = said.stdout + said.stderr
        if text.startswith("Usage:") and f"{words[0]} {' '.join(sub[:length])}" in text:
            break
    else:
        pytest.fail(f"no such command: {words}")
    rest = words[1 + length :]
    if "exec" in sub:  # what follows the allocation is the program's
        rest = rest[: next((i for i, word in enumerate(rest) if word == "votewave"), len(rest))]
    for word in rest:
        if word.startswith("-"):
            flag = word.lstrip("-").split("=")[0]
            assert re.search(rf"^\s+-{re.escape(flag)}\b", text, re.MULTILINE), f"{' '.join(words)}: no -{flag}"


@pytest.mark.parametrize("words", of("gh"))
def test_workflows_that_are_started_by_hand_are_there(words: list[str]) -> None:
    if words[1] != "workflow":
        return
    flows = [ROOT / ".github/workflows" / words[3].replace("$E", environment) for environment in ENVIRONMENTS]
    assert all(flow.is_file() for flow in flows), words
    if words[2] != "run":
        return
    flow: dict[Any, Any] = yaml.safe_load(flows[0].read_text())
    inputs = (flow[True]["workflow_dispatch"] or {}).get("inputs", {})
    given = {word.split("=")[0] for word in words if "=" in word}
    assert {name for name, it in inputs.items() if it.get("required")} <= given <= set(inputs)


def test_files_that_are_named_are_there() -> None:
    pattern = r"(?<![\w/.-])((?:nomad|terraform|packer|tools|loadtests|\.github)/[\w./-]*[\w/])"
    for document in DOCUMENTS:
        for named in re.findall(pattern, document.read_text()):
            if re.search(r"ENVIRONMENT|backend\.hcl|/envs/$|terraform\.tfvars$", named):
                continue
            assert (ROOT / named).exists() or ((ROOT / named).parent.exists() and "$" in named), (document.name, named)


def test_groups_and_tags_are_those_of_terraform() -> None:
    roles = "|".join(NAMES["node_roles"])
    for document in DOCUMENTS:
        for group in re.findall(r"--auto-scaling-group-name (\S+)", document.read_text()):
            assert re.fullmatch(rf"votewave-(staging|production)-({roles})", group.strip("`)")), group
    assert f"tag:{NAMES['tags']['role']}" in (ROOT / "docs/operations/secrets.md").read_text()


def option(words: list[str], *names: str) -> list[str]:
    """Return what options are given, as it would be for one environment or the other."""
    found = [words[index + 1] for index, word in enumerate(words[:-1]) if word in names]
    return [
        it.replace("$E", environment).replace("$kind", kind)
        for it in found
        for environment in ENVIRONMENTS
        for kind in ("files", "reports")
    ]


def test_databases_buckets_and_secrets_are_those_of_terraform(plans: dict[str, Plan]) -> None:
    def named(kind: str, attribute: str) -> set[str]:
        found = {str(it.values[attribute]) for plan in plans.values() for it in plan.of_kind(kind)}
        return {re.sub(r"-\d{12}$", "-$ACCOUNT", name) for name in found}

    databases, groups = named("aws_db_instance", "identifier"), named("aws_db_subnet_group", "name")
    buckets, secrets = named("aws_s3_bucket", "bucket"), named("aws_secretsmanager_secret", "name")
    assert {"votewave-staging", "votewave-production", "votewave-production-second"} == databases
    for document in DOCUMENTS:
        its = [words for name, words in ALL if name == document.name and words[0] == "aws"]
        # What is made by the document's own commands is there for those that follow.
        made = {
            it
            for words in its
            for it in option(words, "--target-db-instance-identifier", "--new-db-instance-identifier")
        }
        for words in its:
            for names, known in (
                (("--db-instance-identifier", "--source-db-instance-identifier"), databases | made),
                (("--db-subnet-group-name",), groups),
                (("--bucket",), buckets),
                (("--secret-id",), secrets),
            ):
                given = option(words, *names)
                assert not given or "$name" in given or known & set(given), (document.name, words)
            # What isn't said takes AWS's defaults: a group and parameters that aren't ours, a single machine.
            if words[2] == "restore-db-instance-to-point-in-time":
                wanted = {
                    "--vpc-security-group-ids",
                    "--db-parameter-group-name",
                    "--db-subnet-group-name",
                    "--multi-az",
                }
                assert wanted | {"--no-publicly-accessible"} <= set(words)


def test_what_terraform_forgets_and_takes_has_an_address_of_the_plan(plans: dict[str, Plan], second: Plan) -> None:
    addresses = {it.address for plan in (*plans.values(), second) for it in plan.resources}
    known = addresses | {re.sub(r"\[[^]]*\]$", "", it) for it in addresses}  # or all of a for_each
    moved = []
    for name, words in ALL:
        if words[0] != "terraform":
            continue
        moved += [(name, word) for word in words if re.match(r"module\..*\.aws_", word)]
    assert len(moved) >= 3
    assert [it for it in moved if it[1] not in known] == []


def section(document: str, title: str) -> list[list[str]]:
    """Return the commands below a heading of a document, in their order."""
    text = (ROOT / "docs/operations" / document).read_text().split(f"### {title}\n")[1].split("\n### ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [words for block in blocks for line in block.splitlines() if line.strip() for words in commands(line)]


def place(commands_of: list[list[str]], *wanted: str) -> int:
    """Return where the first command stands that has all these words."""
    return next(index for index, words in enumerate(commands_of) if set(wanted) <= set(words))


DISASTER = ROOT / "docs/operations/disaster.md"
SECOND_ROOT = "-chdir=terraform/envs/second"


def test_the_second_region_takes_over_in_an_order_that_loses_nothing() -> None:
    its = section("disaster.md", "Take over")
    order = [
        place(its, "gh", "disable", "terraform.yml"),  # they would make again what is deleted
        place(its, "gh", "disable", "deploy-$E.yml"),
        place(its, "list-resource-record-sets"),
        place(its, "change-resource-record-sets", "file://first.json"),  # before another database takes votes
        place(its, "promote-read-replica"),
        place(its, "stop-replication-to-replica"),
        place(its, "terraform", SECOND_ROOT, "-target=module.takeover.module.way_out"),
        place(its, "machine-image", "build"),
        next(i for i, words in enumerate(its) if words == ["terraform", SECOND_ROOT, "apply", "-var-file=$E.tfvars"]),
        place(its, "./just", "cache-user"),
        place(its, "./just", "release", "--skip-gate"),
        place(its, "test-dns-answer"),
        place(its, "votewave", "recount"),
    ]
    assert order == sorted(order)
    # Nothing is asked of the region that is lost, but to stop its services if it can still be reached.
    lines_of = DISASTER.read_text().split("### Take over")[1].split("### ")[0].splitlines()
    asked = [line for line in lines_of if "eu-central-1" in line]
    assert len(asked) == 1
    assert "nomad job stop" in asked[0]


def test_the_first_regions_answer_is_what_is_deleted(plans: dict[str, Plan]) -> None:
    """An ill first answer is given all the same as long as the second is ill or not there."""
    [words] = [words for _, words in ALL if "list-resource-record-sets" in words]
    records = [
        {"Name": it.values["name"], "Type": it.values["type"], "SetIdentifier": it.values["set_identifier"]}
        for it in plans["production"].of_kind("aws_route53_record")
    ]
    records.append(records[0] | {"Name": "vote.example.org", "Type": "A", "SetIdentifier": "second"})
    batch = jmespath.search(option(words, "--query")[0], {"ResourceRecordSets": records})
    first = {"Name": "vote.example.org", "Type": "A", "SetIdentifier": "first"}
    assert batch == {"Changes": [{"Action": "DELETE", "ResourceRecordSet": first}]}
    assert not re.search(r"update-health-check", DISASTER.read_text())


def test_two_environments_share_nothing_in_the_second_regions_folder() -> None:
    """After a rehearsal with staging Terraform would find production's backend changed, or staging's values."""
    its = [line for line in lines(DISASTER) if SECOND_ROOT in line]
    assert len(its) >= 7
    for line in its:
        assert line.startswith(f"TF_DATA_DIR=.terraform-$E terraform {SECOND_ROOT} "), line
        words = next(commands(line))
        if words[2] == "init":
            assert {"-reconfigure", "-backend-config=$E.backend.hcl"} <= set(words), line
        elif words[2] != "state":
            assert "-var-file=$E.tfvars" in words, line
    folder = ROOT / "terraform/envs/second"
    for environment in ENVIRONMENTS:
        for name in (f".terraform-{environment}/x", f"{environment}.backend.hcl", f"{environment}.tfvars"):
            ignored = subprocess.run(["git", "check-ignore", "-q", folder / name], cwd=ROOT, timeout=30, check=False)
            assert ignored.returncode == 0, name


def test_all_that_acts_by_itself_is_stopped_before_a_database_goes() -> None:
    """Services would go on closing polls and sending mails on a database that doesn't count any more."""
    found = re.findall(r"for job in ([\w ]+); do (?:AWS_REGION=(\S+) )?\./just pipeline nomad", DISASTER.read_text())
    assert [region for _, region in found] == [
        "",
        "eu-central-1",
        "eu-west-1",
    ]  # one database, the way there, the way back
    by_hand = {"service", "migrate", "loadtest"}
    for stopped, region in found:
        assert set(stopped.split()) == {*NAMES["services"], *NAMES["jobs"]} - by_hand, region


def test_the_way_back_opens_the_first_region_last() -> None:
    its = section("disaster.md", "The way back")
    order = [
        place(its, "create-db-instance-read-replica"),
        place(its, "s3", "sync"),
        place(its, "list-object-versions"),  # what was deleted there would else be here again
        place(its, "delete-object"),
        place(its, "nomad", "job", "stop"),
        place(its, "get-metric-statistics"),
        place(its, "promote-read-replica"),
        place(its, "terraform", SECOND_ROOT, "state", "rm"),
        place(its, "terraform", SECOND_ROOT, "destroy"),
        place(its, "delete-secret"),
        place(its, "terraform", "-chdir=terraform/envs/$E", "apply"),
        place(its, "gh", "enable", "deploy-$E.yml"),
        place(its, "gh", "enable", "terraform.yml"),
    ]
    assert order == sorted(order)
    assert order[-1] == len(its) - 1
    # A load balancer that may not be deleted keeps all from going.
    protection = place(its, "modify-load-balancer-attributes", "Key=deletion_protection.enabled,Value=false")
    assert protection < place(its, "terraform", SECOND_ROOT, "destroy")


def test_logs_of_the_second_region_outlast_its_machines(second: Plan) -> None:
    [forgets] = [words for words in section("disaster.md", "The way back") if {SECOND_ROOT, "rm"} <= set(words)]
    groups = {re.sub(r"\[[^]]*\]$", "", it.address) for it in second.of_kind("aws_cloudwatch_log_group")}
    assert set(forgets[4:]) == groups


def test_regions_targets_and_names_of_the_second_region_are_terraforms(second: Plan) -> None:
    text = DISASTER.read_text()
    [region] = re.findall(r'^  region = "(\S+)"', (ROOT / "terraform/envs/second/main.tf").read_text(), re.MULTILINE)
    assert set(re.findall(r"eu-west-\d", text)) == {region}
    called = second.shown["configuration"]["root_module"]["module_calls"]["takeover"]["module"]["module_calls"]
    for target in re.findall(r"-target=module\.takeover\.module\.(\w+)", text):
        assert target in called
    parameters = {re.sub(r"/(server|edge|app)$", "", it) for it in re.findall(r"/votewave/\$E/machine-image", text)}
    assert parameters == {NAMES["parameters"]["machine_image"].format(environment="$E", role="").rstrip("/")}
    balancer = second.of_kind("aws_lb")[0].values["name"]
    assert f"--names {balancer.replace('production', '$E')} " in text


def test_every_alarm_of_a_copy_says_what_to_do_and_is_quiet_while_there_is_none(plans: dict[str, Plan]) -> None:
    alarms = {
        it.values["alarm_name"]: it.values["arn"]
        for it in plans["production"].of_kind("aws_cloudwatch_metric_alarm")
        if ".module.dr" in it.address
    }
    rows = [line for line in DISASTER.read_text().splitlines() if line.startswith("| `votewave-production-")]
    assert {name for line in rows for name in re.findall(r"`(\S+)`", line.split("|")[1])} == set(alarms)
    there = {name for name, arn in alarms.items() if ":eu-west-1:" in arn}
    switched = [
        {name.replace("$E", "production") for name in words[words.index("--alarm-names") + 1 :]}
        for _, words in ALL
        if words[:2] == ["aws", "cloudwatch"] and words[2] in {"disable-alarm-actions", "enable-alarm-actions"}
    ]
    assert switched == [there, there]  # what the first region says ends with it


def test_a_copy_is_made_with_all_that_the_database_has() -> None:
    """What isn't said takes AWS's defaults: a group and parameters that aren't ours, a single machine."""
    copies = [words for _, words in ALL if "create-db-instance-read-replica" in words]
    assert len(copies) == 1
    wanted = {"--vpc-security-group-ids", "--db-parameter-group-name", "--db-subnet-group-name", "--multi-az"}
    wanted |= {"--no-publicly-accessible", "--kms-key-id", "--source-region", "--deletion-protection"}
    assert wanted <= set(copies[0])


def test_every_secret_has_its_way_to_be_rotated() -> None:
    text = (ROOT / "docs/operations/secrets.md").read_text()
    wanted = {*NAMES["shared_secrets"]}
    wanted |= {f"{service}/{name}" for service, it in NAMES["services"].items() for name in it["secrets"]}
    wanted.add(NAMES["database"]["master_secret"])
    assert sorted(name for name in wanted if f"`{name}`" not in text) == []


def test_the_quota_that_is_asked_for_covers_the_machines() -> None:
    """A new account may run five vCPUs, and what goes beyond it doesn't start."""
    text = (ROOT / "terraform/modules/sizes/main.tf").read_text()
    document = (ROOT / "docs/operations/aws.md").read_text()
    cpus = {"large": 2, "xlarge": 4, "2xlarge": 8}
    counted = {}
    for environment in ENVIRONMENTS:
        [values] = re.findall(rf"^    {environment} = \{{\n(.*?)^    \}}", text, re.MULTILINE | re.DOTALL)
        pools = re.findall(r'type = "\w+\.(\w+)".*wished = (\d+), most = (\d+)', values)
        assert len(pools) == 3
        counted[environment] = [sum(cpus[kind] * int(pair[at]) for kind, *pair in pools) for at in (0, 1)]
    said = re.search(r"Staging's machines have (\d+) vCPUs, production's (\d+), up to (\d+)", document)
    asked = re.search(r"--desired-value (\d+) +# production: (\d+)", document)
    assert said
    assert asked
    assert int(said[1]) == counted["staging"][0]
    assert int(said[2]) == counted["production"][0]
    apps = 12 * 4 + counted["production"][0] - 3 * 4
    assert int(said[3]) == apps
    assert int(asked[1]) >= counted["staging"][1]
    assert int(asked[2]) >= counted["production"][1]


def test_the_tools_that_the_first_steps_use_are_named() -> None:
    document = (ROOT / "docs/operations/aws.md").read_text()
    [checked] = re.findall(r"^for name in ([\w\- ]+); do command -v", document, re.MULTILINE)
    used = {words[0] for name, words in ALL if name == "aws.md"} & {"aws", "terraform", "nomad", "docker", "gh", "jq"}
    assert used <= set(checked.split()), used


def test_what_protects_itself_is_in_the_way_of_taking_staging_away(plans: dict[str, Plan]) -> None:
    """What Terraform may not destroy has to be forgotten first; else the destroy ends half way."""
    text = (ROOT / "docs/operations/aws.md").read_text().split("## Take staging away")[1]
    modules = ROOT / "terraform/modules"
    kept = {
        match
        for path in modules.rglob("*.tf")
        if path.parent.name not in {"dr", "state"}  # staging has no second region; the state's bucket is bootstrap's
        for match in re.findall(
            r'^resource "(\w+)" "\w+" \{\n(?:(?!^\}).*\n)*?.*prevent_destroy = true', path.read_text(), re.MULTILINE
        )
    }
    here = {it.kind for it in plans["staging"].resources}
    assert kept & here
    for kind in kept & here:
        assert f".{kind}." in text, kind


@pytest.mark.parametrize(("environment", "column"), [("staging", 2), ("production", 3)])
def test_costs_count_what_terraform_makes(environment: str, column: int) -> None:
    text = (ROOT / "terraform/modules/sizes/main.tf").read_text()
    [values] = re.findall(rf"^    {environment} = \{{\n(.*?)^    \}}", text, re.MULTILINE | re.DOTALL)
    rows: dict[str, list[str]] = {}
    for line in (ROOT / "docs/operations/costs.md").read_text().splitlines():
        if len(cells := line.split("|")) > 5:
            old = rows.setdefault(cells[1].strip(), [""] * len(cells))
            rows[cells[1].strip()] = [before + new for before, new in zip(old, cells, strict=False)]
    disks = 0
    for name, role in (("servers", "server"), ("edges", "edge"), ("apps", "app")):
        found = re.search(rf'{role}\s*= \{{ type = "([\w.]+)".*wished = (\d+).*storage = (\d+)', values)
        assert found, role
        assert f"{found[2]} × {found[1]}" in rows[name][column], name
        disks += int(found[2]) * int(found[3])
    assert f"{disks} GB" in rows["their disks"][column]
    for name, kind in (("Postgres", "database"), ("Valkey", "cache")):
        found = re.search(rf'{kind}\s*= \{{ (?:class) = "([\w.]+)"', values)
        assert found, kind
        assert found[1] in rows[name][column]
    budget = re.search(r"monthly_budget = (\d+)", values)
    assert budget
    assert budget[1] in (ROOT / "docs/operations/costs.md").read_text()


def test_every_price_has_a_source_and_the_sums_are_those_of_their_lines() -> None:
    text = (ROOT / "docs/operations/costs.md").read_text()
    table, rest = text.split("|---|---|---|---|---|---|---|---|\n")[1].split("\n\n", 1)
    *lines, last = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    sums = [0.0, 0.0]
    for line in lines:
        price, per = line[3].split(" / ")
        for place in (0, 1):
            quantity = re.match(r"\d+", line[1 + place])
            cost = int(quantity[0]) * float(price) * {"h": 730, "month": 1}[per] if quantity else 0.0
            written = float(line[5 + place].replace(",", ""))
            assert written == pytest.approx(cost, abs=0.006), line
            sums[place] += written
        assert re.search(rf"^{line[7]}\. \S", rest, re.MULTILINE), f"{line[0]} has no source"
    assert [float(it.replace(",", "")) for it in last[5:7]] == pytest.approx(sums, abs=0.001)


def test_the_second_regions_costs_follow_from_the_table() -> None:
    text = (ROOT / "docs/operations/costs.md").read_text()
    rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    table = [row for row in rows if len(row) == 8 and re.fullmatch(r"[\d.,]+", row[6])]

    def cost(place: int, *names: str) -> float:
        return sum(float(row[place].replace(",", "")) for row in table if row[0] in names)

    taken_over = cost(6, "sum, at least") - cost(6, "Postgres", "its storage", "secrets", "keys")
    waiting = cost(5, "Postgres", "its storage", "secrets", "keys")
    standby = cost(6, "Postgres") / 3
    for amount, per in ((taken_over, "month"), (taken_over / 730, "hour"), (standby, "month"), (waiting, "month")):
        assert re.search(rf"\b{re.escape(f'{amount:,.2f}')}\s+(a|an)\s+{per}", text), (amount, per)
