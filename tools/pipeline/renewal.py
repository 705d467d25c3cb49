"""New machine images on their way to machines: accepted, rolled out with servers first, and proven.

The same in each environment. Production accepts what is made as the images were on which staging's machines have
run behind the gate: of the same commit, from the same image of Debian's.
"""

import json
import time
from typing import Any

from tools.pipeline.common import NAMES, PipelineError, tell
from tools.pipeline.images import call, client
from tools.pipeline.machines import IMAGES

ROLES = ("server", "edge", "app")
"""In the order in which they are replaced: clients can't join what isn't there, and may be older than their servers."""

Made = dict[str, dict[str, str]]
"""By image, `server` and `client`: `image`, its id here; `commit` and `base`, of what it was made."""

_MADE_OF = ("commit", "base")
_POLL_SECONDS = 15.0
_REFRESH_SECONDS = 7200.0
_OVER = {"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"}


def accept(environment: str, like: str, skipped: str) -> Made:
    """Let new machines start from the images that were built last; return them.

    Args:
        environment: Where.
        like: What `prove` said of staging's images, in JSON; empty: they needn't be like any.
        skipped: Why production takes images without staging, if it does.

    Raises:
        PipelineError: They aren't what staging ran on, or not whole, or AWS says no.
    """
    if environment == "production" and not (like or skipped):
        raise PipelineError("Production takes images that staging has run on: --like, or --skip-staging and a reason.")
    named = {role: _named("machine_image_candidate", environment, role) for role in ROLES}
    made = _made(environment, named)
    if skipped:
        tell(f"{environment} takes images that staging hasn't run on: {skipped}")
    for kind, wanted in _wanted(like).items():
        for what in _MADE_OF:
            if made[kind][what] != wanted[what]:
                raise PipelineError(
                    f"{environment}'s candidate for {kind}, {made[kind]['image']}, is of another {what} "
                    f"({made[kind][what]}) than what staging ran on ({wanted[what]}). Build both again."
                )
    for role, image in named.items():
        _put(_parameter("machine_image", environment, role), image, DataType="aws:ec2:image")
    return made


def refresh(environment: str) -> None:
    """Replace all machines, a group after the other, servers first; wait until each is done.

    How many at once, and that each has come up before the next, is the groups' to say (terraform/modules/machines).

    Raises:
        PipelineError: A group can't be replaced.
    """
    for role in ROLES:
        _refresh(_group(environment, role))


def prove(environment: str) -> Made:
    """Write down that all machines run on the accepted images, and return them; call it once they have been tested.

    Raises:
        PipelineError: A machine runs on another one.
    """
    named = {role: _named("machine_image", environment, role) for role in ROLES}
    made = _made(environment, named)
    for role, image in named.items():
        running = _running(environment, role)
        if not running or set(running.values()) != {image}:
            others = ", ".join(f"{it} on {of}" for it, of in sorted(running.items()) if of != image)
            raise PipelineError(f"{role} of {environment} isn't all on {image}: {others or 'there is no machine'}.")
    _put(NAMES["parameters"]["machine_images_proven"].format(environment=environment), json.dumps(made))
    return made


def _group(environment: str, role: str) -> str:
    return f"{NAMES['project']}-{environment}-{role}"


def _parameter(kind: str, environment: str, role: str) -> str:
    return str(NAMES["parameters"][kind].format(environment=environment, role=role))


def _named(kind: str, environment: str, role: str) -> str:
    return str(call(client("ssm").get_parameter, Name=_parameter(kind, environment, role))["Parameter"]["Value"])


def _put(name: str, value: str, **more: str) -> None:
    call(client("ssm").put_parameter, Name=name, Value=value, Type="String", Overwrite=True, **more)
    tell(f"{name}: {value}")


def _made(environment: str, named: dict[str, str]) -> Made:
    """Return of what the images are made; each must be whole, of this environment and for its role."""
    found = call(client("ec2").describe_images, ImageIds=sorted(set(named.values())))["Images"]
    images: dict[str, dict[str, Any]] = {str(it["ImageId"]): it for it in found}
    made: Made = {}
    for kind, roles in IMAGES.items():
        ids = {named[role] for role in roles}
        if len(ids) != 1:
            raise PipelineError(f"{' and '.join(roles)} start from one image, and there are {', '.join(sorted(ids))}.")
        [id_] = ids
        image = images.get(id_, {})
        tags = {str(it["Key"]): str(it["Value"]) for it in image.get("Tags", [])}
        is_it = (image.get("State"), tags.get(NAMES["tags"]["environment"]), tags.get(NAMES["tags"]["role"]))
        if is_it != ("available", environment, kind):
            raise PipelineError(f"{id_} is no image for {kind} of {environment} that machines can start from: {is_it}.")
        of = {what: tags.get(f"votewave-{what}", "") for what in _MADE_OF}
        if not all(of.values()):
            raise PipelineError(f"{id_} doesn't say of what it is made: {of}.")
        made[kind] = {"image": id_, **of}
    return made


def _wanted(like: str) -> Made:
    if not like:
        return {}
    try:
        given: Made = {kind: {what: str(json.loads(like)[kind][what]) for what in _MADE_OF} for kind in IMAGES}
    except (ValueError, KeyError, TypeError) as exc:
        raise PipelineError(f"{like!r} doesn't say of what staging's images are made; `prove` does.") from exc
    return given


def _running(environment: str, role: str) -> dict[str, str]:
    """Return the image of each machine that a group counts."""
    names = [_group(environment, role)]
    groups = call(client("autoscaling").describe_auto_scaling_groups, AutoScalingGroupNames=names)["AutoScalingGroups"]
    ids = [it["InstanceId"] for group in groups for it in group["Instances"] if it["LifecycleState"] == "InService"]
    if not ids:
        return {}
    found = call(client("ec2").describe_instances, InstanceIds=ids)["Reservations"]
    return {str(it["InstanceId"]): str(it["ImageId"]) for one in found for it in one["Instances"]}


def _refresh(group: str) -> None:
    scaling, until = client("autoscaling"), time.monotonic() + _REFRESH_SECONDS
    # Also machines of the same launch template: the image is named by a parameter, which isn't part of it.
    begun = call(scaling.start_instance_refresh, AutoScalingGroupName=group, Strategy="Rolling")["InstanceRefreshId"]
    said = ""
    while True:
        asked = {"AutoScalingGroupName": group, "InstanceRefreshIds": [begun]}
        [now] = call(scaling.describe_instance_refreshes, **asked)["InstanceRefreshes"]
        status, reason = str(now["Status"]), str(now.get("StatusReason", ""))
        if (line := f"{group}: {status}, {now.get('PercentageComplete', 0)} % {reason}".rstrip()) != said:
            tell(line)
            said = line
        if status == "Successful":
            return
        if status in _OVER:
            raise PipelineError(f"{group} isn't replaced: {status}. {reason}")
        if time.monotonic() >= until:
            raise PipelineError(
                f"{group} isn't replaced after {_REFRESH_SECONDS:.0f} s, and goes on: look at its machines, or end it "
                f"with `aws autoscaling cancel-instance-refresh --auto-scaling-group-name {group}`."
            )
        time.sleep(_POLL_SECONDS)
