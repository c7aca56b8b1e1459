"""From what is named on the command line to batches of ids; a trained model needs none of it.

Corpus may import text, storage, config and errors.
"""
