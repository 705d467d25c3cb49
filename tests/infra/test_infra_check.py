"""The checks of `./just infra check` pass, and would fail on a mistake."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.infra import checks, schema
from tools.infra.plan import Plan
from tools.infra.programs import KEPT, ROOT, one_at_a_time
from tools.infra.terraform import TerraformError, Workspace

pytestmark = pytest.mark.needs("terraform", "go", "tflint", "tflint-ruleset-aws")


@pytest.mark.infra_check
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in checks.CHECKS if name != "promises"])
def test_check_passes(name: str) -> None:
    result = checks.run(name)
    assert result.passed, result.said


@pytest.mark.infra_check
def test_results_are_for_scripts_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.infra", "check", "--json", "fmt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (result,) = json.loads(done.stdout)
    assert done.returncode == 0
    assert result["name"] == "fmt"
    assert result["passed"] is True
    assert result["seconds"] >= 0


PLANTED = {
    "a misspelt argument": (
        'resource "aws_sns_topic" "planted" {\n  name              = "planted"\n  kms_master_key_di = "k"\n}\n',
        "Unsupported argument",
        "kms_master_key_di",
    ),
    "a missing argument": (
        'resource "aws_db_instance" "planted" {\n  engine = "postgres"\n}\n',
        "Missing required argument",
        "instance_class",
    ),
    "an unknown type": (
        'resource "aws_s3_bukket" "planted" {\n  bucket = "planted"\n}\n',
        "Invalid resource type",
        "aws_s3_bukket",
    ),
    "a misspelt block": (
        'resource "aws_s3_bucket_versioning" "planted" {\n  bucket = "b"\n  versioning {\n  }\n}\n',
        "Insufficient versioning_configuration blocks",
        "versioning_configuration",
    ),
    "a wrong type": (
        'resource "aws_sns_topic" "planted" {\n  content_based_deduplication = "perhaps"\n}\n',
        "Incorrect attribute value type",
        "content_based_deduplication",
    ),
    "a reference to nothing": (
        'output "planted" {\n  value = aws_sns_topic.alarms.adress\n}\n',
        "Unsupported attribute",
        "adress",
    ),
    "a misspelt argument below a block": (
        'resource "aws_lb_listener" "planted" {\n  load_balancer_arn = "a"\n  default_action {\n    typ = 1\n  }\n}\n',
        "Unsupported argument",
        "typ",
    ),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found(mistake: str, tmp_path: Path) -> None:
    text, summary, what = PLANTED[mistake]
    source = tmp_path / "source"
    planted = source / "modules" / "observability"
    planted.mkdir(parents=True)
    for file in (ROOT / "terraform/modules/observability").glob("*.tf"):
        (planted / file.name).write_text(file.read_text())
    (planted / "planted.tf").write_text(text)
    workspace = Workspace(tmp_path / "w", source)
    workspace.init("modules/observability")

    found = workspace.validate("modules/observability")

    assert any(summary in it.summary and what in f"{it.detail} {it.summary}" for it in found), [str(it) for it in found]
    assert all("planted.tf" in it.where for it in found), [str(it) for it in found]


def test_the_schema_is_of_the_pinned_file_only(tmp_path: Path) -> None:
    """What npm brings is held against its hash before anything is read from it."""
    other = tmp_path / f"cdktf-provider-aws-{schema.PACKAGE.rpartition('@')[2]}.tgz"
    other.write_bytes(b"something else")

    with pytest.raises(schema.SchemaError, match="isn't the pinned file"):
        schema.load({"resource": {"aws_vpc"}, "data": set(), "ephemeral": set()}, tmp_path)

    assert not other.exists()


def test_the_schema_knows_what_is_required_and_what_the_cloud_fills_in() -> None:
    with one_at_a_time("schema"):
        file = schema.load(
            {
                "resource": {"aws_db_instance", "aws_secretsmanager_secret_version", "aws_lb_listener"},
                "data": {"aws_caller_identity"},
                "ephemeral": {"aws_secretsmanager_random_password"},
            },
            KEPT,
        )
    found = json.loads(file.read_text())
    database = found["resource"]["aws_db_instance"]
    assert database["attributes"]["instance_class"]["required"]
    assert database["attributes"]["address"] == {"type": "string", "computed": True}
    assert database["attributes"]["master_user_secret"]["type"][1][1]["secret_arn"] == "string"
    assert found["resource"]["aws_lb_listener"]["block_types"]["default_action"]["min_items"] == 1
    version = found["resource"]["aws_secretsmanager_secret_version"]["attributes"]
    assert version["secret_string_wo"]["write_only"]
    assert found["ephemeral"]["aws_secretsmanager_random_password"]["attributes"]["random_password"]["computed"]
    assert found["data"]["aws_caller_identity"]["attributes"]["account_id"]["computed"]


# -- what can be planned while nothing is there ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty_account(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("unknown") / "w", unknown=True)


@pytest.mark.parametrize(
    ("root", "variables"),
    [
        ("bootstrap", {}),
        ("bootstrap", {"second_region": "eu-west-1"}),
        ("envs/staging", {}),
        ("envs/staging", {"rehearse": True}),
        ("envs/production", {}),
        ("envs/second", {}),
    ],
)
def test_it_can_be_planned_in_an_empty_account(
    empty_account: Workspace, root: str, variables: dict[str, object]
) -> None:
    """Nothing is counted or named by what AWS tells only once it has made it."""
    plan = Plan.of(empty_account, root, **variables)
    assert len(plan.resources) > 5
    assert not any(it.values.get("arn") for it in plan.resources)


def test_a_key_that_only_aws_knows_is_found(empty_account: Workspace) -> None:
    folder = empty_account.configurations / "planted-key"
    folder.mkdir()
    shutil.copy(empty_account.configurations / "envs/staging/versions.tf", folder / "versions.tf")
    (folder / "main.tf").write_text(
        'resource "aws_sns_topic" "one" {\n  name = "one"\n}\n'
        'resource "aws_sns_topic" "each" {\n  for_each = toset([aws_sns_topic.one.arn])\n  name = "each"\n}\n'
    )
    empty_account.init("planted-key")
    with pytest.raises(TerraformError, match="Invalid for_each argument"):
        empty_account.plan("planted-key")
