"""From a corpus to a trained network: the only folder that imports TensorFlow."""
