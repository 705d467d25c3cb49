"""What must hold in the plans, each promise by name."""

import json
import re
from ipaddress import ip_network
from typing import Any

import pytest
from services.auth.settings import AuthSettings
from tools.infra import graph
from tools.infra.plan import Plan, Resource
from tools.infra.programs import ROOT
from tools.release.image import PLATFORM

WORLD = {"0.0.0.0/0", "::/0"}
# Actions that know no resource to name. What bounds them instead stands beside, and in the policy.
NAMELESS = {
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
    "logs:CreateLogDelivery": "aws:RequestedRegion",
    "logs:UpdateLogDelivery": "aws:RequestedRegion",
    "logs:DeleteLogDelivery": "aws:RequestedRegion",
    "logs:PutResourcePolicy": "aws:RequestedRegion",
    "route53:CreateHealthCheck": "aws:RequestedRegion",
    "ecr:PutReplicationConfiguration": "aws:RequestedRegion",
}


def wild(resource: str) -> bool:
    """Whether a resource in a policy stands for everything of a kind of service, or of all."""
    if resource == "*":
        return True
    parts = resource.split(":", 5)
    return len(parts) < 6 or parts[5] in {"*", "*/*", "*:*"} or "*" in parts[2]


# -- no wildcard resource with a writing action ------------------------------------------------------------------------


def test_no_policy_lets_write_to_everything(each: Plan) -> None:
    statements = each.statements()
    assert len(statements) > 40
    found = []
    for it in statements:
        if it.effect != "Allow" or not it.resources:  # a role's trust names its role by where it stands
            continue
        for action in it.writes:
            bounded = NAMELESS.get(action)
            if bounded is not None and any(bounded in condition for condition in it.conditions.values()):
                continue
            found += [f"{it.where}: {action} on {resource}" for resource in it.resources if wild(resource)]
    assert found == []


def test_no_policy_allows_by_a_wildcard_of_actions(each: Plan) -> None:
    found = [f"{it.where}: {it.actions}" for it in each.statements() if it.effect == "Allow" and "*" in str(it.actions)]
    assert found == []


def test_only_keys_of_bootstrap_speak_of_any_resource_and_mean_themselves(bootstrap: Plan) -> None:
    """In a key's policy "*" is the key that has it; besides, the boundary says it, which gives nothing by itself."""
    found = {it.where for it in bootstrap.statements() if it.effect == "Allow" and any(map(wild, it.resources))}
    assert {it for it in found if not it.startswith("aws_kms_key.")} == {"aws_iam_policy.boundary"}
    assert not bootstrap.of_kind("aws_iam_role", "aws_iam_role_policy_attachment", "aws_iam_user_policy_attachment")


def test_nobody_but_named_principals_is_let_in(each: Plan, bootstrap: Plan) -> None:
    for it in [*each.statements(), *bootstrap.statements()]:
        if it.effect == "Allow":
            assert "*" not in it.principals, it.where
            if it.kind == "aws_iam_role":
                assert it.principals, it.where


def test_the_database_of_production_has_a_disk_for_the_vote_path(plan: Plan, environment: str) -> None:
    """Below 400 GiB gp3 makes 3,000 operations a second for Postgres, from there on 12,000."""
    (database,) = (it for it in plan.of_kind("aws_db_instance") if it.values["identifier"] == f"votewave-{environment}")
    assert database.values["storage_type"] == "gp3"
    assert environment == "staging" or database.values["allocated_storage"] >= 400


def test_machines_are_of_the_kind_that_images_are_built_for(plan: Plan) -> None:
    families = {it.values["instance_type"].partition(".")[0] for it in plan.of_kind("aws_launch_template")}
    arm = {it for it in families if re.search(r"\dg", it)}
    assert bool(arm) == PLATFORM.endswith("arm64"), families


def test_identities_of_github_and_nomad_are_held_to_their_subject(plan: Plan, environment: str) -> None:
    trusts = [it for it in plan.statements() if "sts:AssumeRoleWithWebIdentity" in it.actions]
    assert len(trusts) >= 12
    for it in trusts:
        equal = it.conditions["StringEquals"]
        assert sorted(name.rpartition(":")[2] for name in equal) == ["aud", "sub"], it.where
        assert "*" not in str(equal), it.where
    github = {
        it.where: it.conditions["StringEquals"]["token.actions.githubusercontent.com:sub"]
        for it in trusts
        if "github" in it.where
    }
    deploy = next(subject for where, subject in github.items() if '"deploy"' in where)
    assert deploy == f"repo:example@1234567/votewave@987654321:environment:{environment}"
    assert all(subject.startswith("repo:example@1234567/votewave@987654321:") for subject in github.values())


def test_policies_are_of_a_size_that_aws_takes(each: Plan) -> None:
    """Without white space: 6,144 characters for a policy of its own, 10,240 for a role's own ones together."""
    inline: dict[str, int] = {}
    for it in each.of_kind("aws_iam_policy", "aws_iam_role_policy"):
        size = len("".join(it.values["policy"].split()))
        if it.kind == "aws_iam_policy":
            assert size <= 6144, it.address
        else:
            inline[it.values["role"]] = inline.get(it.values["role"], 0) + size
    assert max(inline.values()) <= 10240


# -- what may be reached -----------------------------------------------------------------------------------------------


def test_the_world_reaches_the_load_balancer_only(each: Plan) -> None:
    groups = {it.values["id"]: it.values["name"] for it in each.of_kind("aws_security_group")}
    open_to_all = [
        (groups[it.values["security_group_id"]].rpartition("-")[2], it.values["from_port"], it.values["to_port"])
        for it in each.of_kind("aws_vpc_security_group_ingress_rule")
        if {it.values["cidr_ipv4"], it.values["cidr_ipv6"]} & WORLD
    ]
    assert sorted(open_to_all) == [("balancer", 80, 80), ("balancer", 443, 443)]


def test_other_ways_in_come_from_groups_or_our_own_addresses(each: Plan) -> None:
    own = [ip_network(it.values["cidr_block"]) for it in each.of_kind("aws_vpc")]
    for it in each.of_kind("aws_vpc_security_group_ingress_rule"):
        block = it.values["cidr_ipv4"]
        if block and block not in WORLD:
            assert any(ip_network(block).subnet_of(network) for network in own), it.address
        assert it.values["ip_protocol"] in {"tcp", "udp"}, it.address
        assert it.values["prefix_list_id"] is None
    # Rules inside a group, or the group that AWS makes, would escape this test.
    for it in each.of_kind("aws_security_group", "aws_default_security_group"):
        assert not it.values.get("ingress"), it.address
        assert not it.values.get("egress"), it.address


def test_descriptions_of_groups_and_rules_are_such_as_ec2_takes(each: Plan) -> None:
    """EC2 refuses others with InvalidParameterValue, an apostrophe among them."""
    kinds = ("aws_security_group", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    described = each.of_kind(*kinds)
    assert {it.kind for it in described} == set(kinds)
    for it in described:
        text = it.values["description"]
        assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", text), f"{it.address}: {text}"


def test_port_80_only_redirects(each: Plan) -> None:
    listeners = {it.values["port"]: it.values for it in each.of_kind("aws_lb_listener")}
    assert set(listeners) == {80, 443}
    action = listeners[80]["default_action"][0]
    assert action["type"] == "redirect"
    assert action["redirect"][0]["protocol"] == "HTTPS"


def test_nothing_but_the_load_balancer_has_a_public_address(each: Plan) -> None:
    assert all(not it.values["map_public_ip_on_launch"] for it in each.of_kind("aws_subnet"))
    assert all(it.values["publicly_accessible"] is not True for it in each.of_kind("aws_db_instance"))
    for it in each.of_kind("aws_launch_template"):
        assert it.values["network_interfaces"][0]["associate_public_ip_address"] == "false"
        assert not it.values["key_name"]  # nobody comes by SSH
    assert {it.values["internal"] for it in each.of_kind("aws_lb")} == {False}
    for it in each.of_kind("aws_s3_bucket_public_access_block"):
        assert all(
            it.values[field]
            for field in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        )
    assert len(each.of_kind("aws_s3_bucket_public_access_block")) == len(each.of_kind("aws_s3_bucket"))


def test_no_machine_listens_for_ssh(each: Plan) -> None:
    for it in each.of_kind("aws_vpc_security_group_ingress_rule"):
        assert not it.values["from_port"] <= 22 <= it.values["to_port"], it.address


def test_containers_cannot_ask_for_the_machines_role(each: Plan) -> None:
    for it in each.of_kind("aws_launch_template"):
        options = it.values["metadata_options"][0]
        assert options["http_tokens"] == "required"
        assert options["http_put_response_hop_limit"] == 1


def test_consoles_are_there_for_operators_addresses_only(workspace: Any, plans: dict[str, Plan]) -> None:
    hosts = [it for it in plans["staging"].of_kind("aws_lb_listener_rule") if "console" in it.address]
    assert hosts == []
    opened = Plan.of(workspace, "envs/staging", operator_cidrs=["192.0.2.0/24"])
    rules = [it for it in opened.of_kind("aws_lb_listener_rule") if "console" in it.address]
    assert len(rules) == 2
    for it in rules:
        sources = [value for c in it.values["condition"] for s in c["source_ip"] for value in s["values"]]
        assert sources == ["192.0.2.0/24"]


def test_the_network_in_the_docs_is_the_one_that_is_planned(plans: dict[str, Plan]) -> None:
    drawn = graph.dot(plans["production"])
    assert graph.DOT.read_text() == drawn, "run: ./just infra graph"
    picture = graph.PICTURE.read_text()
    for what in (*re.findall(r'label="([^"\\\\]+)', drawn), "10.10.0.0/20"):
        assert what in picture, what


# -- encrypted at rest -------------------------------------------------------------------------------------------------


def key(it: Resource, field: str) -> str:
    return str(it.values.get(field) or "")


AT_REST = {
    "aws_db_instance": lambda it: (
        it.values["storage_encrypted"]
        and "kms" in key(it, "kms_key_id")
        and "kms" in key(it, "performance_insights_kms_key_id")
    ),
    "aws_elasticache_replication_group": lambda it: (
        str(it.values["at_rest_encryption_enabled"]) == "true" and "kms" in key(it, "kms_key_id")
    ),
    "aws_secretsmanager_secret": lambda it: "kms" in key(it, "kms_key_id"),
    "aws_cloudwatch_log_group": lambda it: "kms" in key(it, "kms_key_id"),
    "aws_sns_topic": lambda it: "kms" in key(it, "kms_master_key_id"),
    "aws_ecr_repository": lambda it: it.values["encryption_configuration"][0]["encryption_type"] == "KMS",
    "aws_launch_template": lambda it: all(
        device["ebs"][0]["encrypted"] == "true" and "kms" in device["ebs"][0]["kms_key_id"]
        for device in it.values["block_device_mappings"]
    ),
}
KEPT_FOR_GOOD = {"aws_db_instance", "aws_secretsmanager_secret", "aws_ecr_repository"}
# Whatever keeps anything has to be in AT_REST or be here with the reason why it is not.
KEEPS = re.compile(
    r"^aws_(db_|rds|elasticache_(rep|cluster|serverless)|secretsmanager_secret$|cloudwatch_log_group|sns_topic$|sqs|ecr_rep"
    r"|launch_template|ebs|efs|dynamodb|kinesis|opensearch|s3_bucket$|ssm_parameter|backup_vault)"
)
KEEPS_NOTHING_SECRET = {
    "aws_db_subnet_group",
    "aws_db_parameter_group",
    "aws_ecr_replication_configuration",  # it says where to, and keeps nothing
    "aws_ssm_parameter",  # addresses and names that the workflows read
}


def test_everything_that_is_kept_is_encrypted(each: Plan) -> None:
    looked_at = set()
    for it in each.resources:
        if KEEPS.match(it.kind) and it.kind not in KEEPS_NOTHING_SECRET and it.kind != "aws_s3_bucket":
            assert it.kind in AT_REST, f"{it.address}: who says that it is encrypted?"
            assert AT_REST[it.kind](it), it.address
            looked_at.add(it.kind)
    # What takes over makes nothing that keeps: the copies in the second region are the environment's.
    assert looked_at == (set(AT_REST) if each.of_kind("aws_db_instance") else set(AT_REST) - KEPT_FOR_GOOD)


def test_every_bucket_is_encrypted_versioned_and_refuses_connections_in_clear(plan: Plan, bootstrap: Plan) -> None:
    for it in (plan, bootstrap):
        buckets = {bucket.values["id"] for bucket in it.of_kind("aws_s3_bucket")}
        rules = {
            rule.values["bucket"]: rule.values["rule"][0]["apply_server_side_encryption_by_default"][0]
            for rule in it.of_kind("aws_s3_bucket_server_side_encryption_configuration")
        }
        assert set(rules) == buckets
        for bucket, rule in rules.items():
            # Load balancers can't write into a bucket with a key of ours; S3's own still encrypts it.
            assert rule["sse_algorithm"] == ("AES256" if "-logs-" in bucket else "aws:kms")
        versions = {
            v.values["bucket"]: v.values["versioning_configuration"][0]["status"]
            for v in it.of_kind("aws_s3_bucket_versioning")
        }
        assert versions == dict.fromkeys(buckets, "Enabled")
        denied = [
            s
            for s in it.statements()
            if s.kind == "aws_s3_bucket_policy"
            and s.effect == "Deny"
            and s.conditions.get("Bool") == {"aws:SecureTransport": "false"}
        ]
        assert len(denied) == len(buckets)


def test_keys_are_rotated_and_hard_to_lose(bootstrap: Plan) -> None:
    keys = bootstrap.of_kind("aws_kms_key")
    assert len(keys) == 4  # data and logs, in two regions
    for it in keys:
        assert it.values["enable_key_rotation"] is True
        assert it.values["deletion_window_in_days"] == 30


# -- encrypted in transit ----------------------------------------------------------------------------------------------


def test_load_balancer_speaks_modern_tls_to_both_sides(each: Plan) -> None:
    https = next(it for it in each.of_kind("aws_lb_listener") if it.values["port"] == 443)
    assert https.values["protocol"] == "HTTPS"
    assert "TLS13-1-2" in https.values["ssl_policy"]
    for it in each.of_kind("aws_lb_target_group"):
        assert it.values["protocol"] == "HTTPS", it.address
        # Whether a gateway is well is asked where Prometheus asks, in clear; it tells nothing else.
        health = "HTTP" if it.values["name"].endswith("-gateway") else "HTTPS"
        assert it.values["health_check"][0]["protocol"] == health, it.address


def test_no_cache_evicts_what_security_rests_on(each: Plan) -> None:
    groups = {it.values["name"]: it.values["parameter"] for it in each.of_kind("aws_elasticache_parameter_group")}
    for it in each.of_kind("aws_elasticache_replication_group"):
        said = {one["name"]: one["value"] for one in groups[it.values["parameter_group_name"]]}
        assert said == {"maxmemory-policy": "noeviction"}, it.address


def test_databases_and_caches_take_no_connection_in_clear(each: Plan) -> None:
    for it in each.of_kind("aws_db_parameter_group"):
        assert {"name": "rds.force_ssl", "value": "1"}.items() <= next(
            p for p in it.values["parameter"] if p["name"] == "rds.force_ssl"
        ).items()
    for it in each.of_kind("aws_elasticache_replication_group"):
        assert it.values["transit_encryption_enabled"] is True
        assert it.values["transit_encryption_mode"] == "required"


def test_addresses_that_services_get_ask_for_tls_and_hold_no_password(each: Plan) -> None:
    addresses = each.outputs["nomad_values"]["addresses"]
    assert "sslmode=verify-full" in addresses["VOTEWAVE_DATABASE_URL"]
    assert "sslrootcert=/" in addresses["VOTEWAVE_DATABASE_URL"]
    assert addresses["VOTEWAVE_REDIS_URL"].startswith("rediss://")
    assert addresses["VOTEWAVE_PUBLIC_URL"].startswith("https://")
    assert all("@" not in url for name, url in addresses.items() if name.endswith("_URL"))


def test_machines_encrypt_what_they_send_each_other(each: Plan) -> None:
    """Families on AWS's list of those that do; the cluster module refuses others (its own test shows it)."""
    for it in each.of_kind("aws_launch_template"):
        assert it.values["instance_type"].partition(".")[0] in {"c6i", "c7i", "c7g", "c8g", "m6i", "m7i", "m7g", "m8g"}


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_a_plan_or_a_state(plan: Plan) -> None:
    versions = plan.of_kind("aws_secretsmanager_secret_version")
    assert len(versions) >= 13
    for it in versions:
        assert it.values["secret_string"] is None
        assert it.values["secret_binary"] is None
        assert it.values["secret_string_wo"] is None  # write-only: handed on, never kept
        assert it.values["secret_string_wo_version"] == 1
    for it in plan.of_kind("aws_db_instance"):
        assert it.values.get("password") is None
        assert it.values["password_wo"] is None
    for it in plan.of_kind("aws_elasticache_replication_group"):
        assert it.values["auth_token"] is None
        assert it.values["user_group_ids"]
    for it in plan.of_kind("aws_elasticache_user"):
        assert it.values["passwords"] is None
        assert it.values["access_string"] == "off -@all"  # until it has its password
        (mode,) = it.values["authentication_mode"]
        assert mode["type"] == "password"  # Valkey's groups take nobody without
        assert mode["passwords"] == ["switched-off-until-cache-user-gives-one"]  # and this one opens nothing


def test_a_database_with_a_copy_has_a_password_that_rds_does_not_manage(plan: Plan, names: dict[str, Any]) -> None:
    """RDS makes no copy of a database whose password it manages itself."""
    (first,) = (it for it in plan.of_kind("aws_db_instance") if not it.values["replicate_source_db"])
    copies = [it for it in plan.of_kind("aws_db_instance") if it.values["replicate_source_db"]]
    own = [it for it in plan.of_kind("aws_secretsmanager_secret") if it.address.endswith(".master[0]")]
    assert (first.values["manage_master_user_password"] is True) is not bool(copies)
    assert bool(first.values["password_wo_version"]) is bool(copies) is bool(own)
    if own:
        assert own[0].values["name"].endswith("/" + names["database"]["master_secret"])
        assert own[0].values["replica"][0]["region"] == "eu-west-1"
        # The same number makes both the password of the database and what the secret holds.
        (version,) = (it for it in plan.of_kind("aws_secretsmanager_secret_version") if ".master" in it.address)
        assert version.values["secret_string_wo_version"] == first.values["password_wo_version"] == 1
    master = plan.outputs["nomad_values"]["master_secret"]
    assert master == (own[0].values["arn"] if own else first.values["master_user_secret"][0]["secret_arn"])
    may = [it for it in plan.statements() if it.covers("secretsmanager:GetSecretValue", master)]
    assert {it.where.rpartition(".")[2] for it in may if it.effect == "Allow"} >= {'task["migrate"]'}
    assert not [it for it in may if ".node[" in it.where]


def test_no_configuration_takes_a_secret_by_a_variable() -> None:
    for file in (ROOT / "terraform").rglob("*.tf"):
        for name in re.findall(r'^variable "(\w+)"', file.read_text(), re.MULTILINE):
            assert not re.search(r"password|token$|private_key", name), f"{file}: {name}"


# -- what must not be lost ---------------------------------------------------------------------------------------------


def test_nothing_that_holds_data_can_be_destroyed_by_a_plan() -> None:
    kinds = ("aws_db_instance", "aws_s3_bucket", "aws_secretsmanager_secret", "aws_ecr_repository", "aws_kms_key")
    seen = dict.fromkeys(kinds, 0)
    for file in (ROOT / "terraform").rglob("*.tf"):
        for kind, body in re.findall(
            r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL
        ):
            if kind in seen:
                seen[kind] += 1
                assert re.search(r"prevent_destroy\s*=\s*true", body), f"{file}: {kind}"
    assert all(seen.values()), seen


def test_the_database_is_backed_up_and_asks_twice_before_it_goes(plan: Plan, environment: str) -> None:
    for it in plan.of_kind("aws_db_instance"):
        assert it.values["backup_retention_period"] >= 7
        assert it.values["deletion_protection"] is True
        assert it.values["skip_final_snapshot"] is False
    first = next(it for it in plan.of_kind("aws_db_instance") if not it.values["replicate_source_db"])
    assert first.values["multi_az"] is (environment == "production")


def test_an_acknowledged_vote_waits_for_the_disk_and_no_ballot_is_logged(plan: Plan) -> None:
    for it in plan.of_kind("aws_db_parameter_group"):
        values = {p["name"]: p["value"] for p in it.values["parameter"]}
        assert values["synchronous_commit"] == "on"
        assert values["log_parameter_max_length"] == "0"
        assert values["log_parameter_max_length_on_error"] == "0"


def test_auto_scaling_may_use_the_key_of_the_machines_disks(bootstrap: Plan) -> None:
    """It starts machines as a role of its own, which no policy of the account's reaches."""
    roles = {it.values["aws_service_name"]: it for it in bootstrap.of_kind("aws_iam_service_linked_role")}
    assert set(roles) == {"autoscaling.amazonaws.com", "replication.ecr.amazonaws.com"}
    role = roles["autoscaling.amazonaws.com"]
    for region in ("first", "second"):
        own = [
            it
            for it in bootstrap.statements()
            if it.where == f'aws_kms_key.{region}["data"]' and role.values["arn"] in it.principals
        ]
        used = {action for it in own if not it.conditions for action in it.actions}
        assert used >= {
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:DescribeKey",
        }
        (grants,) = (it for it in own if "kms:CreateGrant" in it.actions)
        assert grants.conditions == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_services_use_a_key_for_this_account_only(bootstrap: Plan) -> None:
    services = [
        it for it in bootstrap.statements() if it.kind == "aws_kms_key" and it.principals[0].endswith(".amazonaws.com")
    ]
    assert len(services) == 6
    for it in services:
        (wanted,) = it.conditions.values()
        name = "kms:EncryptionContext:aws:logs:arn" if it.principals[0].startswith("logs.") else "aws:SourceAccount"
        assert name in wanted, it.where
        assert "444455556666" in wanted[name], it.where


def test_the_state_is_written_with_our_key_alone(bootstrap: Plan) -> None:
    """Terraform asks for S3's own key unless the backend names ours; the bucket refuses that."""
    assert 'kms_key_id = "arn:aws:kms:eu-central-1:444455556666:key/' in bootstrap.outputs["backend"]
    assert 'kms_key_id = "arn:aws:kms:eu-west-1:444455556666:key/' in bootstrap.outputs["backend_second"]
    refused = [
        it for it in bootstrap.statements() if it.kind == "aws_s3_bucket_policy" and it.actions == ("s3:PutObject",)
    ]
    assert len(refused) == len(bootstrap.of_kind("aws_s3_bucket")) == 2  # a state in each region
    for it in refused:
        assert it.effect == "Deny"
        assert it.conditions == {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}


def test_a_new_machine_comes_before_an_old_one_goes(each: Plan) -> None:
    """Whoever starts the refresh, and also when a machine has grown too old."""
    for it in each.of_kind("aws_autoscaling_group"):
        most = 134 if it.values["name"].endswith("-server") else 150
        (policy,) = it.values["instance_maintenance_policy"]
        assert policy["min_healthy_percentage"] == 100
        assert policy["max_healthy_percentage"] == most
        # Terraform would start those of all groups at once, and servers come first.
        assert not it.values.get("instance_refresh")
        # An edge without a gateway is no dead machine.
        assert it.values["health_check_type"] == "EC2"
    for it in each.of_kind("aws_launch_template"):
        assert it.values["image_id"].startswith("resolve:ssm:")


def test_machines_are_drained_before_they_go(each: Plan, names: dict[str, Any]) -> None:
    groups = each.of_kind("aws_autoscaling_group")
    assert len(groups) == 3
    for it in groups:
        [hook] = [hook for hook in it.values["initial_lifecycle_hook"] if hook["name"] == names["drain_hook"]]
        assert hook["lifecycle_transition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
        assert hook["default_result"] == "CONTINUE"


def test_machines_count_once_they_have_come_up(each: Plan, names: dict[str, Any]) -> None:
    """One that says nothing is no machine of the cluster, and takes nobody's place."""
    for it in each.of_kind("aws_autoscaling_group"):
        [hook] = [hook for hook in it.values["initial_lifecycle_hook"] if hook["name"] == names["launch_hook"]]
        assert hook["lifecycle_transition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
        assert hook["default_result"] == "ABANDON"
        # It speaks each minute while it comes up, and Terraform waits for longer than it may take.
        assert hook["heartbeat_timeout"] >= 300
        unit = (ROOT / "packer/first_boot/__main__.py").read_text()
        longest = re.search(r'"--within", type=float, default=([\d.]+)', unit)
        assert longest
        assert int(it.values["wait_for_capacity_timeout"].removesuffix("m")) * 60 > float(longest[1])


def test_servers_are_there_before_clients(each: Plan) -> None:
    """A client without a leader has nothing to join, and would be given up again and again."""
    root = each.shown["configuration"]["root_module"]["module_calls"]
    inside = next(
        it["module"]["module_calls"] for it in root.values() if "platform" in it["module"].get("module_calls", {})
    )
    called = inside["platform"]["module"]["module_calls"]["cluster"]
    groups = called["module"]["module_calls"]
    assert groups["clients"]["depends_on"] == ["module.servers"]
    own = [it.address for it in each.of_kind("aws_autoscaling_group")]
    assert len([it for it in own if ".module.servers." in it]) == 1
    assert len([it for it in own if ".module.clients[" in it]) == 2


def test_the_firewall_has_its_rules(each: Plan) -> None:
    rules = {rule["name"] for it in each.of_kind("aws_wafv2_web_acl") for rule in it.values["rule"]}
    assert {"AWSManagedRulesKnownBadInputsRuleSet", "requests-per-address", "floods-per-address"} <= rules
    acl = each.of_kind("aws_wafv2_web_acl_association")
    assert len(acl) == 1


def firewall(plan: Plan) -> dict[str, Any]:
    """Return the firewall's rules by name, each with its statement."""
    (acl,) = plan.of_kind("aws_wafv2_web_acl")
    return {rule["name"]: rule["statement"][0] for rule in acl.values["rule"]}


def test_the_firewall_lets_a_full_room_in(each: Plan) -> None:
    """2,000 people behind one address come as guests; only what tries passwords and keys is counted apart."""
    tries = firewall(each)["sign-ins-per-address"]["rate_based_statement"][0]
    method, path = tries["scope_down_statement"][0]["and_statement"][0]["statement"]
    assert method["byte_match_statement"][0]["search_string"] == "POST"
    tried = re.compile(path["regex_match_statement"][0]["regex_string"])
    assert all(tried.search(f"/v1/auth/{it}") for it in ("accounts", "sessions", "tokens"))
    assert not any(
        tried.search(it)
        for it in ("/v1/auth/guests", "/v1/auth/sessions/refresh", "/v1/auth/me", "/v1/votes", "/v1/polls/accounts")
    )
    # Auth itself refuses sooner, with an answer that says when to come again.
    assert tries["limit"] >= 10 * AuthSettings().sessions_per_address


def test_the_firewall_lets_a_full_room_load_the_client(each: Plan) -> None:
    """2,000 people behind one address ask for some thirty assets each, in a minute."""
    counted = firewall(each)["requests-per-address"]["rate_based_statement"][0]
    [left_out] = counted["scope_down_statement"][0]["not_statement"][0]["statement"]
    match = left_out["byte_match_statement"][0]
    assert (match["search_string"], match["positional_constraint"]) == ("/assets/", "STARTS_WITH")
    assert "acl asset path_beg /assets/\n" in (ROOT / "nomad/gateway/haproxy.cfg").read_text()
    everything = firewall(each)["floods-per-address"]["rate_based_statement"][0]
    assert not everything.get("scope_down_statement")
    assert everything["limit"] >= 2000 * 40


def test_the_firewall_lets_people_write_what_they_like(each: Plan) -> None:
    overrides = firewall(each)["AWSManagedRulesSQLiRuleSet"]["managed_rule_group_statement"][0]["rule_action_override"]
    assert {it["name"] for it in overrides if it["action_to_use"][0]["count"]} == {
        "SQLi_BODY",
        "SQLiExtendedPatterns_BODY",
    }


def test_the_load_balancer_takes_what_the_groups_ask_for(each: Plan) -> None:
    """ELB refuses a slow start beside the choice by requests under way."""
    for it in each.of_kind("aws_lb_target_group"):
        if it.values["load_balancing_algorithm_type"] == "least_outstanding_requests":
            assert not it.values["slow_start"], it.address


# -- what somebody is told ---------------------------------------------------------------------------------------------


def test_alarms_and_charts_ask_for_metrics_that_there_are(each: Plan) -> None:
    """Aurora has metrics of commits; RDS has none, and a chart of them stays empty."""
    shown = each.of_kind("aws_cloudwatch_dashboard")[0].values["dashboard_body"]
    assert "CommitLatency" not in shown
    filtered = {
        it.values["metric_transformation"][0]["name"] for it in each.of_kind("aws_cloudwatch_log_metric_filter")
    }
    own = {
        it.values["metric_name"]
        for it in each.of_kind("aws_cloudwatch_metric_alarm")
        if it.values["namespace"].startswith("VoteWave/")
    }
    assert own == filtered == {"RecountMismatches", "EventsParked", "NoLeader", "CertificatesEnd", "MachinesGivenUp"}


def test_a_copy_that_falls_behind_is_told_in_its_own_region(plan: Plan) -> None:
    copies = [it for it in plan.of_kind("aws_db_instance") if it.values["replicate_source_db"]]
    alarms = [it for it in plan.of_kind("aws_cloudwatch_metric_alarm") if it.values["metric_name"] == "ReplicaLag"]
    assert len(alarms) == len(copies)
    for it in alarms:
        assert it.values["dimensions"] == {"DBInstanceIdentifier": copies[0].values["identifier"]}
        assert it.values["treat_missing_data"] == "breaching"
        assert all(":eu-west-1:" in topic for topic in it.values["alarm_actions"])
        assert it.values["alarm_actions"]


def test_what_is_not_copied_is_told_where_s3_says_so(plan: Plan) -> None:
    """Of its metrics of copies S3 gives each in one region only: in the other an alarm would stay silent."""
    copied = plan.of_kind("aws_s3_bucket_replication_configuration")
    alarms = [it for it in plan.of_kind("aws_cloudwatch_metric_alarm") if it.values["namespace"] == "AWS/S3"]
    assert len(alarms) == 2 * len(copied)
    for it in copied:
        [rule] = it.values["rule"]
        [there] = rule["destination"]
        assert [metrics["status"] for metrics in there["metrics"]] == ["Enabled"]
        dimensions = {
            "SourceBucket": it.values["bucket"],
            "DestinationBucket": there["bucket"].removeprefix("arn:aws:s3:::"),
            "RuleId": rule["id"],
        }
        own = {
            alarm.values["metric_name"]: alarm.values for alarm in alarms if alarm.values["dimensions"] == dimensions
        }
        for metric, region in (("OperationsFailedReplication", "eu-central-1"), ("ReplicationLatency", "eu-west-1")):
            assert f":{region}:" in own[metric]["arn"]
            topics = {
                topic.values["arn"] for topic in plan.of_kind("aws_sns_topic") if f":{region}:" in topic.values["arn"]
            }
            assert set(own[metric]["alarm_actions"]) == topics


def calls(plan: Plan, *modules: str) -> dict[str, Any]:
    """Return the modules that a module calls, which is found by its way from the root."""
    found: dict[str, Any] = plan.shown["configuration"]["root_module"]["module_calls"]
    for name in modules:
        found = found[name]["module"]["module_calls"]
    return found


def test_load_balancers_are_told_of_their_log_when_they_may_write_it(plan: Plan) -> None:
    called = calls(plan, "environment")
    assert "module.buckets.log_bucket_name" in called["platform"]["expressions"]["log_bucket"]["references"]
    edge = calls(plan, "environment", "platform")["edge"]
    assert edge["expressions"]["log_bucket"]["references"] == ["var.log_bucket"]
    output = called["buckets"]["module"]["outputs"]["log_bucket_name"]["expression"]["references"]
    assert any(it.startswith("aws_s3_bucket_policy.this") for it in output)


def test_roles_are_made_before_nomad_has_an_address(plan: Plan) -> None:
    """Without a thumbprint IAM asks the issuer for its certificate at once, and the load balancer comes later."""
    (provider,) = plan.of_kind("aws_iam_openid_connect_provider")
    assert provider.values["thumbprint_list"] == ["8da7f965ec5efc37910f1c6e59fdc1cc6a6ede16"]
    for name, called in (
        ("identity", calls(plan, "environment")),
        ("tasks", calls(plan, "environment", "platform")),
    ):
        needed = {it for value in called[name]["expressions"].values() for it in value.get("references", [])}
        assert not any(it.startswith(("module.platform", "module.edge", "module.cluster")) for it in needed)
        assert not called[name].get("depends_on")


def test_images_are_kept_for_longer_than_anybody_rolls_back(plan: Plan) -> None:
    """The rule counts all: a commit has two images, and each its signature."""
    rules = json.loads(plan.of_kind("aws_ecr_lifecycle_policy")[0].values["policy"])["rules"]
    (kept,) = (it["selection"]["countNumber"] for it in rules if it["selection"]["tagStatus"] == "any")
    assert kept // 4 >= 200
    # A rule that comes first takes what it names out of the others: the gateway's image is pushed once, and stays.
    [others] = [it for it in rules if it["selection"].get("tagPrefixList") == ["mirror-"]]
    assert others["rulePriority"] < max(it["rulePriority"] for it in rules)
    assert others["selection"]["countNumber"] >= 50


# -- two environments --------------------------------------------------------------------------------------------------

# Values that both may have: they name what is Amazon's, GitHub's or the world's, or say how, not what or where.
SHARED_BY_NATURE = re.compile(
    r"^(0\.0\.0\.0/0|eu-central-1[abc]?|https://token\.actions\.githubusercontent\.com|sts\.amazonaws\.com|on-call@example\.org"
    r"|Z0123456789ABC|example\.org|votewave|arn:aws:iam::aws:policy/[\w/-]+|com\.amazonaws\.[\w.-]+)$"
)
IDENTIFYING = re.compile(
    r"(^|_)(arn|name|identifier|bucket|cidr_block|domain|url|key|secret_id|role|policy_arn|dashboard_name|alarm_name|user_id"
    r"|replication_group_id|user_group_id|kms_key_id|target_bucket|name_prefix)$"
)
NAMES_OF_KINDS = {"aws_ecr_repository", "aws_elasticache_user"}  # alike by name, apart by account
SETTINGS = {"aws_eip.domain", "aws_db_instance.ca_cert_identifier", "aws_route53_record.set_identifier"}


def identifying(plan: Plan) -> dict[str, str]:
    """Return values that name something, with where each stands."""
    found: dict[str, str] = {}
    for it in plan.resources:
        for field, value in it.values.items():
            if isinstance(value, str) and value and IDENTIFYING.search(field) and not SHARED_BY_NATURE.match(value):
                found.setdefault(f"{it.kind}.{field}={value}", it.address)
    return found


def test_two_environments_share_no_secret_role_or_network(plans: dict[str, Plan]) -> None:
    staging, production = (identifying(plans[name]) for name in ("staging", "production"))
    assert len(staging) > 150
    shared = {what: where for what, where in staging.items() if what in production}
    # What is left are names inside something that is itself apart: a policy in a role, a rule's metric, a setting.
    inner = {
        "aws_iam_role_policy",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_cloudwatch_metric_alarm",
        "aws_cloudwatch_log_metric_filter",
    }
    shared = {what: where for what, where in shared.items() if what.partition("=")[0] not in SETTINGS}
    assert {what for what in shared if what.partition(".")[0] not in inner | NAMES_OF_KINDS} == set()


@pytest.mark.parametrize(
    "kind", ["aws_secretsmanager_secret", "aws_iam_role", "aws_s3_bucket", "aws_db_instance", "aws_autoscaling_group"]
)
def test_two_environments_share_no_name(plans: dict[str, Plan], kind: str) -> None:
    def all_of(plan: Plan) -> set[str]:
        return {
            str(it.values.get("name") or it.values.get("bucket") or it.values.get("identifier"))
            for it in plan.of_kind(kind)
        }

    staging, production = all_of(plans["staging"]), all_of(plans["production"])
    assert staging
    assert production
    assert not staging & production


def test_two_networks_do_not_overlap(plans: dict[str, Plan]) -> None:
    blocks = [ip_network(it.values["cidr_block"]) for plan in plans.values() for it in plan.of_kind("aws_vpc")]
    assert len(blocks) == 3  # production's second region is the third
    for index, block in enumerate(blocks):
        assert not any(block.overlaps(other) for other in blocks[index + 1 :])


def test_no_policy_of_one_environment_speaks_of_the_other(plans: dict[str, Plan]) -> None:
    accounts = {"staging": "111122223333", "production": "444455556666"}  # as the examples have them
    for name, other in (("staging", "production"), ("production", "staging")):
        for statement in plans[name].statements():
            text = json.dumps([statement.resources, statement.principals, statement.conditions])
            assert accounts[other] not in text, statement.where
            assert f"votewave-{other}" not in text, statement.where
            assert f"votewave/{other}" not in text, statement.where


def test_states_lie_apart() -> None:
    text = {name: (ROOT / f"terraform/envs/{name}/versions.tf").read_text() for name in ("staging", "production")}
    for name, it in text.items():
        assert f'key          = "{name}/terraform.tfstate"' in it
        assert re.search(r"use_lockfile\s*=\s*true", it)
        assert re.search(r"encrypt\s*=\s*true", it)
        assert "dynamodb" not in it


def test_two_environments_are_alike_in_shape(plans: dict[str, Plan]) -> None:
    """What staging gates is what production runs: the same kinds of resources, the second region aside."""

    def kinds(plan: Plan) -> set[str]:
        return {re.sub(r"\[.*?\]", "", it.address) for it in plan.resources if ".module.dr" not in it.address}

    # With the second region comes the secret that RDS then doesn't keep.
    data = "module.environment.module.data.aws_secretsmanager_secret"
    differences = kinds(plans["staging"]) ^ kinds(plans["production"])
    assert differences == {f"{data}.master", f"{data}_version.master"}


def test_the_plan_of_a_pull_request_reads_the_state_and_nothing_else(plan: Plan) -> None:
    """Its code is nobody's yet. AWS's own policies for readers would let it read logs and files."""
    own = [it for it in plan.statements() if 'github["terraform-plan"]' in it.where and it.resources]
    assert {action for it in own for action in it.actions} == {
        "s3:GetObject",
        "s3:ListBucket",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:ListAliases",
        "secretsmanager:GetRandomPassword",
    }
    read = {resource for it in own for resource in it.resources if ":s3:" in resource}
    assert all("-state-" in it for it in read)
    attached = [it for it in plan.of_kind("aws_iam_role_policy_attachment") if "terraform-plan" in it.values["role"]]
    assert attached == []
