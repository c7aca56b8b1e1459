"""Who takes part, and which of them this process is: from options, TF_CONFIG or Slurm."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from chargen.config import ClusterConfig
from chargen.errors import ClusterError, SettingError

_LEADING_JOBS = ("chief", "master", "worker")  # of TF_CONFIG, in the order of their numbers
_FIRST_PORT, _PORTS = 20_000, 10_000  # for jobs of Slurm, by their number


@dataclass(frozen=True)
class Members:
    """The workers of a training, and the place of this one among them."""

    addresses: tuple[str, ...]  # host:port of each, in the order of their numbers
    index: int
    wait: float = 300.0  # seconds

    @property
    def leads(self) -> bool:
        """Return whether this worker is the one that the others follow."""
        return self.index == 0

    @property
    def address(self) -> tuple[str, int]:
        """The host and port of this worker."""
        return host_and_port(self.addresses[self.index])

    def name(self, index: int) -> str:
        """Return how messages name a worker."""
        return f"worker {index} ({self.addresses[index]})"


def begin_with(name: str) -> str:
    """Return a worker's name as a sentence begins with it."""
    return f"{name[0].upper()}{name[1:]}"


def host_and_port(address: str) -> tuple[str, int]:
    """Return the two parts of an address; an IPv6 one stands in brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def find_members(config: ClusterConfig, environment: Mapping[str, str]) -> Members | None:
    """Return the workers that settings or the environment name; None where this is the only one.

    Settings have priority over TF_CONFIG, and that over Slurm.

    Raises:
        SettingError: if they do not go together, or need `trusted_network`.
        ClusterError: if TF_CONFIG is not as TensorFlow describes it.
    """
    if config.workers:
        index = config.worker_index
        if index is None:
            index = _index_of_job(environment, len(config.workers))
        source = ""
    elif "TF_CONFIG" in environment:
        workers, index = _from_tf_config(environment["TF_CONFIG"])
        config = replace(config, workers=workers)
        source = " of TF_CONFIG"
    elif environment.get("SLURM_STEP_NUM_TASKS", "1") != "1":
        workers, index = _from_slurm(environment)
        config = replace(config, workers=workers)
        source = " of Slurm"
    else:
        if config.worker_index is not None:
            message = "worker_index is for one of several workers; give their addresses too."
            raise SettingError(message, setting="worker_index")
        return None
    if len(config.workers) == 1:
        return None
    for each in config.workers:
        if not config.trusted_network and not _is_of_this_machine(each):
            raise SettingError(
                f"workers{source} has {each}, the address of another machine. TensorFlow's "
                "connections have neither encryption nor passwords; if nobody else can reach these "
                "machines, say so with trusted_network (--trusted-network).",
                setting="workers",
            )
    return Members(config.workers, index, config.wait)


def _index_of_job(environment: Mapping[str, str], workers: int) -> int:
    """Return this worker's number as a Kubernetes Indexed Job gives it."""
    text = environment.get("JOB_COMPLETION_INDEX", "")
    if not (text.isascii() and text.isdecimal()):
        if workers == 1:
            return 0
        message = "worker_index is missing: say which of the workers this one is; the first is 0."
        raise SettingError(message, setting="worker_index")
    if int(text) >= workers:
        raise ClusterError(
            f"JOB_COMPLETION_INDEX is {text}, and there are {workers} --workers; the last one is "
            f"{workers - 1}."
        )
    return int(text)


def _from_tf_config(text: str) -> tuple[tuple[str, ...], int]:
    """Return the workers' addresses, and which is this one's.

    The form is that of `tf.distribute.cluster_resolver.TFConfigClusterResolver`.
    """
    try:
        values = json.loads(text)
        jobs, task = values.get("cluster", {}), values.get("task", {})
        if not jobs:
            return ("localhost:1",), 0  # TensorFlow's way to say that there is one worker
        if odd := sorted(set(jobs) - set(_LEADING_JOBS)):
            raise ClusterError(
                f"TF_CONFIG has the job {odd[0]!r}; chargen's workers are all alike: use chief and "
                "worker."
            )
        kind, number = task["type"], int(task["index"])
        before = _LEADING_JOBS[: _LEADING_JOBS.index(kind)]
        index = sum(len(jobs.get(job, ())) for job in before) + number
        addresses = tuple(str(each) for job in _LEADING_JOBS for each in jobs.get(job, ()))
        if not 0 <= number < len(jobs[kind]):
            raise ClusterError(f"TF_CONFIG has no {kind} {number}; the first one is 0.")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ClusterError(
            "TF_CONFIG is not as it should be; an example: "
            '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from None
    return addresses, index


def _from_slurm(environment: Mapping[str, str]) -> tuple[tuple[str, ...], int]:
    """Return the addresses of the tasks of a Slurm step, and which is this one's."""
    # Two jobs that share a machine get other ports. Slurm itself deals out the GPUs.
    try:
        port = _FIRST_PORT + int(environment.get("SLURM_JOB_ID", "0")) % _PORTS
        tasks = int(environment["SLURM_STEP_NUM_TASKS"])
        from chargen.training.backend import tf

        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=port, gpus_per_node=tasks, gpus_per_task=1, auto_set_gpu=False
        )
        addresses = resolver.cluster_spec().as_dict()["worker"]
        # The resolver sorts node10 before node2, Slurm counts node2 first.
        mine = f"{environment['SLURMD_NODENAME']}:{port + int(environment['SLURM_LOCALID'])}"
        return tuple(addresses), addresses.index(mine)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"Slurm's environment does not name the tasks of this step ({error}); start chargen "
            "with srun, or give --workers and --worker-index."
        ) from None


def _is_of_this_machine(address: str) -> bool:
    host = host_and_port(address)[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
