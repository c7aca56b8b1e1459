"""Which workers there are, and which of them this one is: from settings and the environment."""

import json

import pytest

from chargen.config import ClusterConfig
from chargen.errors import ClusterError, SettingError
from chargen.training.cluster.members import find_members, host_and_port

HERE = ("127.0.0.1:2001", "localhost:2002", "[::1]:2003")


def tf_config(cluster, kind="worker", index=0):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def find(environment=None, **settings):
    return find_members(ClusterConfig(**settings), environment or {})


def test_addresses_may_be_one_text_or_several():
    assert ClusterConfig(workers=",".join(HERE)).workers == HERE
    assert ClusterConfig(workers=[HERE[0], ",".join(HERE[1:])]).workers == HERE
    assert [host_and_port(each) for each in HERE] == [
        ("127.0.0.1", 2001),
        ("localhost", 2002),
        ("::1", 2003),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "10.0.0.1:",
        ":2222",
        "a:0",
        "a:65536",
        "a:-1",
        "a b:1",
        "a:x",
        "::1:2222",
        "",
        ",",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(SettingError, match=r"^workers must be .*10\.0\.0\.1:2222.*; received"):
        ClusterConfig(workers=address)


def test_addresses_and_index_must_go_together():
    with pytest.raises(SettingError, match="workers has a:1 twice"):
        ClusterConfig(workers="a:1,b:1,a:1")
    with pytest.raises(SettingError, match="2 is too much for 2 workers; the last one is 1"):
        ClusterConfig(workers="a:1,b:1", worker_index=2)
    with pytest.raises(SettingError, match="worker_index is missing"):
        find(workers=HERE)
    with pytest.raises(SettingError, match="give their addresses too"):
        find(worker_index=0)


def test_one_worker_trains_by_itself():
    assert find() is None
    assert find(workers="10.0.0.1:2222") is None
    assert find(tf_config({"worker": ["10.0.0.1:2222"]})) is None
    assert find({"TF_CONFIG": "{}"}) is None
    assert find({"SLURM_STEP_NUM_TASKS": "1"}) is None


def test_settings_have_priority_over_tf_config():
    members = find(
        tf_config({"worker": ["localhost:1", "localhost:2"]}), workers=HERE, worker_index=1
    )
    assert (members.addresses, members.index, members.leads) == (HERE, 1, False)
    assert members.name(1) == "worker 1 (localhost:2002)"


def test_the_index_may_come_from_kubernetes():
    assert find({"JOB_COMPLETION_INDEX": "2"}, workers=HERE).index == 2
    assert find({"JOB_COMPLETION_INDEX": "2"}, workers=HERE, worker_index=0).leads
    with pytest.raises(ClusterError, match="JOB_COMPLETION_INDEX is 3, and there are 3 --workers"):
        find({"JOB_COMPLETION_INDEX": "3"}, workers=HERE)
    with pytest.raises(SettingError, match="worker_index is missing"):
        find({"JOB_COMPLETION_INDEX": "-1"}, workers=HERE)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "place"),
    [
        ({"worker": list(HERE)}, "worker", 2, 2),
        ({"worker": list(HERE[1:]), "chief": [HERE[0]]}, "chief", 0, 0),
        ({"worker": list(HERE[1:]), "chief": [HERE[0]]}, "worker", 1, 2),
        ({"worker": list(HERE[1:]), "master": [HERE[0]]}, "worker", "0", 1),
    ],
)
def test_tf_config_counts_the_chief_first(cluster, kind, index, place):
    members = find(tf_config(cluster, kind, index))
    assert (members.addresses, members.index) == (HERE, place)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        (tf_config({"worker": ["localhost:1"], "ps": ["localhost:2"]}), "has the job 'ps'"),
        (tf_config({"worker": list(HERE)}, index=3), "has no worker 3"),
        (tf_config({"worker": list(HERE)}, index=-1), "has no worker -1"),
        (tf_config({"worker": list(HERE)}, kind="evaluator"), "not as it should be"),
        (tf_config({"worker": list(HERE)}, kind="chief"), "not as it should be"),
        (tf_config({"worker": 3}), "not as it should be"),
        ({"TF_CONFIG": "worker 0"}, "not as it should be; an example: {"),
        ({"TF_CONFIG": "[]"}, "not as it should be"),
        ({"SLURM_STEP_NUM_TASKS": "many"}, "Slurm's environment does not name the tasks"),
        ({"SLURM_STEP_NUM_TASKS": "2", "SLURM_JOB_ID": "x"}, "Slurm's environment does not"),
    ],
)
def test_an_environment_that_names_no_workers_is_refused(environment, reason):
    with pytest.raises(ClusterError, match=reason):
        find(environment)


@pytest.mark.parametrize("host", ["10.0.0.1", "[fe80::1]", "node1", "127.0.0.1.example.org"])
def test_other_machines_need_a_word_of_trust(host):
    workers = ("localhost:1", f"{host}:2")
    with pytest.raises(SettingError, match=r"neither encryption nor passwords.*--trusted-network"):
        find(workers=workers, worker_index=0)
    with pytest.raises(SettingError, match=r"^workers of TF_CONFIG has .*--trusted-network"):
        find(tf_config({"worker": workers}))
    assert find(workers=workers, worker_index=0, trusted_network=True).leads
    assert find(tf_config({"worker": workers}), trusted_network=True).leads
