"""TensorFlow's own part: the channel that carries gradients between the workers."""

from chargen.errors import ClusterError, RunError
from chargen.training.backend import eager_context, tf
from chargen.training.cluster.members import Members
from chargen.training.replicas import Replicas


def connect(members: Members) -> Replicas:
    """Start TensorFlow's server; return the replicas, to be used once all workers have done this.

    Raises:
        ClusterError: if it cannot be started.
    """
    _leave_faults_to_us()
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(members.addresses)}),
        task_type="worker",
        task_id=members.index,
        num_accelerators={"GPU": gpus()},
        rpc_layer="grpc",
    )
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except RuntimeError as error:
        raise ClusterError(
            f"TensorFlow cannot start its server: {str(error).splitlines()[0]}."
        ) from None
    return Replicas(strategy, workers=len(members.addresses), index=members.index)


def check_unused() -> None:
    """See that TensorFlow can still start its server in this process.

    Raises:
        RunError: if it has computed something before.
    """
    if eager_context()._context_handle is not None:
        raise RunError(
            "TensorFlow has computed something in this process before; start each worker in a "
            "process of its own."
        )


def _leave_faults_to_us() -> None:
    """Do without TensorFlow's coordination service.

    It waits up to an hour for a worker that is gone, in compiled code that lets no other Python
    thread run, so that `Team` could neither say so nor end the process.
    """
    eager_context().configure_coordination_service(service_type="")


def gpus() -> int:
    """Return how many GPUs this process sees."""
    return len(tf.config.list_physical_devices("GPU"))
