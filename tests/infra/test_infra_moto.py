"""What the plans would make, made at a local AWS: its own checks of policies, addresses and rules pass."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tools.infra.plan import Plan

REGION = "eu-central-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_every_policy_is_one_that_aws_understands(each: Plan) -> None:
    iam = boto3.client("iam")
    made = 0
    for it in each.of_kind("aws_iam_role"):
        iam.create_role(RoleName=it.values["name"], AssumeRolePolicyDocument=it.values["assume_role_policy"])
    for it in each.of_kind("aws_iam_policy"):
        iam.create_policy(PolicyName=it.values["name"], PolicyDocument=it.values["policy"])
        made += 1
    for it in each.of_kind("aws_iam_role_policy"):
        iam.put_role_policy(
            RoleName=it.values["role"], PolicyName=it.values["name"], PolicyDocument=it.values["policy"]
        )
        made += 1
    assert made >= 10
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):  # it does look
        iam.create_policy(PolicyName="wrong", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{}]}))


@pytest.mark.usefixtures("aws")
def test_the_network_can_be_made(plan: Plan) -> None:
    """EC2 refuses subnets that overlap or lie outside, and rules that are there twice."""
    ec2 = boto3.client("ec2")
    (vpc,) = plan.here("aws_vpc")
    network = ec2.create_vpc(CidrBlock=vpc.values["cidr_block"])["Vpc"]["VpcId"]
    for it in plan.here("aws_subnet"):
        ec2.create_subnet(
            VpcId=network, CidrBlock=it.values["cidr_block"], AvailabilityZone=it.values["availability_zone"]
        )
    made = {
        it.values["id"]: ec2.create_security_group(
            GroupName=it.values["name"], Description=it.values["description"], VpcId=network
        )["GroupId"]
        for it in plan.here("aws_security_group")
    }
    assert len(made) == 7
    for kind, authorize in (
        ("aws_vpc_security_group_ingress_rule", ec2.authorize_security_group_ingress),
        ("aws_vpc_security_group_egress_rule", ec2.authorize_security_group_egress),
    ):
        for it in plan.here(kind):
            rule: dict[str, Any] = {
                "IpProtocol": it.values["ip_protocol"],
                "FromPort": it.values["from_port"],
                "ToPort": it.values["to_port"],
            }
            if it.values["referenced_security_group_id"]:
                rule["UserIdGroupPairs"] = [{"GroupId": made[it.values["referenced_security_group_id"]]}]
            else:
                rule["IpRanges"] = [{"CidrIp": it.values["cidr_ipv4"]}]
            authorize(GroupId=made[it.values["security_group_id"]], IpPermissions=[rule])
    for group in ec2.describe_security_groups(GroupIds=list(made.values()))["SecurityGroups"]:
        assert len(group["IpPermissions"]) <= 60  # AWS's quota of rules in a group


@pytest.mark.usefixtures("aws")
def test_secrets_buckets_and_the_registry_have_names_that_aws_takes(plan: Plan) -> None:
    manager, s3, ecr = boto3.client("secretsmanager"), boto3.client("s3"), boto3.client("ecr")
    for it in plan.of_kind("aws_secretsmanager_secret"):
        manager.create_secret(Name=it.values["name"], SecretString="x")
    for it in plan.of_kind("aws_s3_bucket"):
        s3.create_bucket(Bucket=it.values["bucket"], CreateBucketConfiguration={"LocationConstraint": REGION})
    for it in plan.of_kind("aws_s3_bucket_policy"):
        s3.put_bucket_policy(Bucket=it.values["bucket"], Policy=it.values["policy"])
    (repository,) = plan.here("aws_ecr_repository")
    ecr.create_repository(
        repositoryName=repository.values["name"], imageTagMutability=repository.values["image_tag_mutability"]
    )
    ecr.put_lifecycle_policy(
        repositoryName=repository.values["name"],
        lifecyclePolicyText=plan.of_kind("aws_ecr_lifecycle_policy")[0].values["policy"],
    )
    (found,) = ecr.describe_repositories(repositoryNames=["votewave"])["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE"  # a tag never changes what it means
