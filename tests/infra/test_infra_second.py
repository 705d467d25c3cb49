"""The second region takes over: on what waits there, with nothing of the first, and as one like it."""

import json
import re
import subprocess
from typing import Any

import pytest
import yaml
from rights import Call, allowed
from tools.infra.plan import Plan
from tools.infra.programs import terraform
from tools.infra.terraform import Workspace

FIRST, SECOND = "eu-central-1", "eu-west-1"
ACCOUNT = "444455556666"
KEEPS = re.compile(r"^aws_(db_|rds_|s3_|secretsmanager_|ecr_|kms_|vpc$|subnet$|acm_)")
"""What dr makes beforehand; on the day of need it would be a second, empty one."""


@pytest.fixture(scope="module")
def production(plans: dict[str, Plan]) -> Plan:
    return plans["production"]


def test_nothing_that_is_kept_is_made_again(second: Plan) -> None:
    assert len(second.resources) > 150
    assert [it.address for it in second.resources if KEEPS.match(it.kind)] == []
    # The database's group is there; it gets the one rule by which services come, and no other.
    groups = {it.values["id"] for it in second.of_kind("aws_security_group")}
    rules = second.of_kind("aws_vpc_security_group_ingress_rule")
    [way] = [it for it in rules if it.values["security_group_id"] not in groups]
    assert way.values["from_port"] == way.values["to_port"] == 5432
    assert way.values["referenced_security_group_id"] in groups


def looked_up(plan: Plan) -> dict[str, Any]:
    """Return what the plan looked up, by the data source's address in its module."""

    def all_of(module: dict[str, Any]) -> dict[str, Any]:
        found = {it["address"]: it["values"] for it in module.get("resources", []) if it["mode"] == "data"}
        for child in module.get("child_modules", []):
            found |= all_of(child)
        return found

    found = all_of(plan.shown["prior_state"]["values"]["root_module"])
    return {address.removeprefix("module.takeover.data."): values for address, values in found.items()}


def test_what_is_looked_up_is_what_waits(second: Plan, production: Plan) -> None:
    """Each name is one that production's plan makes in that region, or copies into it."""
    there = [it for it in production.resources if ".module.dr[0]" in it.address]
    tagged = {it.values["tags"]["Name"] for it in there if it.values.get("tags")}
    kinds: dict[str, set[str]] = {
        "aws_db_instance": {it.values["identifier"] for it in there if it.kind == "aws_db_instance"},
        "aws_s3_bucket": {it.values["bucket"] for it in there if it.kind == "aws_s3_bucket"},
        "aws_ecr_repository": {it.values["name"] for it in there if it.kind == "aws_ecr_repository"},
        "aws_acm_certificate": {it.values["domain_name"] for it in there if it.kind == "aws_acm_certificate"},
        "aws_security_group": {it.values["name"] for it in there if it.kind == "aws_security_group"},
        "aws_secretsmanager_secret": {
            it.values["name"]
            for it in production.of_kind("aws_secretsmanager_secret")
            if [replica["region"] for replica in it.values["replica"]] == [SECOND]
        },
        **dict.fromkeys(("aws_vpc", "aws_subnet", "aws_route_table"), tagged),
    }
    asked: dict[str, set[str]] = {}
    for address, values in looked_up(second).items():
        kind = address.partition(".")[0]
        name = next(
            values[field]
            for field in ("db_instance_identifier", "bucket", "domain", "name", "tags")
            if values.get(field)
        )
        asked.setdefault(kind, set()).add(name["Name"] if isinstance(name, dict) else name)
    keys = asked.pop("aws_kms_alias")
    assert keys == {"alias/votewave-production-data", "alias/votewave-production-logs"}  # bootstrap's, in both regions
    assert set(asked) == set(kinds)
    for kind, names in asked.items():
        assert names <= kinds[kind], kind
    for kind in ("aws_db_instance", "aws_s3_bucket", "aws_secretsmanager_secret", "aws_ecr_repository"):
        assert asked[kind] == kinds[kind], kind  # all that is kept, not a part of it
    assert len(asked["aws_subnet"]) == 9


@pytest.mark.parametrize(
    ("source", "promoted"), [("null", True), ('""', True), ('"arn:aws:rds:eu-central-1:1:db:first"', False)]
)
def test_a_database_that_follows_none_is_promoted(workspace: Workspace, source: str, promoted: bool) -> None:
    """Whichever way the provider says "none"; Terraform itself decides."""
    text = (workspace.configurations / "modules/takeover/main.tf").read_text()
    [condition] = re.findall(r"condition\s+= (.*self\.replicate_source_db.*)", text)
    folder = workspace.folder / "console"
    folder.mkdir(exist_ok=True)
    said = subprocess.run(
        [terraform(), "console"],
        cwd=folder,
        env=workspace.environment,
        input=condition.replace("self.replicate_source_db", source),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stdout.strip() == str(promoted).lower()


def test_nothing_asks_the_first_region(second: Plan) -> None:
    """Not in a policy, not in an address, not for its state."""
    text = json.dumps([[it.values for it in second.resources], looked_up(second), second.outputs])
    assert FIRST not in text
    assert re.search(r"votewave-production-(files|reports|logs|state)-", text) is None


def test_names_that_are_the_accounts_are_its_own(second: Plan, production: Plan) -> None:
    """Roles, the dashboard, the budget and the issuer are in no region: the first one's are there already."""
    for kind, field in (
        ("aws_iam_role", "name"),
        ("aws_iam_instance_profile", "name"),
        ("aws_iam_openid_connect_provider", "url"),
        ("aws_cloudwatch_dashboard", "dashboard_name"),
        ("aws_budgets_budget", "name"),
    ):
        own, others = ({it.values[field] for it in plan.of_kind(kind)} for plan in (second, production))
        assert own, kind
        assert not own & others, kind
    # Records, too: only the site's name is in both, and Route 53 chooses.
    own, others = (
        {
            (it.values["name"], it.values["set_identifier"])
            for it in plan.of_kind("aws_route53_record")
            if it.values["type"] == "A"
        }
        for plan in (second, production)
    )
    assert own == {("vote.example.org", "second"), ("oidc-second.vote.example.org", None)}
    assert not own & others


def test_what_is_made_twice_in_that_region_would_collide_and_is_not(second: Plan, production: Plan) -> None:
    named = ("name", "replication_group_id", "user_id", "user_group_id", "alarm_name")
    there = {
        (it.kind, it.values[field])
        for it in production.resources
        if ".module.dr[0]" in it.address
        for field in named
        if it.values.get(field)
    }
    made = {(it.kind, it.values[field]) for it in second.resources for field in named if it.values.get(field)}
    inner = {"aws_iam_role_policy"}  # inside a role
    assert {it for it in there & made if it[0] not in inner} == set()


def test_the_name_is_answered_by_the_second_when_the_first_is_not_well(second: Plan, production: Plan) -> None:
    answers = {
        it.values["set_identifier"]: it.values
        for plan in (second, production)
        for it in plan.of_kind("aws_route53_record")
        if it.values["failover_routing_policy"]
    }
    assert {name: it["failover_routing_policy"] for name, it in answers.items()} == {
        "first": [{"type": "PRIMARY"}],
        "second": [{"type": "SECONDARY"}],
    }
    assert answers["first"]["name"] == answers["second"]["name"]
    assert SECOND in answers["second"]["alias"][0]["name"]
    assert FIRST in answers["first"]["alias"][0]["name"]


def test_it_is_what_runs_in_the_first_region_and_a_way_out(second: Plan, production: Plan) -> None:
    """The same modules, so that what staging and production have gone through is what runs there."""

    def inside(plan: Plan, *modules: str) -> set[str]:
        before = ".".join(f"module.{it}" for it in modules) + "."
        return {it.address.removeprefix(before) for it in plan.resources if it.address.startswith(before)}

    first, here = inside(production, "environment", "platform"), inside(second, "takeover", "platform")
    beside = "module.edge.aws_route53_record.beside"
    assert first - here == {
        'module.security.aws_security_group.this["database"]',  # it waits
        f'{beside}["oidc.vote.example.org"]',
    }
    assert here - first == {f'{beside}["oidc-second.vote.example.org"]'}
    assert inside(second, "takeover", "way_out") == inside(production, "environment", "network", "way_out")


def test_it_is_as_large_as_the_environment_that_it_takes_over(
    second: Plan, plans: dict[str, Plan], rehearsal: Plan
) -> None:
    """All sizes come from modules/sizes together, so the budget speaks for them."""

    def budget(plan: Plan) -> str:
        [it] = plan.of_kind("aws_budgets_budget")
        return str(it.values["limit_amount"])

    assert budget(second) == budget(plans["production"])
    assert budget(rehearsal) == budget(plans["staging"]) != budget(second)


@pytest.fixture(scope="module")
def rehearsal(workspace: Workspace) -> Plan:
    return Plan.of(
        workspace, "envs/second", environment="staging", account="111122223333", domain="staging.vote.example.org"
    )


def test_a_rehearsal_is_staging_and_touches_nothing_of_production(workspace: Workspace, rehearsal: Plan) -> None:
    text = json.dumps([[it.values for it in rehearsal.resources], looked_up(rehearsal)])
    assert "production" not in text
    assert ACCOUNT not in text
    staging = Plan.of(workspace, "envs/staging", rehearse=True)
    waiting = staging.outputs["second_region"]
    assert waiting["database"] == looked_up(rehearsal)["aws_db_instance.this"]["db_instance_identifier"]
    assert set(waiting["buckets"].values()) == {
        values["bucket"] for address, values in looked_up(rehearsal).items() if address.startswith("aws_s3_bucket.")
    }


# -- what machines and tasks may there ---------------------------------------------------------------------------------


def test_machines_and_jobs_are_of_that_region(second: Plan) -> None:
    for text in second.outputs["user_data"].values():
        told = json.loads(yaml.safe_load(text)["write_files"][0]["content"])
        assert told["region"] == SECOND
        assert told["oidc_issuer"] == "https://oidc-second.vote.example.org"
    values = second.outputs["nomad_values"]
    assert values["addresses"]["AWS_REGION"] == SECOND
    assert values["addresses"]["VOTEWAVE_PUBLIC_URL"] == "https://vote.example.org"  # users notice nothing
    assert "//votewave-production-second." in values["addresses"]["VOTEWAVE_DATABASE_URL"]
    assert values["addresses"]["VOTEWAVE_STORAGE"] == f"s3://votewave-production-second-files-{ACCOUNT}"
    assert values["image"].startswith(f"{ACCOUNT}.dkr.ecr.{SECOND}.")
    assert values["gateway_canary_from"] == [looked_up(second)["aws_vpc.this"]["cidr_block"]]


def test_a_tasks_role_trusts_the_second_clusters_issuer_alone(second: Plan, names: dict[str, Any]) -> None:
    [provider] = second.of_kind("aws_iam_openid_connect_provider")
    trusts = [it for it in second.statements() if it.kind == "aws_iam_role" and ".task[" in it.where]
    assert len(trusts) == len(names["services"]) + len(names["task_roles"])
    for it in trusts:
        assert it.principals == (provider.values["arn"],)
        assert {key.partition(":")[0] for key in it.conditions["StringEquals"]} == {"oidc-second.vote.example.org"}
    roles = {it.values["name"] for it in second.of_kind("aws_iam_role")}
    assert {second.outputs["nomad_values"]["aws_role"].rpartition("/")[2] % name for name in names["services"]} <= roles


def test_tasks_and_machines_read_the_copies_of_their_secrets_and_no_others(second: Plan, names: dict[str, Any]) -> None:
    prefix = names["secret_prefix"].format(environment="production")
    arns = {
        values["name"].removeprefix(f"{prefix}/"): values["arn"]
        for address, values in looked_up(second).items()
        if address.startswith("aws_secretsmanager_secret.")
    }
    assert all(f":{SECOND}:" in arn for arn in arns.values())

    def readable(where: str) -> set[str]:
        own = [it for it in second.statements() if where in it.where and it.kind == "aws_iam_role_policy"]
        return {name for name, arn in arns.items() if allowed(own, Call("secretsmanager:GetSecretValue", arn))}

    shared = {name for name, it in names["shared_secrets"].items() if "service" in it["readers"]}
    for service, it in names["services"].items():
        assert readable(f'task["{service}"]') == {f"{service}/{secret}" for secret in it["secrets"]} | shared
    assert names["database"]["master_secret"] in readable('task["migrate"]')
    for role in names["node_roles"]:
        assert readable(f'node["{role}"]') == {
            name for name, it in names["shared_secrets"].items() if role in it["readers"]
        }


def test_every_role_has_the_boundary(second: Plan, bootstrap: Plan) -> None:
    [policy] = bootstrap.of_kind("aws_iam_policy")
    roles = second.of_kind("aws_iam_role")
    assert {it.values["permissions_boundary"] for it in roles} == {policy.values["arn"]}
    boundary = [it for it in bootstrap.statements() if it.where == "aws_iam_policy.boundary"]
    for it in second.statements():
        if it.kind == "aws_iam_role_policy":
            for action in it.actions:
                assert allowed(boundary, Call(action, it.resources[0])), f"{it.where}: {action}"
    for place in ("state", "second-state"):
        arn = f"arn:aws:s3:::votewave-production-{place}-{ACCOUNT}/second/terraform.tfstate"
        assert not allowed(boundary, Call("s3:PutObject", arn))


# -- what waits --------------------------------------------------------------------------------------------------------


def test_the_copy_works_as_the_database_does(production: Plan) -> None:
    """Once promoted it is the one that counts."""
    first, copy = sorted(production.of_kind("aws_db_parameter_group"), key=lambda it: ".module.dr" in it.address)
    assert first.values["parameter"] == copy.values["parameter"]
    assert first.values["family"] == copy.values["family"]
    database, its_copy = sorted(production.of_kind("aws_db_instance"), key=lambda it: ".module.dr" in it.address)
    for field in ("instance_class", "storage_type", "max_allocated_storage", "enabled_cloudwatch_logs_exports"):
        assert database.values[field] is not None
        assert its_copy.values[field] == database.values[field], field
    # RDS makes a group that isn't there, without an end and with a key of AWS's.
    logs = {it.values["name"]: it for it in production.of_kind("aws_cloudwatch_log_group")}
    for exported in database.values["enabled_cloudwatch_logs_exports"]:
        one, other = (logs[f"/aws/rds/instance/{it.values['identifier']}/{exported}"] for it in (database, its_copy))
        assert one.values["retention_in_days"] == other.values["retention_in_days"]
        assert f":{FIRST}:" in one.values["arn"]
        assert f":{SECOND}:" in other.values["arn"]
        assert other.values["kms_key_id"]


def test_buckets_are_alike_in_both_regions(production: Plan) -> None:
    """Browsers upload into the copies, load balancers log there, and nobody else may more."""
    for kind in ("aws_s3_bucket_cors_configuration", "aws_s3_bucket_policy", "aws_s3_bucket_lifecycle_configuration"):
        inside: dict[bool, dict[str, str]] = {True: {}, False: {}}
        for it in production.of_kind(kind):
            text = json.dumps({key: it.values.get(key) for key in ("cors_rule", "policy", "rule")})
            place = it.address.rpartition(".")[2]
            inside[".module.dr" in it.address][place] = text.replace(
                "votewave-production-second-", "votewave-production-"
            )
        assert inside[True] == inside[False], kind
        assert inside[True]


def test_images_are_copied_as_they_are_pushed(production: Plan) -> None:
    [copies] = production.of_kind("aws_ecr_replication_configuration")
    [rule] = copies.values["replication_configuration"][0]["rule"]
    assert rule["destination"] == [{"region": SECOND, "registry_id": ACCOUNT}]
    first, waiting = production.of_kind("aws_ecr_repository")
    assert {first.values["name"], waiting.values["name"]} == {rule["repository_filter"][0]["filter"]}
    # ECR would make it by itself, with tags that may change and a key of AWS's.
    for it in (first, waiting):
        assert it.values["image_tag_mutability"] == "IMMUTABLE"
        assert it.values["encryption_configuration"][0]["encryption_type"] == "KMS"
    [needs] = [
        it
        for it in production.shown["configuration"]["root_module"]["module_calls"]["environment"]["module"][
            "module_calls"
        ]["dr"]["module"]["resources"]
        if it["type"] == "aws_ecr_replication_configuration"
    ]
    assert "module.registry" in json.dumps(needs["expressions"])


def test_its_state_lies_in_its_own_region_and_account(bootstrap: Plan) -> None:
    backend = bootstrap.outputs["backend_second"]
    assert re.search(rf'region\s*=\s*"{SECOND}"', backend)
    assert f"votewave-production-second-state-{ACCOUNT}" in backend
    assert f":{SECOND}:" in backend
