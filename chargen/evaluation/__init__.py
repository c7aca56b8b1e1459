"""What a network thinks of a text: its loss, a score of each character, whose style it is.

It reads checkpoints with NumPy and may import generation and what is below; never corpus.
"""
