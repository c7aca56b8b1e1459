"""Several workers in one training: what starts them, and what joins them.

`launcher` and `guard` import no TensorFlow.
"""
