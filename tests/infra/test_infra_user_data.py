"""Machines understand what Terraform tells them at their first boot.

cloud-init itself is asked, as the machines' release of Debian has it, and in a Debian of its own: where it is installed
it sets the machine up anew at the next boot.
"""

from collections.abc import Iterator

import pytest
from packer_root import Root, unpacked, with_package
from tools.infra.plan import Plan

pytestmark = [pytest.mark.needs("root", "mounts", "debootstrap"), pytest.mark.slow]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    with unpacked(with_package("cloud-init"), tmp_path_factory.mktemp("root") / "debian") as root:
        yield root


def test_cloud_init_takes_what_machines_are_told(machine: Root, plan: Plan) -> None:
    for role, text in plan.outputs["user_data"].items():
        (machine.folder / "root" / role).write_text(text)
        done = machine.run("cloud-init", "schema", "--config-file", f"/root/{role}")
        assert done.returncode == 0, done.stdout + done.stderr


def test_cloud_init_refuses_what_it_does_not_know(machine: Root) -> None:
    (machine.folder / "root" / "wrong").write_text("#cloud-config\nwrite_files: nothing\n")
    assert machine.run("cloud-init", "schema", "--config-file", "/root/wrong").returncode != 0
