"""What a trained model needs to know of text, and nothing of where a text comes from.

Text may import config, storage and errors; it never imports corpus.
"""
