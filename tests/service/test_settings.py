"""Settings read from the environment of a process, and the refusal of invalid values."""

import pytest

from service.settings import Settings, SettingsError


def test_empty_environment_gives_the_settings_of_the_original_compose_stack():
    settings = Settings.from_environment({})

    assert Settings() == settings
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.database_url == "mysql+pymysql://root:root@127.0.0.1:3306/grocerydb"
    assert (settings.port, settings.threads, settings.control_token) == (8000, 32, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("REDIS_URL", "redis://h"),
        ("REDIS_URL", "rediss://user:pw@h:6380/3"),
        ("REDIS_URL", "redis+cluster://h:7000"),
        ("REDIS_URL", "redis://[::1]:6379"),
        ("REDIS_URL", "rediss://h?ssl_cert_reqs=none&ssl_check_hostname=false"),
        ("REDIS_URL", "rediss://h?ssl_ca_certs=/etc/hosts"),
        ("DATABASE_URL", "mysql+pymysql://u:p@h/db"),
        ("DATABASE_URL", "mysql+pymysql://u:p@h/db?charset=utf8mb4&ssl_ca=/etc/hosts"),
        ("DATABASE_URL", "sqlite:////tmp/my fruit.db"),
        ("DATABASE_URL", "sqlite:////tmp/x.db"),
        ("DATABASE_URL", "sqlite:///x.db"),
        ("PORT", "1"),
        ("THREADS", "64"),
        ("STORE_POOL_SIZE", "1024"),
        ("REDIS_TIMEOUT_SECONDS", "0.05"),
        ("LOG_LEVEL", "DEBUG"),
        ("CONTROL_TOKEN", "s3cret"),
        ("CONTROL_TOKEN", "!#$%&'*+-./:;=?@^_`|~"),
    ],
)
def test_valid_value_is_accepted(name, text):
    taken = getattr(Settings.from_environment({name: text}), name.lower())

    assert text.lower() == str(taken).lower()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("REDIS_URL", "", "must begin with one of redis://"),
        ("REDIS_URL", "http://h", "got 'http'"),
        ("REDIS_URL", "redis://", "names no host"),
        ("REDIS_URL", "redis://h:99999", "not a number from 1 to 65535"),
        ("REDIS_URL", "redis://h/x", "database number"),
        ("REDIS_URL", "redis://h?foo=1", "unknown option 'foo'; redis:// takes none"),
        ("REDIS_URL", "redis://h?db=x", "unknown option 'db'"),
        ("REDIS_URL", "rediss://h?socket_timeout=30", "rediss:// takes ssl_ca_certs, ssl_certfile"),
        ("REDIS_URL", "rediss://h?ssl_cert_reqs=no", "must be required|optional|none, got 'no'"),
        ("REDIS_URL", "rediss://h?ssl_ca_certs=/no/ca.pem", "not a file: '/no/ca.pem'"),
        ("REDIS_URL", "redis://a..b", "'a..b' is not a valid host name"),
        ("REDIS_URL", f"redis://{'x' * 64}:6379", "is not a valid host name"),
        ("REDIS_URL", "redis://:\udcff@h", "unprintable"),
        ("DATABASE_URL", "mysql+pymysql://a..b/db", "'a..b' is not a valid host name"),
        ("DATABASE_URL", "mysql+pymysql://h/db?read_timeout=x", "unknown option 'read_timeout'"),
        ("DATABASE_URL", "mysql+pymysql://h/db?charset=foo", "must be utf8mb4, got 'foo'"),
        ("DATABASE_URL", "sqlite:////tmp/x.db?timeout=x", "a file takes none"),
        ("DATABASE_URL", "postgres://h/db", "must begin with one of mysql+pymysql://"),
        ("DATABASE_URL", "mysql+pymysql://h", "names no database"),
        ("DATABASE_URL", "mysql+pymysql://h:x/db", "not a number"),
        ("DATABASE_URL", "sqlite://", "names no file"),
        ("DATABASE_URL", "sqlite:///:memory:", "write it like sqlite:////tmp/fruit.db"),
        ("DATABASE_URL", "sqlite:////no/such/folder/x.db", "/no/such/folder"),
        ("DATABASE_URL", f"sqlite:///{'a/' * 5000}x", "does not exist: 'a/a/a"),
        ("DATABASE_URL", "sqlite:////proc/1/root/x/y.db", "does not exist: '/proc/1/root/x'"),
        ("HOST", "", "must not be empty"),
        ("HOST", " ", "must not be empty"),
        ("HOST", "a..b", "'a..b' is not a valid host name"),
        ("PORT", "0", "from 1 to 65535, got '0'"),
        ("PORT", "65536", "got '65536'"),
        ("PORT", "80x", "got '80x'"),
        ("PORT", "٨", "whole number"),
        ("THREADS", "0", "from 1 to 1024"),
        ("STORE_POOL_SIZE", "-1", "from 1 to 1024"),
        ("REDIS_TIMEOUT_SECONDS", "5", "0.001 to 0.1"),
        ("LOG_LEVEL", "loud", "debug, info"),
        ("CONTROL_TOKEN", "", "set but empty"),
        ("CONTROL_TOKEN", "  ", "set but empty"),
        ("CONTROL_TOKEN", " lab ", "a blank"),
        ("CONTROL_TOKEN", "schl\u00fcssel", "beyond ASCII"),
        ("CONTROL_TOKEN", "\udcff", "beyond ASCII"),
        ("CONTROL_TOKEN", "lab\n", "a blank"),
        ("PROMETHEUS_MULTIPROC_DIR", "/no/such", "is not a folder: '/no/such'; unset it"),
        ("TTL_SECONDS", "-3", "got -3"),
        ("PROTECTION", "foo", "got 'foo'"),
    ],
)
def test_invalid_value_is_refused_in_one_line_that_names_it(name, text, reason):
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({name: text})

    message = str(refused.value)
    assert message.startswith(name)
    assert reason in message
    assert "\n" not in message


def test_refusal_does_not_show_the_password():
    for name, text in {
        "REDIS_URL": "redis://:hunter2@h:x",
        "DATABASE_URL": "mysql+pymysql://u:hunter2@h",
    }.items():
        with pytest.raises(SettingsError) as refused:
            Settings.from_environment({name: text})

        assert "hunter2" not in str(refused.value)


def test_repr_of_settings_does_not_show_the_token():
    assert "s3cret" not in repr(Settings(control_token="s3cret"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("REDIS_URL", "redis://:p@ss#w/rd@h:6379/0"),
        ("REDIS_URL", "redis://:p#w@h:6379/0"),
        ("REDIS_URL", "redis://:p/w@h:6379/0"),
        ("REDIS_URL", "redis://:p?w@h:6379/0"),
        ("DATABASE_URL", "mysql+pymysql://u:p@ss@h/db"),
        ("DATABASE_URL", "mysql+pymysql://u:p#ss@h/db"),
    ],
)
def test_password_that_cuts_its_url_is_refused_with_the_way_to_write_it(name, text):
    with pytest.raises(SettingsError, match="must be percent-encoded: write @ as %40") as refused:
        Settings.from_environment({name: text})

    assert "p@ss" not in str(refused.value)
    Settings.from_environment({"REDIS_URL": "redis://:p%40ss%23w%2Frd@h:6379/0"})


def test_near_tier_on_a_cluster_is_refused_at_the_start():
    environment = {"REDIS_URL": "redis+cluster://h:7000", "NEAR_SECONDS": "5"}

    with pytest.raises(SettingsError, match=r"^NEAR_SECONDS must be 0 on a Redis Cluster.*got 5"):
        Settings.from_environment(environment)
    assert Settings.from_environment(environment | {"NEAR_SECONDS": "0"})
