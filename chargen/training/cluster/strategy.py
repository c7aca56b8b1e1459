"""TensorFlow's own part: the channel that carries gradients between the workers."""

from chargen.errors import ClusterError
from chargen.training.backend import tf
from chargen.training.cluster.members import Members
from chargen.training.replicas import Replicas


def connect(members: Members) -> Replicas:
    """Start TensorFlow's server, and wait until all workers have; return the replicas.

    Raises:
        ClusterError: if TensorFlow has computed something in this process before.
    """
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
            f"TensorFlow cannot start its server ({str(error).splitlines()[0]}); start each worker "
            "in a process of its own, in which TensorFlow has not computed yet."
        ) from None
    return Replicas(strategy, workers=len(members.addresses), index=members.index)


def gpus() -> int:
    """Return how many GPUs this process sees."""
    return len(tf.config.list_physical_devices("GPU"))
