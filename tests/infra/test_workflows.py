"""The workflows hold no logic: each step is a recipe that runs here. They hold no secret, and few rights."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from tools.pipeline import audit
from tools.pipeline.__main__ import main
from tools.pipeline.common import PipelineError
from tools.release.__main__ import main as release

ROOT = Path(__file__).resolve().parents[2]
NAMES: dict[str, Any] = json.loads((ROOT / "terraform/modules/naming/names.json").read_text())
WORKFLOWS = ROOT / ".github/workflows"
# Third parties whose code runs in our workflows; each one more is one more to trust.
ACTIONS = {
    "actions/checkout",
    "actions/upload-artifact",
    "actions/attest-build-provenance",
    "aws-actions/configure-aws-credentials",
}
GROUPS: dict[str, click.Command] = {"pipeline": main, "release": release}


def load(name: str) -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for true.
    found: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text())
    return {("on" if key is True else str(key)): value for key, value in found.items()}


ALL = {path.name: load(path.name) for path in sorted(WORKFLOWS.glob("*.yml"))}
JOBS = [(name, job, body) for name, flow in ALL.items() for job, body in flow["jobs"].items()]
STEPS = [(f"{name}:{job}", step) for name, job, body in JOBS for step in body.get("steps", [])]
RUNS = [(where, step["run"]) for where, step in STEPS if "run" in step]


def recipes() -> set[str]:
    said = subprocess.run([ROOT / "just", "--summary"], capture_output=True, text=True, check=True, timeout=60)
    return set(said.stdout.split())


def test_all_of_the_road_is_there() -> None:
    wanted = {
        "ci",
        "images",
        "machine-images",
        "terraform",
        "deploy-staging",
        "deploy-production",
        "rollback",
        "capacity",
    }
    assert {name.removesuffix(".yml") for name in ALL} == wanted


@pytest.mark.parametrize(("where", "run"), RUNS, ids=[f"{where}-{number}" for number, (where, _) in enumerate(RUNS)])
def test_each_step_is_a_recipe_that_runs_here(where: str, run: str) -> None:
    words = run.split()
    assert run.startswith("./just "), run
    assert not re.search(r"[;&|<>`]|\$\(", run), f"logic: {run}"
    assert "${{" not in run, "what a workflow is told belongs into env: a title could hold a command"
    assert words[1] in recipes()
    # A command after `--` is a recipe as well.
    for part in " ".join(words[1:]).split(" -- "):
        arguments = part.removeprefix("./just ").split()
        check(GROUPS.get(arguments[0]), arguments[1:])


def check(command: click.Command | None, arguments: list[str]) -> None:
    """Follow the words through groups, and look each option up."""
    while isinstance(command, click.Group) and arguments and arguments[0] in command.commands:
        command = command.commands[arguments.pop(0)]
    if command is None:
        return
    known = {option for parameter in command.params for option in parameter.opts}
    for word in arguments:
        if word.startswith("--"):
            assert word in known, f"{command.name} has no {word}"


def test_actions_are_few_and_pinned_by_commit() -> None:
    used = set()
    for name in ALL:
        for line in (WORKFLOWS / name).read_text().splitlines():
            if "uses: ./" in line or not re.search(r"\buses:", line):
                continue
            found = re.fullmatch(r"\s*- uses: ([\w.-]+/[\w.-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
            assert found, line
            used.add((found[1], found[2]))
    assert {action for action, _ in used} == ACTIONS
    assert len(used) == len(ACTIONS), "one action, one version"


@pytest.mark.parametrize("name", ALL)
def test_rights_are_given_to_jobs_and_each_is_explained(name: str) -> None:
    flow = ALL[name]
    assert flow["permissions"] == {}
    assert "concurrency" in flow
    for job, body in flow["jobs"].items():
        assert "permissions" in body, job
        assert "write-all" not in str(body["permissions"])
        if "steps" in body:
            assert body["timeout-minutes"] <= 180, job
    for line in (WORKFLOWS / name).read_text().splitlines():
        if re.search(r": (read|write)\b", line):
            assert " # " in line, line


def test_no_secret_is_stored_and_none_comes_from_a_stranger() -> None:
    for name, flow in ALL.items():
        text = (WORKFLOWS / name).read_text()
        assert "secrets." not in text, name
        # The key of the state is a name; who may use it is AWS's to say.
        named = text.replace("TF_BACKEND_KMS_KEY_ID:", "")
        assert not re.search(r"AWS_SECRET|aws-secret|password|_KEY_ID:", named), name
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(flow["on"]), name
    for where, step in STEPS:
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False, where


def test_who_writes_to_aws_shows_who_it_is_and_nothing_else() -> None:
    for name, job, body in JOBS:
        for step in body.get("steps", []):
            if "configure-aws-credentials" not in step.get("uses", ""):
                continue
            given = set(step["with"]) - {"role-duration-seconds"}
            assert given == {"aws-region", "role-to-assume", "mask-aws-account-id"}, (name, job)
            assert body["permissions"]["id-token"] == "write", (name, job)


def test_roles_are_those_that_terraform_makes() -> None:
    text = (ROOT / "terraform/modules/identity/github.tf").read_text()
    subjects = dict(re.findall(r'"([a-z-]+)"\s*= "repo:\$\{var.github_repository\}:([^"]+)"', text))
    for name, job, body in JOBS:
        for step in body.get("steps", []):
            role = step.get("with", {}).get("role-to-assume", "")
            if not role:
                continue
            found = re.search(r"role/votewave-(.+?)-github-([a-z-]+)$", role)
            assert found, role
            assert found[2] in NAMES["github_roles"]
            subject = subjects[found[2]]
            # GitHub's identity names the environment, if the job has one; else the branch or the pull request.
            if subject.startswith("environment:"):
                wanted = subject.removeprefix("environment:").replace("${var.environment}", found[1])
                assert body["environment"] == wanted, (name, job)
            else:
                assert "environment" not in body, (name, job)
                triggers = set(ALL[name]["on"])
                assert triggers & ({"pull_request"} if subject == "pull_request" else {"push", "schedule"}) or (
                    # Started by hand on another branch, GitHub's identity is that branch's.
                    body.get("if") == "github.ref == 'refs/heads/main'"
                ), name


def test_who_deploys_may_not_change_the_infrastructure() -> None:
    """A job shows its environment: of one name they would open each other's role, and be approved as one."""
    kinds: dict[str, set[str]] = {"deploy": set(), "terraform-apply": set()}
    for _, _, body in JOBS:
        roles = [step.get("with", {}).get("role-to-assume", "") for step in body.get("steps", [])]
        for kind, found in kinds.items():
            if any(role.endswith(f"-github-{kind}") for role in roles):
                found.add(str(body["environment"]))
    assert kinds["terraform-apply"] == {"staging-infrastructure", "production-infrastructure"}
    assert kinds["deploy"] == {"staging", "production", "${{ inputs.environment }}"}
    assert ALL["rollback.yml"]["on"]["workflow_dispatch"]["inputs"]["environment"]["options"] == [
        "production",
        "staging",
    ]


def test_a_deployments_rights_last_as_long_as_it_may_take() -> None:
    """All services, each behind a gate of some ten minutes; AWS's rights and Nomad's token are taken once."""
    deployers = (ROOT / "packer/first_boot/deployers.py").read_text()
    nomad = re.search(r"^TOKEN_HOURS = (\d+)$", deployers, re.MULTILINE)
    assert nomad
    most = re.search(r"max_session_duration = (.+)", (ROOT / "terraform/modules/identity/github.tf").read_text())
    assert most
    for name in ("deploy-staging.yml", "deploy-production.yml"):
        body = ALL[name]["jobs"]["release"]
        seconds = body["timeout-minutes"] * 60
        (taken,) = (step["with"] for step in body["steps"] if "role-to-assume" in step.get("with", {}))
        assert seconds >= 600 * len([*NAMES["services"], *NAMES["without_role"]]), name
        assert taken["role-duration-seconds"] >= seconds, name
        assert int(nomad[1]) * 3600 >= seconds, name
        # More than the role allows, and AWS gives nothing at all.
        assert str(taken["role-duration-seconds"]) in most[1], most[1]


def test_terraform_is_told_the_key_of_the_state() -> None:
    for where, step in STEPS:
        if "pipeline terraform" in step.get("run", ""):
            assert {"TF_BACKEND_BUCKET", "TF_BACKEND_REGION", "TF_BACKEND_KMS_KEY_ID"} <= set(step["env"]), where


def test_production_is_approved_proven_and_never_cut_off() -> None:
    flow = ALL["deploy-production.yml"]
    job = flow["jobs"]["release"]
    assert job["environment"] == "production"
    assert flow["jobs"]["promote"]["needs"] == "proven"
    assert job["needs"] == "promote"
    assert flow["concurrency"] == {"group": "deploy-production", "cancel-in-progress": False}
    assert set(flow["on"]) == {"workflow_dispatch"}
    runs = [step.get("run", "") for step in job["steps"]]
    assert any("image verify" in run for run in runs)
    assert any("./just release --env production" in run for run in runs)
    checkout = job["steps"][0]["with"]
    assert checkout["ref"] == "${{ inputs.commit }}", "the jobspecs of that very commit"


def commands(body: dict[str, Any]) -> list[str]:
    """What a job does, in order: recipes, and the roles that it takes."""
    steps = body.get("steps", [])
    said = [step.get("run", step.get("with", {}).get("role-to-assume", "").rpartition("/")[2]) for step in steps]
    return [" ".join(it.split()) for it in said if it]


def test_images_are_built_once_and_promoted_by_digest() -> None:
    """What production runs are the bytes that passed on staging, not others built from the same commit."""
    pushing = [(name, job) for name, job, body in JOBS if any("image push" in it for it in commands(body))]
    assert pushing == [("images.yml", "image")]
    assert "strategy" not in ALL["images.yml"]["jobs"]["image"], "an account that can't be reached stops staging"
    assert "votewave-staging-github-images" in commands(ALL["images.yml"]["jobs"]["image"])
    assert [it for it in commands(ALL["deploy-production.yml"]["jobs"]["promote"]) if "scan" not in it] == [
        "votewave-staging-github-images",
        './just pipeline image verify --version "$COMMIT" --login',
        "votewave-production-github-images",
        "./just pipeline image promote",
        "./just pipeline image mirror --env production",
    ]
    # Those of others are there before anything is deployed that runs them.
    assert "./just pipeline image mirror --env staging" in commands(ALL["images.yml"]["jobs"]["image"])


def test_machine_images_come_to_production_behind_staging_and_approval() -> None:
    """What is built is a candidate. Staging's machines run on it, under load, before anybody is asked."""
    jobs = ALL["machine-images.yml"]["jobs"]
    for name, body in jobs.items():
        if name.startswith("build-"):
            assert not any(re.search(r"machine-image (accept|refresh|prove)", it) for it in commands(body)), name
            continue
        assert body["environment"] == name
        said = [it for it in commands(body) if "machine-image" in it or "release load" in it]
        accept, refresh, load, prove = said
        assert accept.startswith(f"./just pipeline machine-image accept --env {name}")
        assert refresh == f"./just pipeline machine-image refresh --env {name}"
        assert f"release load --env {name} --what gate" in load
        assert prove == f"./just pipeline machine-image prove --env {name}"
        assert "continue-on-error" not in str(body)
        assert "if" not in body
    assert jobs["staging"]["needs"] == "build-staging"
    assert set(jobs["production"]["needs"]) == {"staging", "build-production"}
    [accepting] = [it for it in jobs["production"]["steps"] if "machine-image accept" in it.get("run", "")]
    assert accepting["run"].endswith('--like "$PROVEN"')
    assert accepting["env"] == {"PROVEN": "${{ needs.staging.outputs.proven }}"}
    assert jobs["staging"]["outputs"] == {"proven": "${{ steps.proven.outputs.proven }}"}
    [proving] = [it for it in jobs["staging"]["steps"] if it.get("id") == "proven"]
    assert proving is jobs["staging"]["steps"][-1], "after the load"
    others = [it for name, _, body in JOBS if name != "machine-images.yml" for it in commands(body)]
    assert not [it for it in others if "machine-image" in it]


@pytest.mark.parametrize("name", ["deploy-staging.yml", "deploy-production.yml"])
def test_who_built_an_image_is_verified_before_it_is_released(name: str) -> None:
    body = ALL[name]["jobs"]["release"]
    said = commands(body)
    verified = next((at for at, it in enumerate(said) if "image verify" in it), len(said))
    released = next(at for at, it in enumerate(said) if "./just release" in it)
    assert verified < released
    assert body["permissions"]["attestations"] == "read"


def test_main_takes_one_road() -> None:
    flow = ALL["images.yml"]
    assert flow["on"] == {"push": {"branches": ["main"]}}
    assert flow["jobs"]["image"]["needs"] == "ci"
    assert flow["jobs"]["staging"]["needs"] == "image"
    assert flow["jobs"]["staging"]["with"]["commit"] == "${{ github.sha }}"


def test_a_commit_has_passed_staging_when_its_release_has_and_not_before() -> None:
    jobs = ALL["deploy-staging.yml"]["jobs"]
    (writer,) = (
        (name, job) for name, job, body in JOBS if body["permissions"].get("statuses") == "write" and "steps" in body
    )
    assert writer == ("deploy-staging.yml", "passed")
    assert jobs["passed"]["needs"] == "release"
    assert "if" not in jobs["passed"]
    commits = {
        step["env"]["COMMIT"] for name in jobs for step in jobs[name]["steps"] if "run" in step and "env" in step
    }
    assert commits == {"${{ inputs.commit }}"}
    assert "--skip-gate" not in (WORKFLOWS / "deploy-staging.yml").read_text()


@pytest.mark.slow
@pytest.mark.needs("actionlint")
def test_actionlint_and_zizmor_find_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert audit.workflows() == f"{len(ALL)} workflows", capfd.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
        ('"$COMMIT"', "${{ inputs.commit }}", "template-injection"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
    ],
)
def test_mistakes_are_found(tmp_path: Path, right: str, wrong: str, finding: str) -> None:
    text = (WORKFLOWS / "deploy-staging.yml").read_text()
    assert right in text
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "deploy.yml").write_text(text.replace(right, wrong))
    zizmor = Path(sys.executable).with_name("zizmor")

    said = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--persona", "pedantic", folder],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert said.returncode != 0
    assert finding in said.stdout


# ---- the commands behind the steps


def test_licences_are_those_that_are_allowed() -> None:
    assert audit.licences()
    for fine in ("MIT", "Apache-2.0 OR GPL-3.0", "MIT AND Apache-2.0", "Mozilla Public License 2.0 (MPL 2.0)"):
        assert audit.allowed(fine), fine
    for wrong in ("GPL-3.0-only", "MIT AND GPL-3.0", "nothing", "AGPL-3.0 AND MIT", ""):
        assert not audit.allowed(wrong), wrong


def test_a_licence_that_is_not_allowed_stops_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(audit.LICENCES, "allowed", ["MIT"])
    with pytest.raises(PipelineError, match=r"says '.*Apache.*'.*of the web client, says 'MPL-2.0'.*Allowed: MIT"):
        audit.licences()


def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "ACTIONS_", "AWS_"))}
    return subprocess.run(
        [sys.executable, "-m", "tools.pipeline", *arguments],
        cwd=ROOT,
        env={**clean, **more},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.needs("actionlint")
@pytest.mark.slow
def test_offline_the_audit_says_what_it_left_out() -> None:
    said = run("audit", "--offline")

    assert said.returncode == 0, said.stdout + said.stderr
    assert "packages   left out: it needs the network" in said.stdout
    for name in ("licences", "workflows", "scripts"):
        assert re.search(rf"^{name} +fine: \d+", said.stdout, re.MULTILINE), said.stdout


class Api:
    """As much of GitHub's API as the commands ask."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.who = "github-actions[bot]"
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(owner.get(self.path))

            def do_POST(self) -> None:
                if found := re.search(r"/statuses/([0-9a-f]{40})$", self.path):
                    owner.statuses.append({"sha": found[1], "creator": {"login": owner.who}, **self._body()})
                    self._answer(owner.statuses[-1])
                    return
                owner.comments.append({"id": len(owner.comments) + 1, **self._body()})
                self._answer(owner.comments[-1])

            def do_PATCH(self) -> None:
                number = int(self.path.rsplit("/", 1)[1])
                owner.comments[number - 1].update(self._body())
                self._answer(owner.comments[number - 1])

            def _body(self) -> dict[str, Any]:
                found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                return found

            def _answer(self, content: Any) -> None:
                self.send_response(200 if self.headers["Authorization"] == "Bearer here" else 401)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.environment = {
            "GITHUB_API_URL": f"http://127.0.0.1:{self._server.server_port}",
            "GITHUB_REPOSITORY": "votewave/votewave",
            "GITHUB_TOKEN": "here",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "17",
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def get(self, path: str) -> Any:
        if "/comments" in path:
            return self.comments
        found = re.search(r"/commits/([0-9a-f]{40})/statuses\?", path)
        assert found, path
        return [status for status in self.statuses if status["sha"] == found[1]]


@pytest.fixture
def api() -> Iterator[Api]:
    place = Api()
    yield place
    place.close()


def test_production_takes_only_what_staging_passed(api: Api) -> None:
    before = run("proven", "--env", "staging", "a" * 40, **api.environment)
    assert before.returncode == 1
    assert "staging has never passed" in before.stderr

    assert run("passed", "--env", "staging", "a" * 40, **api.environment).returncode == 0
    assert api.statuses[0]["target_url"] == "https://github.com/votewave/votewave/actions/runs/17"

    assert run("proven", "--env", "staging", "a" * 40, **api.environment).returncode == 0
    for other in (("staging", "b" * 40), ("production", "a" * 40)):
        assert run("proven", "--env", *other, **api.environment).returncode == 1, other


@pytest.mark.parametrize(
    "changed",
    [
        {"creator": {"login": "mallory"}},
        {"creator": None},
        {"context": "ci"},
        {"state": "failure"},
        {"state": "pending"},
    ],
)
def test_what_says_less_is_no_proof(api: Api, changed: dict[str, Any]) -> None:
    right = {"sha": "a" * 40, "context": "staging-gate", "state": "success", "creator": {"login": api.who}}
    api.statuses.append({**right, **changed})
    assert run("proven", "--env", "staging", "a" * 40, **api.environment).returncode == 1

    api.statuses.append(right)  # a later run passed
    assert run("proven", "--env", "staging", "a" * 40, **api.environment).returncode == 0


def test_without_its_key_the_state_is_not_touched() -> None:
    said = run("terraform", "plan", "--env", "staging", TF_BACKEND_BUCKET="state", TF_BACKEND_REGION="eu-central-1")

    assert said.returncode == 1
    assert "TF_BACKEND_KMS_KEY_ID isn't set" in said.stderr


def test_what_is_no_commit_is_refused(api: Api) -> None:
    assert "is no commit" in run("proven", "--env", "staging", "main", **api.environment).stderr
    assert "GITHUB_TOKEN isn't set" in run("proven", "--env", "staging", "a" * 40).stderr


def test_a_plan_is_one_comment_written_anew(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.pipeline import terraform  # noqa: PLC0415

    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    for name, value in {**api.environment, "GITHUB_EVENT_PATH": str(event)}.items():
        monkeypatch.setenv(name, value)

    terraform.comment_plan("staging", "one")
    terraform.comment_plan("production", "x" * 70_000)
    terraform.comment_plan("staging", "two")

    assert len(api.comments) == 2
    assert "two" in api.comments[0]["body"]
    assert "one" not in api.comments[0]["body"]
    assert len(api.comments[1]["body"]) < 65_536
    assert "characters more" in api.comments[1]["body"]


def test_on_a_laptop_a_workflows_command_says_what_it_lacks() -> None:
    for arguments in (("proven", "--env", "staging", "a" * 40), ("image", "verify", "--version", "a" * 40)):
        said = run(*arguments, AWS_DEFAULT_REGION="eu-central-1", AWS_EC2_METADATA_DISABLED="true")
        assert said.returncode == 1
        assert re.search(r"GITHUB_TOKEN isn't set|AWS: Unable to locate credentials", said.stderr), said.stderr
        assert "Traceback" not in said.stderr
