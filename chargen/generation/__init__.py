"""From a checkpoint to text, with NumPy alone: weights, decoder, sampler, batches, sessions.

It may import checkpoint, text and what is below; never corpus and never TensorFlow.
"""
