"""What tests of releases share: a Nomad that is a fake, and time that goes by at once."""

import pytest
from fake_nomad import FakeNomad
from tools.release import gate, rollout, steps
from tools.release.steps import Steps


@pytest.fixture
def nomad(monkeypatch: pytest.MonkeyPatch) -> FakeNomad:
    """Nomad, which nobody waits for in vain for long."""
    monkeypatch.setattr(steps, "_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(gate, "_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(rollout, "_RESTORE_SECONDS", 2.0)
    return FakeNomad()


@pytest.fixture
def taken() -> Steps:
    """The steps that are taken."""
    return Steps(lambda _: None)
