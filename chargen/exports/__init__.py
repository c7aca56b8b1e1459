"""A trained model in the formats of other programs: written, checked, and read from Keras.

One file per format. Only those of TensorFlow's own formats import TensorFlow, through
`chargen.training`; none imports `chargen.corpus`.
"""
