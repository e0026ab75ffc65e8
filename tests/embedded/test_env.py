"""The readers of the environment are strict, and name every fault at once."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured

from backoffice.lib.env import EnvReader

KEY = base64.b64encode(b"k" * 32).decode()


def faults_of(read, **values):
    env = EnvReader(values)
    read(env)
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.refuse_if_faulty()
    return str(refusal.value)


@pytest.mark.parametrize(
    ("read", "values", "fault"),
    [
        (lambda env: env.text("A"), {}, "A is required"),
        (lambda env: env.text("A"), {"A": ""}, "A is required"),
        (lambda env: env.boolean("A"), {"A": "maybe"}, "true or false"),
        (lambda env: env.integer("A", least=1, most=9), {"A": "10"}, "from 1 to 9"),
        (lambda env: env.integer("A", least=1, most=9), {"A": "-1"}, "from 1 to 9"),
        (lambda env: env.integer("A", least=1, most=9), {"A": "٣"}, "from 1 to 9"),
        (lambda env: env.choice("A", {"x"}), {"A": "y"}, "one of x"),
        (lambda env: env.time_zone("A"), {"A": "Mars/Base"}, "time zone"),
        (lambda env: env.time_zone("A"), {"A": "../../etc/passwd"}, "time zone"),
        (lambda env: env.secret("A"), {"A": "short"}, "at least 32 characters"),
        (lambda env: env.key("A"), {"A": "not base64!"}, "32 bytes in base64"),
        (lambda env: env.key("A"), {"A": base64.b64encode(b"short").decode()}, "32 bytes in base64"),
        (lambda env: env.keys("A"), {"A": KEY}, "id:base64"),
        (lambda env: env.keys("A"), {"A": f"a:{KEY},a:{KEY}"}, "each once"),
        (lambda env: env.postgres("A"), {"A": "sqlite:///x"}, "postgresql:// URL"),
    ],
)
def test_what_cannot_be_read_is_a_fault(read, values, fault):
    assert fault in faults_of(read, **values)


def test_all_faults_are_named_at_once_and_each_once():
    told = faults_of(lambda env: (env.text("A"), env.key("B"), env.text("A")))
    assert told.count("A is required") == 1
    assert told.count("B is required") == 1


def test_no_fault_shows_the_value():
    assert "hunter2" not in faults_of(lambda env: (env.secret("A"), env.key("B")), A="hunter2", B="hunter2")


def test_the_environment_wins_over_fallbacks_and_both_over_the_default():
    env = EnvReader({"A": "1"}, {"A": "2", "B": "2"})
    assert [env.text(name, "3") for name in "ABC"] == ["1", "2", "3"]


def test_keys_keep_their_order_because_the_first_one_signs():
    env = EnvReader({"A": f"new:{KEY},old:{KEY}"})
    assert list(env.keys("A")) == ["new", "old"]
    assert env.keys("A")["new"] == b"k" * 32


@pytest.mark.parametrize("host", ["/tmp/holdfast-a", "/srv/My Site/.data", "db.example.com"])
def test_a_database_url_may_name_a_socket_folder(host):
    url = f"postgresql://holdfast:p%40ss@{host.replace('/', '%2F').replace(' ', '%20')}:5433/site?sslmode=require"
    config = EnvReader({"A": url}).postgres("A")
    assert config["HOST"] == host
    assert (config["PORT"], config["USER"], config["PASSWORD"], config["NAME"]) == (5433, "holdfast", "p@ss", "site")
    assert config["OPTIONS"] == {"sslmode": "require"}
