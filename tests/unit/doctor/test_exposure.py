"""Production refuses to start with what only a laptop may have."""

from pathlib import Path

import pytest

from agent.api.tokens import build_verifier
from agent.doctor.exposure import check_exposure
from agent.errors import SettingsError
from agent.settings import Settings, load_settings

GOOD = {
    "ENVIRONMENT": "production",
    "API_DOCS": "false",
    "API_JWT_SECRET": "example-secret-of-a-test-0123456789",
    "LIVEKIT_API_SECRET": "example-secret-of-a-test-0123456789",
    "DATABASE_URL": "postgresql://agent:${POSTGRES_PASSWORD}@db:5432/calls",
}


def settings(**changes: str) -> Settings:
    return load_settings(environ={**GOOD, **changes}, env_file=None)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text("X=1\n")
    path.chmod(0o600)
    return path


def test_good_settings_start(env_file: Path) -> None:
    check_exposure(settings(), env_file=env_file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_DOCS", "true"),
        ("API_JWT_SECRET", "short"),
        ("API_JWT_SECRET", "a" * 64),
        ("LIVEKIT_API_SECRET", "secret"),
        ("LIVEKIT_API_SECRET", "devkey"),
        ("OPENAI_API_KEY", "stand-in"),
        ("DATABASE_URL", "postgresql://agent:example-password@db:5432/calls"),
    ],
)
def test_production_names_what_it_refuses_and_a_laptop_does_not_mind(
    env_file: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        check_exposure(settings(**{name: value}), env_file=env_file)
    check_exposure(settings(**{name: value, "ENVIRONMENT": "development"}), env_file=env_file)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_an_env_file_that_others_can_read_is_refused(env_file: Path, mode: int) -> None:
    env_file.chmod(mode)
    with pytest.raises(SettingsError, match=r"chmod 600 \.env"):
        check_exposure(settings(), env_file=env_file)


def test_on_a_laptop_an_env_file_that_others_can_read_is_a_warning(
    env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env_file.chmod(0o644)
    check_exposure(settings(ENVIRONMENT="development"), env_file=env_file)
    assert "chmod 600 .env" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"API_JWT_SECRET": ""}, "API_JWT_SECRET or API_JWKS_URL not set"),
        ({"API_JWKS_URL": "https://issuer.example/keys"}, "both set"),
        ({"API_JWT_SECRET": "", "API_JWKS_URL": "http://issuer.example/keys"}, "must be https"),
        ({"API_JWT_SECRET": "short"}, "API_JWT_SECRET must be 32"),
    ],
)
def test_one_way_to_check_tokens_is_needed_and_a_strong_one(
    changes: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        build_verifier(settings(**changes))
