"""What a worker is told at its start."""

from pathlib import Path

import pytest

from streams.settings import SettingMissing, worker_settings


def test_without_a_broker_nothing_starts_and_the_message_says_what_to_set() -> None:
    for environment in ({}, {"SHIRASE_BROKER": ""}):
        with pytest.raises(SettingMissing, match="SHIRASE_BROKER"):
            worker_settings(environment, data_dir=Path("data"), instance="0")


def test_defaults_are_safe() -> None:
    settings = worker_settings({"SHIRASE_BROKER": "127.0.0.1:9092"}, data_dir=Path("data"), instance="0")
    assert (settings.metrics_host, settings.metrics_port) == ("127.0.0.1", -1)
    assert (settings.pad_to_bytes, settings.site_url) == (1024, "")
    assert settings.push_origins == ()
    assert settings.push_ca == ""
    # A key made up at start would orphan every subscription: these have no default at all.
    assert (settings.vapid_key, settings.seal_key, settings.envelope_secret, settings.vapid_subject) == (
        None,
        None,
        None,
        "",
    )
    assert settings.snapshot is None


def test_every_setting_is_read_from_its_name() -> None:
    environment = {
        "SHIRASE_BROKER": "b:1",
        "SHIRASE_AREAS": "areas.npz",
        "SHIRASE_POLICY": "policy.toml",
        "SHIRASE_METRICS_PORT": "9100",
        "SHIRASE_METRICS_HOST": "::1",
        "SHIRASE_FANOUT_WORKERS": "4",
        "SHIRASE_SNAPSHOT": "snapshot",
        "SHIRASE_VAPID_KEY": "v",
        "SHIRASE_SEAL_KEY": "s",
        "SHIRASE_ENVELOPE_SECRET": "e",
        "SHIRASE_PUSH_CA": "ca.pem",
        "SHIRASE_PUSH_ORIGINS": "https://a.example,,https://b.example",
        "SHIRASE_VAPID_SUBJECT": "mailto:a@example.org",
        "SHIRASE_MAX_IN_FLIGHT": "64",
        "SHIRASE_PAD_TO_BYTES": "2600",
        "SHIRASE_SITE_URL": "https://pages.example/",
    }
    settings = worker_settings(environment, data_dir=Path("data"), instance="3")
    assert (settings.broker, settings.instance, settings.workers, settings.max_in_flight) == ("b:1", "3", 4, 64)
    assert (settings.pad_to_bytes, settings.site_url) == (2600, "https://pages.example/")
    assert settings.push_origins == ("https://a.example", "https://b.example")
    assert (settings.areas, settings.policy, settings.snapshot) == (
        Path("areas.npz"),
        Path("policy.toml"),
        Path("snapshot"),
    )
    assert (settings.metrics_port, settings.metrics_host, settings.push_ca) == (9100, "::1", "ca.pem")


@pytest.mark.parametrize("name", ["SHIRASE_METRICS_PORT", "SHIRASE_FANOUT_WORKERS", "SHIRASE_MAX_IN_FLIGHT"])
def test_a_number_that_is_none_ends_the_start(name: str) -> None:
    with pytest.raises(ValueError):
        worker_settings({"SHIRASE_BROKER": "b:1", name: "many"}, data_dir=Path("data"), instance="0")
