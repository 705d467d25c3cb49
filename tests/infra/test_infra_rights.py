"""What each role asks of AWS, and what it must not get: held against the policies of the plans, as IAM decides."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from rights import Call, allowed, met, of_role
from tools.infra.plan import Plan, Statement
from tools.infra.programs import ROOT

REGION, SECOND = "eu-central-1", "eu-west-1"
ACCOUNTS = {"staging": "111122223333", "production": "444455556666"}  # as the examples have them
BUILD = {"aws:ResourceTag/votewave-build": "machine-image"}
NEW_BUILD = {"aws:RequestTag/votewave-build": "machine-image"}
SESSION = {"aws:userid": "AROAEXAMPLE:job"}
DOCUMENT = "AWS-StartPortForwardingSession"
WITH_DOCUMENT = {"ssm:SessionDocumentAccessCheck": "true"}
"""IAM sets it in every request for a session: whether the statement asks that the document be allowed, too."""


class Places:
    """ARNs of an environment."""

    def __init__(self, plan: Plan, environment: str) -> None:
        self.plan, self.environment, self.account = plan, environment, ACCOUNTS[environment]
        self.prefix = f"votewave-{environment}"
        self.repository = str(plan.here("aws_ecr_repository")[0].values["arn"])
        self.bound = {"iam:PermissionsBoundary": f"arn:aws:iam::{self.account}:policy/within-{self.prefix}"}

    def ec2(self, kind: str, name: str = "x-0123", region: str = REGION) -> str:
        owner = "" if kind in {"image", "snapshot"} else self.account  # images and snapshots have no account in theirs
        return f"arn:aws:ec2:{region}:{owner}:{kind}/{name}"

    def own(self, service: str, rest: str, region: str = REGION) -> str:
        return f"arn:aws:{service}:{region}:{self.account}:{rest}"

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account}:role/{self.prefix}-{name}"

    @property
    def parameter(self) -> str:
        return self.own("ssm", f"parameter/votewave/{self.environment}/nomad/values")

    @property
    def data_key(self) -> str:
        return str(self.plan.here("aws_ecr_repository")[0].values["encryption_configuration"][0]["kms_key"])


@pytest.fixture
def places(plan: Plan, environment: str) -> Places:
    return Places(plan, environment)


# -- what is asked for -------------------------------------------------------------------------------------------------


def images(at: Places) -> Iterator[Call]:
    yield Call("ecr:GetAuthorizationToken", "*")
    for action in (
        # tools/pipeline/images.py
        "DescribeRepositories",
        "BatchGetImage",
        "DescribeImageScanFindings",
        # docker push and pull, and the signatures
        "BatchCheckLayerAvailability",
        "InitiateLayerUpload",
        "UploadLayerPart",
        "CompleteLayerUpload",
        "PutImage",
        "GetDownloadUrlForLayer",
    ):
        yield Call(f"ecr:{action}", at.repository)


def deploy(at: Places) -> Iterator[Call]:
    server = {"ssm:resourceTag/votewave-role": "server"}
    # tools/pipeline/reach.py
    yield Call("ssm:GetParameter", at.parameter)
    yield Call("ec2:DescribeInstances", "*")
    # tools/pipeline/machines.py: accept, refresh, proven
    yield Call("ec2:DescribeImages", "*")
    for role in ("server", "edge", "app"):
        yield Call(
            "ssm:GetParameter", at.own("ssm", f"parameter/votewave/{at.environment}/machine-image-candidate/{role}")
        )
        for action in ("GetParameter", "PutParameter"):
            yield Call(f"ssm:{action}", at.own("ssm", f"parameter/votewave/{at.environment}/machine-image/{role}"))
        group = f"autoScalingGroup:0123:autoScalingGroupName/{at.prefix}-{role}"
        yield Call("autoscaling:StartInstanceRefresh", at.own("autoscaling", group))
    yield Call("ssm:PutParameter", at.own("ssm", f"parameter/votewave/{at.environment}/machine-images-proven"))
    for action in ("DescribeAutoScalingGroups", "DescribeInstanceRefreshes"):
        yield Call(f"autoscaling:{action}", "*")
    yield Call("ssm:StartSession", at.ec2("instance"), server | WITH_DOCUMENT)
    yield Call("ssm:StartSession", f"arn:aws:ssm:{REGION}::document/{DOCUMENT}", WITH_DOCUMENT)
    yield Call("ssmmessages:OpenDataChannel", at.own("ssm", "session/AROAEXAMPLE:job-1"), SESSION)
    yield Call("ssm:TerminateSession", at.own("ssm", "session/AROAEXAMPLE:job-1"), SESSION)
    # tools/release/target.py, tools/pipeline/images.py
    for action in ("DescribeRepositories", "DescribeImages", "BatchGetImage"):
        yield Call(f"ecr:{action}", at.repository)


def machine_images(at: Places) -> Iterator[Call]:
    """Packer's plugin for Amazon 1.3.2 (builder/ebs, builder/common) with packer/votewave.pkr.hcl; then `publish`."""
    for action in (
        "DescribeImages",
        "DescribeInstances",
        "DescribeInstanceStatus",
        "DescribeRegions",
        "DescribeSecurityGroups",
        "DescribeSnapshots",
        "DescribeSubnets",
        "DescribeVolumes",
        "DescribeVpcs",
    ):
        yield Call(f"ec2:{action}", "*")
    profile = f"arn:aws:iam::{at.account}:instance-profile/{at.prefix}-machine-build"
    yield Call("iam:GetInstanceProfile", profile)
    yield Call("iam:PassRole", at.role("machine-build"), {"iam:PassedToService": "ec2.amazonaws.com"})
    yield Call("ec2:CreateKeyPair", at.ec2("key-pair", "packer_6656"), NEW_BUILD)
    yield Call("ec2:CreateTags", at.ec2("key-pair", "packer_6656"), {"ec2:CreateAction": "CreateKeyPair"})
    for kind in ("security-group", "vpc"):
        yield Call("ec2:CreateSecurityGroup", at.ec2(kind), NEW_BUILD)
    yield Call("ec2:CreateTags", at.ec2("security-group"), {"ec2:CreateAction": "CreateSecurityGroup"})
    for kind in ("instance", "volume", "network-interface"):
        yield Call("ec2:RunInstances", at.ec2(kind), NEW_BUILD)
        yield Call("ec2:CreateTags", at.ec2(kind), NEW_BUILD | {"ec2:CreateAction": "RunInstances"})
    subnet = at.plan.outputs["machine_build"]["subnet"]
    for resource in (
        at.ec2("key-pair", "packer_6656"),
        at.ec2("security-group"),
        at.ec2("image"),
        at.ec2("subnet", subnet),
    ):
        yield Call("ec2:RunInstances", resource)
    # The disk is encrypted with our key from the start.
    for action in ("Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"):
        yield Call(f"kms:{action}", at.data_key)
    yield Call("kms:CreateGrant", at.data_key, {"kms:GrantIsForAWSResource": "true"})
    built = {"ssm:resourceTag/votewave-build": "machine-image"}
    yield Call("ssm:StartSession", at.ec2("instance"), built | WITH_DOCUMENT)
    yield Call("ssm:StartSession", f"arn:aws:ssm:{REGION}::document/{DOCUMENT}", WITH_DOCUMENT)
    yield Call("ssmmessages:OpenDataChannel", at.own("ssm", "session/AROAEXAMPLE:job-1"), SESSION)
    yield Call("ssm:TerminateSession", at.own("ssm", "session/AROAEXAMPLE:job-1"), SESSION)
    yield Call("ec2:StopInstances", at.ec2("instance"), BUILD)
    yield Call("ec2:ModifyInstanceAttribute", at.ec2("instance"), BUILD)
    for kind in ("instance", "image", "snapshot"):
        yield Call("ec2:CreateImage", at.ec2(kind), BUILD if kind == "instance" else NEW_BUILD)
    for kind in ("image", "snapshot"):
        yield Call("ec2:CreateTags", at.ec2(kind), {"ec2:CreateAction": "CreateImage"})
        yield Call("ec2:CreateTags", at.ec2(kind), BUILD)
    yield Call("ec2:EnableImageDeprecation", at.ec2("image"), BUILD)
    yield Call("ec2:ModifyImageAttribute", at.ec2("image"), BUILD)
    yield Call("ec2:TerminateInstances", at.ec2("instance"), BUILD)
    yield Call("ec2:DeleteVolume", at.ec2("volume"), BUILD)
    yield Call("ec2:DeleteSecurityGroup", at.ec2("security-group"), BUILD)
    yield Call("ec2:DeleteKeyPair", at.ec2("key-pair", "packer_6656"), BUILD)
    yield Call("ec2:DeregisterImage", at.ec2("image"), BUILD)  # of a build that broke off
    yield Call("ec2:DeleteSnapshot", at.ec2("snapshot"), BUILD)
    for role in ("server", "edge", "app"):
        yield Call(
            "ssm:PutParameter", at.own("ssm", f"parameter/votewave/{at.environment}/machine-image-candidate/{role}")
        )


def state(at: Places, *actions: str) -> Iterator[Call]:
    bucket = f"arn:aws:s3:::{at.prefix}-state-{at.account}"
    yield Call("s3:ListBucket", bucket)
    for action in actions:
        yield Call(f"s3:{action}", f"{bucket}/{at.environment}/terraform.tfstate")
    yield Call("kms:Decrypt", at.data_key, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"})


def terraform_plan(at: Places) -> Iterator[Call]:
    yield from state(at, "GetObject")
    yield Call("kms:ListAliases", "*")
    yield Call("kms:DescribeKey", at.data_key)
    yield Call("secretsmanager:GetRandomPassword", "*")


def terraform_apply(at: Places) -> Iterator[Call]:
    """A choice: what changes again and again, what knows no resources, and all that the second region has."""
    yield from state(at, "GetObject", "PutObject")
    bucket = f"arn:aws:s3:::{at.prefix}-state-{at.account}"
    yield Call("s3:DeleteObject", f"{bucket}/{at.environment}/terraform.tfstate.tflock")
    yield Call("kms:GenerateDataKey", at.data_key)
    yield Call("secretsmanager:GetRandomPassword", "*")
    yield Call("iam:CreateRole", at.role("node-app"), at.bound)
    yield Call("iam:PutRolePolicy", at.role("node-app"), at.bound)
    monitoring = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    yield Call("iam:AttachRolePolicy", at.role("database-monitoring"), at.bound | {"iam:PolicyARN": monitoring})
    issuer = at.plan.of_kind("aws_iam_openid_connect_provider")[0].values["arn"]
    yield Call("iam:UpdateOpenIDConnectProviderThumbprint", issuer)
    yield Call("elasticloadbalancing:SetSubnets", at.own("elasticloadbalancing", f"loadbalancer/app/{at.prefix}/0123"))
    yield Call("route53:CreateHealthCheck", "*", {"aws:RequestedRegion": "us-east-1"})
    for action in ("CreateLogDelivery", "PutResourcePolicy"):
        yield Call(f"logs:{action}", "*", {"aws:RequestedRegion": REGION})
    for kind, action in (
        ("launch-template", "CreateLaunchTemplateVersion"),
        ("subnet", "CreateSubnet"),
        ("security-group", "AuthorizeSecurityGroupIngress"),
    ):
        yield Call(f"ec2:{action}", at.ec2(kind))
    for it in at.plan.resources:
        if ".module.dr" in it.address and it.kind in FAR:
            yield from FAR[it.kind](at, it.values)


def far_database(at: Places, values: dict[str, Any]) -> list[Call]:
    first = at.own("rds", f"db:{at.prefix}")  # a copy is a right on both
    return [
        Call("rds:CreateDBInstanceReadReplica", at.own("rds", f"db:{values['identifier']}", SECOND)),
        Call("rds:CreateDBInstanceReadReplica", first),
        Call("kms:CreateGrant", values["kms_key_id"], {"kms:GrantIsForAWSResource": "true"}),
        Call("kms:DescribeKey", values["kms_key_id"]),
    ]


FAR: dict[str, Callable[[Places, dict[str, Any]], list[Call]]] = {
    "aws_vpc": lambda at, _: [Call("ec2:CreateVpc", at.ec2("vpc", region=SECOND))],
    "aws_subnet": lambda at, _: [Call("ec2:CreateSubnet", at.ec2("subnet", region=SECOND))],
    "aws_security_group": lambda at, _: [Call("ec2:CreateSecurityGroup", at.ec2("security-group", region=SECOND))],
    "aws_flow_log": lambda at, _: [Call("ec2:CreateFlowLogs", at.ec2("vpc-flow-log", region=SECOND))],
    "aws_cloudwatch_log_group": lambda at, values: [
        Call("logs:CreateLogGroup", at.own("logs", f"log-group:{values['name']}", SECOND))
    ],
    "aws_s3_bucket": lambda _, values: [
        Call(f"s3:{action}", f"arn:aws:s3:::{values['bucket']}")
        for action in ("CreateBucket", "PutBucketVersioning", "PutBucketPolicy", "PutEncryptionConfiguration")
    ],
    "aws_s3_bucket_cors_configuration": lambda _, values: [
        Call("s3:PutBucketCORS", f"arn:aws:s3:::{values['bucket']}")
    ],
    "aws_s3_bucket_logging": lambda _, values: [Call("s3:PutBucketLogging", f"arn:aws:s3:::{values['bucket']}")],
    "aws_ecr_repository": lambda at, values: [
        Call("ecr:CreateRepository", at.own("ecr", f"repository/{values['name']}", SECOND))
    ],
    "aws_ecr_replication_configuration": lambda *_: [
        Call("ecr:PutReplicationConfiguration", "*", {"aws:RequestedRegion": REGION})
    ],
    "aws_acm_certificate": lambda at, _: [Call("acm:RequestCertificate", at.own("acm", "certificate/0123", SECOND))],
    "aws_s3_bucket_replication_configuration": lambda _, values: [
        Call("s3:PutReplicationConfiguration", f"arn:aws:s3:::{values['bucket']}")
    ],
    "aws_iam_role": lambda at, values: [
        Call("iam:CreateRole", f"arn:aws:iam::{at.account}:role/{values['name']}", at.bound)
    ],
    "aws_sns_topic": lambda at, values: [Call("sns:CreateTopic", at.own("sns", values["name"], SECOND))],
    "aws_cloudwatch_metric_alarm": lambda at, values: [
        Call("cloudwatch:PutMetricAlarm", at.own("cloudwatch", f"alarm:{values['alarm_name']}", SECOND))
    ],
    "aws_db_instance": far_database,
}
"""What Terraform asks of the second region, by type of resource."""

ASKS = {
    "images": images,
    "deploy": deploy,
    "machine-images": machine_images,
    "terraform-plan": terraform_plan,
    "terraform-apply": terraform_apply,
}


@pytest.mark.parametrize("name", ASKS)
def test_a_workflow_may_do_what_it_asks_for(name: str, plan: Plan, places: Places) -> None:
    own = of_role(plan, "github", name)
    calls = list(ASKS[name](places))
    assert len(calls) > 5
    assert [it for it in calls if not allowed(own, it)] == []


def test_the_second_region_is_asked_for(plans: dict[str, Plan]) -> None:
    """The table above finds what production has there, and nothing in staging."""
    kinds = {name: {it.kind for it in plan.resources if ".module.dr" in it.address} for name, plan in plans.items()}
    assert kinds["staging"] == set()
    assert set(FAR) <= kinds["production"]


def test_the_table_has_every_call_of_the_pipeline(places: Places) -> None:
    """What the code calls by boto3 is what the roles are asked for above."""
    known: dict[str, str] = {}
    for service in ("ecr", "ec2", "ssm", "secretsmanager", "s3", "iam", "sts", "autoscaling"):
        client: Any = boto3.client(service, region_name=REGION)
        known |= {method: f"{service}:{api}" for method, api in client.meta.method_to_api_mapping.items()}
    called = {
        known[method]
        for file in [*(ROOT / "tools/pipeline").glob("*.py"), ROOT / "tools/release/target.py"]
        for method in re.findall(r"\.([a-z]+_[a-z_]+)\b", file.read_text())
        if method in known
    }
    asked = {it.action for ask in ASKS.values() for it in ask(places)}
    operators = {"secretsmanager:GetSecretValue"}  # with --operator, by a person
    assert len(called) >= 7
    assert called - operators <= asked


# -- what must not be had ----------------------------------------------------------------------------------------------


def decided_by_nobody(at: Places) -> Iterator[tuple[str, Call]]:
    """What is built is no more than a candidate: whoever approves says what machines start from."""
    for role in ("server", "edge", "app"):
        live = at.own("ssm", f"parameter/votewave/{at.environment}/machine-image/{role}")
        group = f"autoScalingGroup:0123:autoScalingGroupName/{at.prefix}-{role}"
        for other in ("machine-images", "images", "terraform-plan"):
            yield other, Call("ssm:PutParameter", live)
            yield other, Call("autoscaling:StartInstanceRefresh", at.own("autoscaling", group))
        yield "deploy", Call("autoscaling:UpdateAutoScalingGroup", at.own("autoscaling", group))
    yield (
        "machine-images",
        Call("ssm:PutParameter", at.own("ssm", f"parameter/votewave/{at.environment}/machine-images-proven")),
    )


def forbidden(at: Places) -> Iterator[tuple[str, Call]]:
    itself = at.role("github-terraform-apply")
    policy = f"arn:aws:iam::{at.account}:policy/{at.prefix}-github-terraform-apply-data"
    for action in ("CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion"):
        yield "terraform-apply", Call(f"iam:{action}", policy)
    yield "terraform-apply", Call("iam:CreatePolicyVersion", f"arn:aws:iam::{at.account}:policy/within-{at.prefix}")
    for action in ("PutRolePolicy", "DetachRolePolicy", "DeleteRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole"):
        yield "terraform-apply", Call(f"iam:{action}", itself, at.bound)
    everything = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
    for role in (itself, at.role("new")):
        yield "terraform-apply", Call("iam:AttachRolePolicy", role, at.bound | everything)
    yield "terraform-apply", Call("iam:CreateRole", at.role("new"))  # without the boundary
    yield "terraform-apply", Call("iam:PutRolePolicy", at.role("new"))
    yield "terraform-apply", Call("iam:DeleteRolePermissionsBoundary", at.role("new"))
    yield "terraform-apply", Call("kms:ScheduleKeyDeletion", at.data_key)
    yield "terraform-apply", Call("kms:CreateGrant", at.data_key)
    bucket = f"arn:aws:s3:::{at.prefix}-state-{at.account}"
    yield "terraform-apply", Call("s3:DeleteObject", f"{bucket}/{at.environment}/terraform.tfstate")
    yield "terraform-apply", Call("s3:PutBucketPolicy", bucket)
    for kind in ("files", "reports", "logs", "second-files", "second-reports"):
        for role in ("terraform-apply", "terraform-plan"):
            yield role, Call("s3:GetObject", f"arn:aws:s3:::{at.prefix}-{kind}-{at.account}/x")
    secret = at.plan.of_kind("aws_secretsmanager_secret")[0].values["arn"]
    for role in ("terraform-plan", "deploy", "images", "machine-images"):
        yield role, Call("secretsmanager:GetSecretValue", secret)
    yield "terraform-plan", Call("logs:GetLogEvents", at.own("logs", f"log-group:/votewave/{at.environment}/tasks"))

    # A label would open what it is put on.
    for kind in ("instance", "volume", "security-group"):
        yield "machine-images", Call("ec2:CreateTags", at.ec2(kind), NEW_BUILD)
    for kind in ("image", "snapshot"):
        yield "machine-images", Call("ec2:CreateTags", at.ec2(kind), NEW_BUILD)
    for action in ("TerminateInstances", "StopInstances", "CreateImage"):
        yield "machine-images", Call(f"ec2:{action}", at.ec2("instance"))
    yield "machine-images", Call("ec2:RunInstances", at.ec2("instance"))
    yield "machine-images", Call("ssm:StartSession", at.ec2("instance"), WITH_DOCUMENT)
    server = {"ssm:resourceTag/votewave-role": "server"}
    yield "machine-images", Call("ssm:StartSession", at.ec2("instance"), server | WITH_DOCUMENT)

    yield from decided_by_nobody(at)

    # A session without a document is a shell; IAM looks for the document only where each statement says so.
    without = {"ssm:SessionDocumentAccessCheck": "false"}
    for name, tags in (("deploy", server), ("machine-images", {"ssm:resourceTag/votewave-build": "machine-image"})):
        yield name, Call("ssm:StartSession", at.ec2("instance"), tags | without)
        shell = at.own("ssm", "document/SSM-SessionManagerRunShell")
        yield name, Call("ssm:StartSession", shell, WITH_DOCUMENT)
    other = {"ssm:resourceTag/votewave-role": "app"}
    yield "deploy", Call("ssm:StartSession", at.ec2("instance"), other | WITH_DOCUMENT)
    yield "deploy", Call("ssm:TerminateSession", at.own("ssm", "session/AROAOTHER:person-1"), SESSION)


def test_no_workflow_may_do_more(plan: Plan, places: Places) -> None:
    found = [(name, call) for name, call in forbidden(places) if allowed(of_role(plan, "github", name), call)]
    assert found == []


def test_roles_with_different_rights_are_opened_by_different_identities(plan: Plan, environment: str) -> None:
    """Whatever job has an identity may take every role that trusts it."""
    subject = "token.actions.githubusercontent.com:sub"
    subjects = {
        it.where.partition('"')[2].rstrip('"]'): it.conditions["StringEquals"][subject]
        for it in plan.statements()
        if it.kind == "aws_iam_role" and ".github[" in it.where
    }
    assert set(subjects) == set(ASKS)
    # Both build from what is reviewed on the main branch, and decide nothing about what runs.
    assert subjects.pop("images") == subjects["machine-images"]
    assert len(set(subjects.values())) == len(subjects)
    assert subjects["deploy"] == f"repo:example@1234567/votewave@987654321:environment:{environment}"
    assert (
        subjects["terraform-apply"]
        == f"repo:example@1234567/votewave@987654321:environment:{environment}-infrastructure"
    )


# -- the boundary ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def boundary(bootstrap: Plan) -> list[Statement]:
    return [it for it in bootstrap.statements() if it.where == "aws_iam_policy.boundary"]


def test_every_role_but_the_one_that_makes_roles_has_the_boundary(
    plan: Plan, bootstrap: Plan, environment: str
) -> None:
    (policy,) = bootstrap.of_kind("aws_iam_policy")
    assert policy.values["arn"] == f"arn:aws:iam::{ACCOUNTS['production']}:policy/within-votewave-production"
    wanted = f"arn:aws:iam::{ACCOUNTS[environment]}:policy/within-votewave-{environment}"
    without = [it.values["name"] for it in plan.of_kind("aws_iam_role") if it.values["permissions_boundary"] != wanted]
    assert without == [f"votewave-{environment}-github-terraform-apply"]


def test_the_boundary_takes_nothing_from_the_roles_that_there_are(plan: Plan, boundary: list[Statement]) -> None:
    checked = 0
    for it in plan.statements():
        if it.kind != "aws_iam_role_policy" or it.effect != "Allow":
            continue
        for action in it.actions:
            checked += 1
            assert allowed(boundary, Call(action, it.resources[0])), f"{it.where}: {action}"
    assert checked > 150


@pytest.mark.parametrize(
    "action",
    [
        "iam:PutRolePolicy",
        "iam:CreateRole",
        "iam:CreateUser",
        "iam:CreatePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey",
        "organizations:LeaveOrganization",
        "sts:AssumeRole",
    ],
)
def test_no_role_within_the_boundary_gives_rights_or_loses_keys(action: str, boundary: list[Statement]) -> None:
    assert not allowed(boundary, Call(action, "arn:aws:iam::444455556666:role/votewave-production-new"))


def test_no_role_within_the_boundary_changes_the_state(boundary: list[Statement]) -> None:
    place = "arn:aws:s3:::votewave-production-state-444455556666/production/terraform.tfstate"
    assert allowed(boundary, Call("s3:GetObject", place))
    assert not allowed(boundary, Call("s3:PutObject", place))
    assert not allowed(boundary, Call("s3:DeleteObjectVersion", place))


# -- tasks -------------------------------------------------------------------------------------------------------------


def test_a_service_is_told_what_is_not_there_in_its_own_folder_alone(
    plan: Plan, places: Places, names: dict[str, Any]
) -> None:
    """S3 answers 404 only to who may list; others get 403, which services/core/storage/bucket.py takes for a fault."""
    bucket = f"arn:aws:s3:::{places.prefix}-files-{places.account}"
    for service in names["services"]:
        own = of_role(plan, "task", service)
        for key in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            assert allowed(own, Call(key, f"{bucket}/{service}/9f/9f86.png"))
        assert allowed(own, Call("s3:ListBucket", bucket, {"s3:prefix": f"{service}/9f/9f86.png"}))
        assert not allowed(own, Call("s3:ListBucket", bucket, {"s3:prefix": "other/9f/9f86.png"}))
        assert not allowed(own, Call("s3:ListBucket", bucket))


# -- the rules by which this decides -----------------------------------------------------------------------------------


def statement(effect: str, action: str, conditions: dict[str, Any] | None = None) -> Statement:
    return Statement("here", "aws_iam_policy", effect, (action,), ("arn:aws:s3:::b/*",), (), conditions or {})


def test_a_denial_counts_more_and_nothing_said_is_no() -> None:
    call = Call("s3:GetObject", "arn:aws:s3:::b/x")
    assert allowed([statement("Allow", "s3:Get*")], call)
    assert not allowed([], call)
    assert not allowed([statement("Allow", "s3:Get*"), statement("Deny", "s3:*")], call)
    assert not allowed([statement("Allow", "s3:Get*")], Call("s3:GetObject", "arn:aws:s3:::c/x"))


def test_a_condition_on_what_is_absent_holds_only_where_it_says_so() -> None:
    assert not met({"StringEquals": {"aws:ResourceTag/a": "b"}}, {})
    assert met({"StringEqualsIfExists": {"aws:ResourceTag/a": "b"}}, {})
    assert not met({"StringEqualsIfExists": {"aws:ResourceTag/a": "b"}}, {"aws:ResourceTag/a": "c"})
    assert met({"StringLike": {"s3:prefix": ["x/*", "y/*"]}}, {"s3:prefix": "y/1"})
    with pytest.raises(KeyError):
        met({"NumericLessThan": {"a": "1"}}, {"a": "0"})
