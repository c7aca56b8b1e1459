"""From a corpus to a trained network: the only folder that imports TensorFlow.

Training may import evaluation, generation, corpus and what is below them. `backend` is the one file
that imports TensorFlow and Keras; history, start, preflight, report and the other files that need
neither must stay so, since commands that do not train use them.
"""
