#!/usr/bin/env python3
"""Write text with a small recurrent network, one character at a time.

    python writer.py "All: " --temperature 0.5 --length 300 --seed 1

It needs Python 3.11 and NumPy. The network reads a character, changes its state (its memory),
and gives each character that it knows a score, the logit. The next one is drawn with probabilities
softmax(logits / temperature), and is what the network reads next. The model, made by chargen, and
its weights stand at the end.
"""

import argparse
import base64
import io
import os
import re
import sys
import unicodedata

import numpy as np

BOUNDARY, RARE = "\0", "\ufffd"  # what begins a document, and what stands for rare characters
PARTS = ("kernel", "recurrent_kernel", "bias")  # the weights of a recurrent layer


def sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2


# One step of a layer: from its input and its state to its output, h, and its next state.


def lstm(x, state, kernel, recurrent_kernel, bias):
    h, c = state
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)  # forget some, let some of what is new in
    h = sigmoid(o) * np.tanh(c)
    return h, (h, c)


def gru(x, state, kernel, recurrent_kernel, bias):
    h = state[0]
    z, r, new = np.split(x @ kernel + bias[0], 3)
    h_z, h_r, h_new = np.split(h @ recurrent_kernel + bias[1], 3)
    new = np.tanh(new + sigmoid(r + h_r) * h_new)
    h = new + sigmoid(z + h_z) * (h - new)
    return h, (h,)


def rnn(x, state, kernel, recurrent_kernel, bias):
    h = np.tanh(x @ kernel + state[0] @ recurrent_kernel + bias)
    return h, (h,)


class Network:
    """Embedding, recurrent layers and their state, a dense layer."""

    def __init__(self, label=None):
        self.label = label
        self.forget()

    def forget(self):
        self.states = [(np.zeros(n, np.float32),) * 2 for n in MODEL["units"]]  # h, and c if any

    def read(self, index):
        """Read the character of this number; return the logits of the one after it."""
        if MODEL["vocabulary"][index] == BOUNDARY:
            self.forget()
        x = WEIGHTS["embedding/embeddings"][index]
        if self.label is not None:
            x = x + WEIGHTS["label/embeddings"][self.label]
        for layer, state in enumerate(self.states):
            names = [f"{STEP.__name__}_{layer}/{part}" for part in PARTS]
            x, self.states[layer] = STEP(x, state, *(WEIGHTS[name] for name in names))
        return x @ WEIGHTS["dense/kernel"] + WEIGHTS["dense/bias"]


def prepare(text):
    """Do to a prompt what was done to the text that the network learned from."""
    for pattern, new in MODEL["substitutions"]:
        text = re.sub(pattern, new, text)
    if MODEL["normalize"]:
        text = unicodedata.normalize(MODEL["normalize"], text)
    if MODEL["lowercase"]:
        text = text.lower()
    if MODEL["normalize"]:  # a small letter can come apart into two characters
        text = unicodedata.normalize(MODEL["normalize"], text)
    if MODEL["rare"]:
        text = "".join(c if c in MODEL["vocabulary"] else RARE for c in text)
    if unknown := sorted(set(text) - set(MODEL["vocabulary"])):
        raise ValueError(f"The network never saw {', '.join(map(ascii, unknown))}.")
    return re.sub(f"{BOUNDARY}+", BOUNDARY, text)


def draw(logits, temperature, number):
    """Return what a number from [0, 1) draws; at temperature 0, the likeliest."""
    if temperature == 0:
        return int(logits.argmax())
    logits = logits.astype(np.float64)
    sums = np.add.accumulate(np.exp((logits - logits.max()) / max(temperature, 1e-200)))
    return int((sums > number * sums[-1]).argmax())


def write(prompt="", *, length=500, temperature=0.8, seed=None, label=None):
    """Give the text that continues a prompt, character by character."""
    vocabulary, labels, start = MODEL["vocabulary"], MODEL["labels"], MODEL["start"]
    seed = np.random.SeedSequence(seed).entropy
    if label is None and labels:  # one is drawn, by how much text each had
        odds = np.array(list(labels.values())) / sum(labels.values())
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 1)))
        label = list(labels)[random.choice(len(odds), p=odds)]
    if label is not None and label not in labels:
        raise ValueError(f"The labels are {list(labels)}; received {label!r}.")
    network = Network(None if label is None else list(labels).index(label))
    text = prompt = prepare(prompt)
    if prompt and BOUNDARY in vocabulary:
        text = BOUNDARY + prompt.removeprefix(BOUNDARY)
    # Without a prompt, a text begins after the start character, or with it if it can be seen.
    logits = np.where([character == start for character in vocabulary], 0, -1e4)
    for character in text or (start if start == BOUNDARY or start.isspace() else ""):
        logits = network.read(vocabulary.index(character))
    is_rare = np.array([bool(MODEL["rare"]) and character == RARE for character in vocabulary])
    is_boundary = np.array([character == BOUNDARY for character in vocabulary])
    is_empty = not prompt.rpartition(BOUNDARY)[2].strip()
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    for _ in range(length):
        banned = is_rare | (is_boundary & is_empty)  # no document is empty
        index = draw(np.where(banned, -np.inf, logits), temperature, random.random())
        if is_boundary[index]:
            return  # the document is over
        is_empty = is_empty and vocabulary[index].isspace()
        yield vocabulary[index]
        logits = network.read(index)


def main():
    parser = argparse.ArgumentParser(description="Write text that continues a prompt.")
    option = parser.add_argument
    option("prompt", nargs="?", default="")
    option("--length", type=int, default=500, help="characters at most")
    option("--temperature", type=float, default=0.8, help="high is bold, 0 takes the likeliest")
    option("--seed", type=int, help="the same seed writes the same text")
    option("--label", help="the style to write in, if the model has several")
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    try:
        for character in write(**vars(parser.parse_args())):
            print(character, end="", flush=True)
    except ValueError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the text has had enough
        os._exit(0)


STEP = lstm
MODEL = {}
WEIGHTS = dict(np.load(io.BytesIO(base64.b64decode(""))))

if __name__ == "__main__":
    main()
