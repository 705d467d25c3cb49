"""How new machine images come to machines: accepted, rolled out with servers first, proven."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from tools.infra.plan import Plan
from tools.pipeline import renewal
from tools.pipeline.common import NAMES, PipelineError

REGION = "eu-central-1"
COMMIT, BASE = "a" * 40, "debian-13-amd64-20261101"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        yield


def built(environment: str, kind: str, **changed: str) -> str:
    """Make an image as Packer does, and name it as the candidate of its roles; return its id."""
    ec2 = boto3.client("ec2")
    tags = {"Environment": environment, "votewave-role": kind, "votewave-commit": COMMIT, "votewave-base": BASE}
    tags |= {name.replace("_", "-"): value for name, value in changed.items()}
    image = str(ec2.register_image(Name=f"{environment}-{kind}-{len(own_images())}")["ImageId"])
    ec2.create_tags(Resources=[image], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    for role in renewal.IMAGES[kind]:
        put("machine_image_candidate", environment, role, image)
    return image


def own_images() -> list[Any]:
    found: list[Any] = boto3.client("ec2").describe_images(Owners=["self"])["Images"]
    return found


def put(kind: str, environment: str, role: str, value: str) -> None:
    name = NAMES["parameters"][kind].format(environment=environment, role=role)
    boto3.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def live(environment: str) -> dict[str, str]:
    path = NAMES["parameters"]["machine_image"].format(environment=environment, role="").rstrip("/")
    found = boto3.client("ssm").get_parameters_by_path(Path=path)["Parameters"]
    return {it["Name"].rpartition("/")[2]: it["Value"] for it in found}


@pytest.mark.usefixtures("aws")
def test_staging_takes_the_candidates_and_says_of_what_they_are_made() -> None:
    server, client = built("staging", "server"), built("staging", "client")

    made = renewal.accept("staging", "", "")

    assert live("staging") == {"server": server, "edge": client, "app": client}
    of = {"commit": COMMIT, "base": BASE}
    assert made == {"server": {"image": server, **of}, "client": {"image": client, **of}}


@pytest.mark.usefixtures("aws")
def test_production_takes_what_is_made_as_staging_s_was() -> None:
    server, client = built("production", "server"), built("production", "client")
    of = {"image": "ami-of-staging", "commit": COMMIT, "base": BASE}

    renewal.accept("production", json.dumps({"server": of, "client": of}), "")

    assert live("production") == {"server": server, "edge": client, "app": client}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("like", "sentence"),
    [
        ("", "Production takes images that staging has run on"),
        ("{}", "doesn't say of what staging's images are made"),
        ("ami-1", "doesn't say of what staging's images are made"),
        ({"commit": "b" * 40}, "of another commit"),
        ({"base": "debian-13-amd64-20261001"}, "of another base"),
    ],
)
def test_what_staging_has_not_run_on_changes_nothing(like: Any, sentence: str) -> None:
    built("production", "server")
    built("production", "client")
    put("machine_image", "production", "app", "ami-before")
    if isinstance(like, dict):
        of = {"image": "ami-of-staging", "commit": COMMIT, "base": BASE}
        like = json.dumps({"server": of, "client": {**of, **like}})

    with pytest.raises(PipelineError, match=sentence):
        renewal.accept("production", like, "")

    assert live("production") == {"app": "ami-before"}


@pytest.mark.usefixtures("aws")
def test_the_first_images_of_production_need_a_reason(capfd: pytest.CaptureFixture[str]) -> None:
    server, client = built("production", "server"), built("production", "client")

    renewal.accept("production", "", "the first machines")

    assert live("production") == {"server": server, "edge": client, "app": client}
    assert "the first machines" in capfd.readouterr().err


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ({"Environment": "production"}, "is no image for client of staging"),
        ({"votewave_role": "server"}, "is no image for client of staging"),
        ({"votewave_commit": ""}, "doesn't say of what it is made"),
    ],
)
def test_an_image_of_another_kind_is_not_taken(tags: dict[str, str], sentence: str) -> None:
    built("staging", "server")
    built("staging", "client", **tags)

    with pytest.raises(PipelineError, match=sentence):
        renewal.accept("staging", "", "")

    assert live("staging") == {}


@pytest.mark.usefixtures("aws")
def test_two_builds_are_not_mixed() -> None:
    built("staging", "server")
    built("staging", "client")
    put("machine_image_candidate", "staging", "edge", built("staging", "server"))

    with pytest.raises(PipelineError, match="edge and app start from one image, and there are"):
        renewal.accept("staging", "", "")


def machines(role: str, image: str, number: int) -> None:
    """Make a group whose machines run on an image."""
    scaling, name = boto3.client("autoscaling"), renewal._group("staging", role)
    scaling.create_launch_configuration(LaunchConfigurationName=name, ImageId=image, InstanceType="c7i.large")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=number,
        MaxSize=number,
        AvailabilityZones=[f"{REGION}a"],
    )


@pytest.mark.usefixtures("aws")
def test_images_are_proven_when_every_machine_runs_on_them() -> None:
    server, client = built("staging", "server"), built("staging", "client")
    accepted = renewal.accept("staging", "", "")
    machines("server", server, 3)
    machines("edge", client, 2)
    with pytest.raises(PipelineError, match=r"app of staging isn't all on .*there is no machine"):
        renewal.prove("staging")
    machines("app", server, 1)  # an old one was left over
    with pytest.raises(PipelineError, match=f"app of staging isn't all on {client}: i-.* on {server}"):
        renewal.prove("staging")
    name = NAMES["parameters"]["machine_images_proven"].format(environment="staging")
    ssm = boto3.client("ssm")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=name)
    boto3.client("autoscaling").delete_auto_scaling_group(
        AutoScalingGroupName=renewal._group("staging", "app"), ForceDelete=True
    )
    boto3.client("autoscaling").delete_launch_configuration(LaunchConfigurationName=renewal._group("staging", "app"))
    machines("app", client, 2)

    proven = renewal.prove("staging")

    assert proven == accepted
    assert json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"]) == accepted


class Groups:
    """AWS's answers about refreshes, held against its own description of the service: moto knows none."""

    def __init__(self, *outcomes: tuple[str, list[str]]) -> None:
        self._client = boto3.client("autoscaling", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
        self._stub = Stubber(self._client)
        for number, (role, statuses) in enumerate(outcomes):
            group, id_ = renewal._group("staging", role), f"refresh-{number}"
            asked = {"AutoScalingGroupName": group, "Strategy": "Rolling"}
            self._stub.add_response("start_instance_refresh", {"InstanceRefreshId": id_}, asked)
            for status in statuses:
                told = {"InstanceRefreshes": [{"Status": status, "StatusReason": "why", "PercentageComplete": 50}]}
                which = {"AutoScalingGroupName": group, "InstanceRefreshIds": [id_]}
                self._stub.add_response("describe_instance_refreshes", told, which)
        self._stub.activate()

    def client(self, service: str, region: str | None = None) -> Any:
        assert (service, region) == ("autoscaling", None)
        return self._client

    def assert_all_asked(self) -> None:
        self._stub.assert_no_pending_responses()


def test_servers_are_replaced_before_clients_one_group_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups(
        ("server", ["Pending", "InProgress", "InProgress", "Successful"]),
        ("edge", ["InProgress", "Successful"]),
        ("app", ["Successful"]),
    )
    monkeypatch.setattr(renewal, "client", groups.client)
    monkeypatch.setattr(renewal, "_POLL_SECONDS", 0.0)

    renewal.refresh("staging")

    groups.assert_all_asked()


def test_clients_stay_when_servers_do_not_come_up(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups(("server", ["InProgress", "Failed"]))
    monkeypatch.setattr(renewal, "client", groups.client)
    monkeypatch.setattr(renewal, "_POLL_SECONDS", 0.0)

    with pytest.raises(PipelineError, match=r"votewave-staging-server isn't replaced: Failed\. why"):
        renewal.refresh("staging")

    groups.assert_all_asked()


def test_a_refresh_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups(("server", ["InProgress"]))
    monkeypatch.setattr(renewal, "client", groups.client)
    monkeypatch.setattr(renewal, "_REFRESH_SECONDS", 0.0)

    with pytest.raises(PipelineError, match=r"isn't replaced after 0 s.*cancel-instance-refresh"):
        renewal.refresh("staging")


def test_groups_are_those_of_terraform(plan: Plan, environment: str) -> None:
    made = {it.values["name"] for it in plan.of_kind("aws_autoscaling_group")}
    assert {renewal._group(environment, role) for role in renewal.ROLES} == made
