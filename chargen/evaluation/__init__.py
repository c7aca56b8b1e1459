"""What a network thinks of a text: its loss, a score of each character, whose style it is.

And what its units do meanwhile, which of them follow what, and how far back it remembers.

It reads checkpoints with NumPy and may import generation and what is below; never corpus.
"""
