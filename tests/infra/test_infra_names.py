"""Names, ports, tags, roles, secrets and paths stand in one file; everything else is held to it."""

import importlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import yaml
from services.core.peers.calls import INTERNAL_KEY
from services.registry import NAMES as SERVICES
from services.registry import PROGRAMS
from tools.infra.plan import Plan
from tools.infra.programs import ROOT, built
from tools.pipeline import mirror

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "docker.io/hashicorp/nomad-autoscaler@sha256:" + "0" * 64
MIGRATE = ROOT / "nomad/jobs/migrate.nomad.hcl"
JOBS = ("service", "gateway", "migrate", "reports", "loadtest", "autoscaler")


@cache
def rendered(job: str, environment: str, values: str, *more: str) -> dict[str, Any]:
    """Return a job as Nomad would get it from an environment's values."""
    command = [
        *(built("nomad"), "job", "run", "-output", "-hcl2-strict=false", f"-var=version={COMMIT}"),
        *(f"-var-file=nomad/env/{environment}.hcl", f"-var-file={values}"),
        *(f"-var={it}" for it in more),
        f"nomad/jobs/{job}.nomad.hcl",
    ]
    done = run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["Job"]
    return found


@pytest.fixture(scope="session")
def values(plan: Plan, environment: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Terraform hands to the jobs, as the file that a release gives to Nomad."""
    file = Path(tmp_path_factory.mktemp("values")) / f"{environment}.json"
    file.write_text(json.dumps(plan.outputs["nomad_values"]))
    return str(file)


def job(name: str, environment: str, values: str, service: str = "votebooth") -> dict[str, Any]:
    more = {"service": (f"service={service}",), "autoscaler": (f"autoscaler_image={DIGEST}",)}.get(name, ())
    return rendered(name, environment, values, *more)


# -- the program -------------------------------------------------------------------------------------------------------


def test_services_are_those_of_the_program(names: dict[str, Any]) -> None:
    assert list(names["services"]) == list(SERVICES)
    assert [*names["services"], *names["without_role"]] == list(PROGRAMS)


def test_secrets_are_those_that_the_program_asks_for(names: dict[str, Any]) -> None:
    for name, it in names["services"].items():
        service = importlib.import_module(f"services.{name}.plugin").SERVICE
        assert it["secrets"] == ["database", *service.secrets], name
    assert INTERNAL_KEY in names["shared_secrets"]


def test_made_up_secrets_are_of_the_form_that_the_program_reads(names: dict[str, Any]) -> None:
    """auth/key-encryption is the one that is more than a text: 32 bytes in base64, as `votewave up` makes them."""
    text = (ROOT / "terraform/modules/secrets/main.tf").read_text()
    assert 'it.form == "key-encryption"' in text
    others = {secret for it in names["services"].values() for secret in it["secrets"]} - {
        "database",
        "hash-key",
        "link-key",
        "push-key",
    }
    assert others == {"key-encryption"}


def test_services_that_send_mail_are_those_that_may(names: dict[str, Any]) -> None:
    sends = {
        name
        for name in SERVICES
        for file in (ROOT / "services" / name).rglob("*.py")
        if re.search(r"\bmailer\b", file.read_text())
    }
    assert sends <= {name for name, it in names["services"].items() if it["mail"]}


# -- Nomad's jobs ------------------------------------------------------------------------------------------------------


def test_jobs_are_named_as_agreed(environment: str, values: str, names: dict[str, Any]) -> None:
    for name in JOBS:
        expected = names["jobs"][name].format(service="votebooth")
        assert job(name, environment, values)["ID"] == expected


def test_jobs_run_where_machines_are(environment: str, values: str, plan: Plan, names: dict[str, Any]) -> None:
    for name in JOBS:
        made = job(name, environment, values)
        assert made["Datacenters"] == [names["datacenter"].format(environment=environment)], name
        classes = {
            c["RTarget"]
            for group in made["TaskGroups"]
            for c in group["Constraints"] or []
            if "node.class" in c["LTarget"]
        }
        assert classes == {"edge" if name == "gateway" else "app"}, name
        assert classes <= set(names["node_classes"])
    told = {
        role: json.loads(yaml.safe_load(text)["write_files"][0]["content"])
        for role, text in plan.outputs["user_data"].items()
    }
    assert {role: it["role"] for role, it in told.items()} == {role: role for role in names["node_roles"]}
    assert {it["datacenter"] for it in told.values()} == {environment}


def test_what_has_no_role_gets_nothing_that_would_let_it_ask(
    environment: str, values: str, names: dict[str, Any]
) -> None:
    for name in names["without_role"]:
        [group] = job("service", environment, values, name)["TaskGroups"]
        [task] = group["Tasks"]
        assert not task["Identities"], name
        assert not task["Consul"], name
        assert not task["VolumeMounts"], name
        assert not [it for it in task["Env"] if it.startswith(("AWS_ROLE", "AWS_WEB"))], name


def test_a_tasks_identity_is_the_one_that_its_role_trusts(
    environment: str, values: str, plan: Plan, names: dict[str, Any]
) -> None:
    trusted = {
        it.where.partition('"')[2].partition('"')[0]: next(
            value for key, value in it.conditions["StringEquals"].items() if key.endswith(":sub")
        )
        for it in plan.statements()
        if it.kind == "aws_iam_role" and ".task[" in it.where
    }
    assert set(trusted) == {*names["services"], *names["task_roles"]}
    assert "autoscaler" not in trusted  # it counts instances, and asks nothing of AWS
    for name, subject in trusted.items():
        kind = name if name in names["task_roles"] else "service"
        made = job(kind, environment, values, name)
        identities = [
            (f"global:default:{made['ID']}:{group['Name']}:{task['Name']}:{identity['Name']}", identity, task)
            for group in made["TaskGroups"]
            for task in group["Tasks"]
            for identity in task["Identities"] or []
            if identity["Name"] == names["identity"]["name"]
        ]
        assert [it[0] for it in identities] == [subject], name
        _, identity, task = identities[0]
        assert identity["Audience"] == [names["identity"]["audience"]]
        assert identity["File"] is True
        assert task["Env"]["AWS_WEB_IDENTITY_TOKEN_FILE"] == names["paths"]["task_token"]
        roles = {it.values["name"] for it in plan.of_kind("aws_iam_role")}
        assert task["Env"]["AWS_ROLE_ARN"].rpartition("/")[2] in roles


def test_secrets_are_looked_for_where_terraform_puts_them(
    environment: str, values: str, plan: Plan, names: dict[str, Any]
) -> None:
    made = {it.values["name"] for it in plan.of_kind("aws_secretsmanager_secret")}
    prefix = names["secret_prefix"].format(environment=environment)
    for name in SERVICES:
        env = job("service", environment, values, name)["TaskGroups"][0]["Tasks"][0]["Env"]
        assert env["VOTEWAVE_SECRETS"] == f"aws://{prefix}"
        assert env["VOTEWAVE_ENVIRONMENT"] == environment
        for secret in names["services"][name]["secrets"]:
            assert f"{prefix}/{name}/{secret}" in made
    master = f"{prefix}/{names['database']['master_secret']}"
    assert made - {master} == {f"{prefix}/{s}" for s in names["shared_secrets"]} | {
        f"{prefix}/{name}/{secret}" for name, it in names["services"].items() for secret in it["secrets"]
    }
    default = re.search(r'variable "master_secret" \{.*?default\s*=\s*"(\S+)"', MIGRATE.read_text(), re.DOTALL)
    assert default is not None
    assert default[1] == names["database"]["master_secret"]


def test_a_service_runs_the_image_of_a_commit_from_our_registry(environment: str, values: str, plan: Plan) -> None:
    repository = plan.here("aws_ecr_repository")[0].values["repository_url"]
    config = job("service", environment, values)["TaskGroups"][0]["Tasks"][0]["Config"]
    assert config["image"] == f"{repository}:{COMMIT}"


def test_images_of_others_are_pulled_from_our_registry_by_the_digests_that_are_pinned(
    environment: str, values: str, plan: Plan
) -> None:
    """A task starts, and an edge is replaced, whether or not somebody else's registry answers."""
    ours = plan.here("aws_ecr_repository")[0].values["repository_url"]
    found = set()
    for name in JOBS:
        for group in job(name, environment, values)["TaskGroups"]:
            for task in group["Tasks"]:
                config = task["Config"]
                assert "auth_soft_fail" not in config, task["Name"]
                if config["image"].startswith(f"{ours}:"):
                    continue
                registry, _, digest = config["image"].partition("@")
                assert registry == ours, task["Name"]
                found.add(digest)
    pinned = {**mirror.named(environment), "autoscaler_image": DIGEST}
    assert found == {image.partition("@")[2] for image in pinned.values()}
    assert set(pinned) == {"gateway_image", "prometheus_image", "autoscaler_image"}


def test_without_a_registry_of_ours_they_come_from_theirs(environment: str, values: str) -> None:
    """Nomad asks the registry's helper for each image, and ends where it knows nothing, unless told otherwise."""
    for name, more in (("gateway", ()), ("autoscaler", (f"autoscaler_image={DIGEST}",))):
        for task in rendered(name, environment, values, *more, "image=")["TaskGroups"][0]["Tasks"]:
            assert re.fullmatch(r"docker\.io/[a-z/-]+@sha256:[0-9a-f]{64}", task["Config"]["image"]), task["Name"]
            assert task["Config"]["auth_soft_fail"] is True, task["Name"]


def test_the_load_tests_run_what_the_workflow_pushes_beside_it(
    environment: str, values: str, plan: Plan, names: dict[str, Any]
) -> None:
    repository = plan.here("aws_ecr_repository")[0].values["repository_url"]
    suffix = names["load_image_suffix"]
    made = job("loadtest", environment, values)
    [task] = made["TaskGroups"][0]["Tasks"]
    assert task["Config"]["image"] == f"{repository}:{COMMIT}{suffix}"
    assert f'image scan --version "$GITHUB_SHA{suffix}"' in (ROOT / ".github/workflows/images.yml").read_text()
    # From inside the cluster, where the gateway takes the header that asks for canaries; reports outlive the task.
    assert made["Meta"]["url"] == ""
    assert task["Env"]["VOTEWAVE_LOAD_STORE"].endswith("/loadtests")


def test_the_database_is_verified_against_certificates_that_the_task_has(
    environment: str, values: str, names: dict[str, Any]
) -> None:
    path = names["paths"]["database_ca"]
    client = (ROOT / "packer/files/client/etc/nomad.d/20-client.hcl").read_text()
    on_machines = dict(re.findall(r'host_volume "([^"]+)" \{\s+path\s+= "([^"]+)"', client))
    assert f'rds-ca.pem)" {path}\n' in (ROOT / "packer/provision/programs").read_text()
    for name in ("service", "migrate", "reports"):
        (group,) = job(name, environment, values)["TaskGroups"]
        (task,) = group["Tasks"]
        # Nothing is fetched when a task starts: a lost way out must not keep services from starting.
        assert not task["Artifacts"], name
        (mount,) = task["VolumeMounts"]
        assert mount["Destination"] == path
        assert mount["ReadOnly"] is True
        volume = group["Volumes"][mount["Volume"]]
        assert volume["Type"] == "host"
        assert on_machines[volume["Source"]] == path
        assert task["Env"]["VOTEWAVE_DATABASE_URL"].endswith(f"sslrootcert={path}")


def test_the_gateway_listens_where_the_load_balancer_comes(
    environment: str, values: str, plan: Plan, names: dict[str, Any]
) -> None:
    made = job("gateway", environment, values)
    ports = {
        it["Label"]: it["Value"]
        for group in made["TaskGroups"]
        for network in group["Networks"]
        for it in network["ReservedPorts"] or []
    }
    assert names["ports"]["gateway_https"] in ports.values()
    assert names["ports"]["gateway_http"] in ports.values()
    assert names["ports"]["gateway_metrics"] in ports.values()
    target = next(it for it in plan.of_kind("aws_lb_target_group") if it.values["name"].endswith("-gateway"))
    assert target.values["port"] == names["ports"]["gateway_https"]
    assert "return status 404 unless { path /healthz }" in (ROOT / "nomad/gateway/haproxy.cfg").read_text()
    health = target.values["health_check"][0]
    assert (health["path"], health["port"]) == ("/healthz", str(names["ports"]["gateway_metrics"]))
    [way] = [it for it in plan.of_kind("aws_vpc_security_group_ingress_rule") if '"balancer-edge-health"' in it.address]
    assert way.values["from_port"] == names["ports"]["gateway_metrics"]


def test_the_load_balancer_waits_for_the_gateways_drain_and_closes_first(
    environment: str, values: str, plan: Plan
) -> None:
    made = job("gateway", environment, values)
    env = next(t["Env"] for t in made["TaskGroups"][0]["Tasks"] if t["Name"] == "gateway")
    leader = next(t for t in made["TaskGroups"][0]["Tasks"] if t["Name"] == "leader")
    drain = int(leader["Env"]["GATEWAY_DRAIN"].removesuffix("s")) + int(env["GATEWAY_FINISH"].removesuffix("s"))
    target = next(it for it in plan.of_kind("aws_lb_target_group") if it.values["name"].endswith("-gateway"))
    assert int(target.values["deregistration_delay"]) > drain
    for group in plan.of_kind("aws_autoscaling_group"):
        [hook] = [it for it in group.values["initial_lifecycle_hook"] if it["name"] == "drain"]
        assert hook["heartbeat_timeout"] > drain
    text = (ROOT / "nomad/jobs/gateway.nomad.hcl").read_text()
    keep_alive = re.search(r'variable "gateway_keep_alive" \{.*?default\s*=\s*(\d+)', text, re.DOTALL)
    assert keep_alive is not None
    assert plan.of_kind("aws_lb")[0].values["idle_timeout"] < int(keep_alive[1])


def test_only_a_canary_header_from_our_own_network_counts(environment: str, values: str, plan: Plan) -> None:
    [group] = job("gateway", environment, values)["TaskGroups"]
    lists = [
        it["EmbeddedTmpl"]
        for task in group["Tasks"]
        for it in task["Templates"] or []
        if "canary-from" in it["DestPath"]
    ]
    assert plan.outputs["network"]["cidr"] == plan.here("aws_vpc")[0].values["cidr_block"]
    assert lists == [f"{plan.outputs['network']['cidr']}\n"]


def test_two_environments_values_differ_where_they_must() -> None:
    texts = {name: (ROOT / f"nomad/env/{name}.hcl").read_text() for name in ("staging", "production")}
    for name, other in (("staging", "production"), ("production", "staging")):
        assert other not in texts[name]
        assert f"aws://votewave/{name}" in texts[name]


# -- machine images ----------------------------------------------------------------------------------------------------


def first_boot(name: str) -> Any:
    """Return a module of the program in the images."""
    sys.path.insert(0, str(ROOT / "packer"))
    try:
        return importlib.import_module(f"first_boot.{name}")
    finally:
        sys.path.remove(str(ROOT / "packer"))


@pytest.fixture(scope="session")
def boot(plan: Plan) -> dict[str, Any]:
    """What machines are told, read by the program in the images that reads it."""
    values = first_boot("values")
    return {
        role: values.parse(json.loads(yaml.safe_load(text)["write_files"][0]["content"]), role)
        for role, text in plan.outputs["user_data"].items()
    }


def test_machines_understand_what_they_are_told(
    boot: dict[str, Any], environment: str, plan: Plan, names: dict[str, Any]
) -> None:
    assert set(boot) == set(names["node_roles"])
    for role, it in boot.items():
        assert it.role == role
        assert it.environment == environment
        assert it.secret_prefix == names["secret_prefix"].format(environment=environment)
        assert it.oidc_issuer == plan.of_kind("aws_iam_openid_connect_provider")[0].values["url"]
        assert it.drain_hook == names["drain_hook"]
        assert it.launch_hook == names["launch_hook"]
    told = yaml.safe_load(plan.outputs["user_data"]["app"])
    assert told["write_files"][0]["path"] == names["paths"]["boot_values"]
    assert plan.outputs["user_data"]["app"].startswith("#cloud-config\n")


def test_logs_in_which_something_is_counted_are_written(
    boot: dict[str, Any], plan: Plan, names: dict[str, Any], environment: str
) -> None:
    """An alarm on a group that nobody writes to stays silent for good."""
    configure = first_boot("configure")
    assert names["log_groups"]["task"] == configure.TASK_LOGS
    account = plan.outputs["nomad_values"]["aws_role"].split(":")[4]
    written = set()
    for role in names["node_classes"]:
        own = [it for it in plan.statements() if f'node["{role}"]' in it.where and it.kind == "aws_iam_role_policy"]
        logging = configure.docker(boot[role])["logging"]
        assert logging["type"] == "awslogs"
        group = logging["config"]["awslogs-group"]
        arn = f"arn:aws:logs:{boot[role].region}:{account}:log-group:{group}:log-stream:service-1"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            assert any(it.covers(action, arn) for it in own), (role, action)
        written.add(group)
    files = [
        it
        for told in boot.values()
        for it in configure._cloudwatch(told)["logs"]["logs_collected"]["files"]["collect_list"]
    ]
    agents = {it["log_group_name"] for it in files if it["file_path"].startswith(("/var/log/nomad", "/var/log/consul"))}
    counted = {it.values["log_group_name"] for it in plan.of_kind("aws_cloudwatch_log_metric_filter")}
    assert counted == {
        names["log_groups"]["task"].format(environment=environment),
        *(names["log_groups"]["node"].format(environment=environment, role=role) for role in names["node_roles"]),
    }
    assert counted <= written | agents
    [given_up] = {
        it.values["pattern"].strip('"')
        for it in plan.of_kind("aws_cloudwatch_log_metric_filter")
        if it.values["metric_transformation"][0]["name"] == "MachinesGivenUp"
    }
    ready = first_boot("ready")
    assert given_up == ready.GIVEN_UP
    own = {it["log_group_name"] for it in files if it["file_path"] == f"/{ready.LOG}"}
    assert own == agents


def test_agents_find_the_servers_and_nobody_else_by_the_tag(boot: dict[str, Any], plan: Plan) -> None:
    value = boot["app"]
    for it in plan.of_kind("aws_launch_template"):
        tags = next(t["tags"] for t in it.values["tag_specifications"] if t["resource_type"] == "instance")
        found = tags.get(value.join_tag_key) == value.join_tag_value
        assert found is (tags["votewave-role"] == "server"), it.address


def test_machines_read_the_secrets_of_their_kind_and_no_others(
    plan: Plan, names: dict[str, Any], environment: str
) -> None:
    prefix = names["secret_prefix"].format(environment=environment)
    arns = {
        it.values["name"].removeprefix(f"{prefix}/"): it.values["arn"]
        for it in plan.of_kind("aws_secretsmanager_secret")
    }
    for role in names["node_roles"]:
        own = [it for it in plan.statements() if f'node["{role}"]' in it.where and it.kind == "aws_iam_role_policy"]
        readable = {
            name for name, arn in arns.items() if any(it.covers("secretsmanager:GetSecretValue", arn) for it in own)
        }
        assert readable == {name for name, it in names["shared_secrets"].items() if role in it["readers"]}
    assert names["shared_secrets"]["cluster/tls-ca-key"]["readers"] == []


def test_a_task_reads_its_own_secrets_and_no_others(plan: Plan, names: dict[str, Any], environment: str) -> None:
    prefix = names["secret_prefix"].format(environment=environment)
    arns = {
        it.values["name"].removeprefix(f"{prefix}/"): it.values["arn"]
        for it in plan.of_kind("aws_secretsmanager_secret")
    }
    for task in (*names["services"], *names["task_roles"]):
        own = [it for it in plan.statements() if f'task["{task}"]' in it.where and it.kind == "aws_iam_role_policy"]
        readable = {
            name for name, arn in arns.items() if any(it.covers("secretsmanager:GetSecretValue", arn) for it in own)
        }
        if task in names["services"]:
            expected = {f"{task}/{secret}" for secret in names["services"][task]["secrets"]}
            expected |= {name for name, it in names["shared_secrets"].items() if "service" in it["readers"]}
        elif task == "migrate":
            expected = {f"{service}/database" for service in names["services"]}
            expected |= {names["database"]["master_secret"]} & set(arns)  # else RDS has it, under a name of its own
        else:
            expected = set(names["tasks"][task].get("secrets", []))
        assert readable == expected, task


def nft_ports(text: str) -> dict[str, set[tuple[int, int]]]:
    """Return the ports that a firewall in the images lets in from other machines, by protocol."""
    found: dict[str, set[tuple[int, int]]] = {"tcp": set(), "udp": set()}
    for line in text.splitlines():
        it = re.match(r"\s+(tcp|udp) dport (\{[^}]*\}|[\d-]+) accept", line)
        if it:
            for part in it[2].strip("{} ").split(","):
                low, _, high = part.strip().partition("-")
                found[it[1]].add((int(low), int(high or low)))
    return found


@pytest.mark.parametrize(("image", "roles"), [("server", {"server"}), ("client", {"edge", "app"})])
def test_the_images_firewall_lets_in_what_the_groups_do(image: str, roles: set[str], plan: Plan) -> None:
    let_in = nft_ports((ROOT / f"packer/files/{image}/etc/nftables.conf").read_text())
    assert let_in["tcp"]
    groups = {it.values["id"]: it.values["name"].rpartition("-")[2] for it in plan.of_kind("aws_security_group")}
    for it in plan.of_kind("aws_vpc_security_group_ingress_rule"):
        if groups[it.values["security_group_id"]] not in roles:
            continue
        low, high = it.values["from_port"], it.values["to_port"]
        allowed = let_in[it.values["ip_protocol"]]
        assert any(a <= low and high <= b for a, b in allowed), f"{it.address}: {image} drops {low}-{high}"


@pytest.mark.parametrize(
    ("file", "pattern", "name"),
    [
        ("packer/files/common/etc/nomad.d/10-common.hcl", r'data_dir\s*=\s*"([^"]+)"', "nomad_data"),
        ("packer/files/common/etc/consul.d/10-common.hcl", r'data_dir\s*=\s*"([^"]+)"', "consul_data"),
        ("packer/files/common/etc/systemd/system/votewave-first-boot.service", r"ExecStart=(\S+)", "boot"),
    ],
)
def test_paths_of_the_images_are_the_agreed_ones(file: str, pattern: str, name: str, names: dict[str, Any]) -> None:
    found = re.search(pattern, (ROOT / file).read_text())
    assert found is not None
    assert found[1] == names["paths"][name]


def test_ports_of_the_agents_are_the_agreed_ones(names: dict[str, Any]) -> None:
    nomad = (ROOT / "packer/files/common/etc/nomad.d/10-common.hcl").read_text()
    consul = (ROOT / "packer/files/common/etc/consul.d/10-common.hcl").read_text()
    for text, port, name in (
        (nomad, "http", "nomad_http"),
        (nomad, "rpc", "nomad_rpc"),
        (nomad, "serf", "nomad_serf"),
        (consul, "http", "consul_http"),
        (consul, "https", "consul_https"),
        (consul, "dns", "consul_dns"),
        (consul, "server", "consul_rpc"),
        (consul, "serf_lan", "consul_serf_lan"),
    ):
        assert re.search(rf"^\s*{port}\s*=\s*{names['ports'][name]}\b", text, re.MULTILINE), name
    client = (ROOT / "packer/files/client/etc/nomad.d/20-client.hcl").read_text()
    for name, key in (("tasks_from", "min_dynamic_port"), ("tasks_to", "max_dynamic_port")):
        assert re.search(rf"{key}\s*=\s*{names['ports'][name]}\b", client), key


def test_the_gateway_has_memory_for_all_its_connections(environment: str, values: str) -> None:
    """19 kB each with TLS (docs/gateway.md), also while two processes hold them: before and after a reload."""
    gateway = job("gateway", environment, values)
    [task] = [it for group in gateway["TaskGroups"] for it in group["Tasks"] if it["Name"] == "gateway"]
    connections = int(task["Env"]["GATEWAY_MAXCONN"])
    requests = connections // 4 * 2 * 32_768
    assert task["Resources"]["MemoryMB"] * 1e6 >= 2 * connections * 19_000 + requests
