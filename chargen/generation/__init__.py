"""From a checkpoint to text, with NumPy alone: decoder, sampler, generation."""
