"""The network whose weights are in weights.safetensors, in PyTorch. chargen made both files.

    model, description = load("folder")
    logits, state = model(ids)  # ids: [batch, time]; logits: [batch, time, vocab_size]
    logits, state = model(more_ids, state)

Of a model with labels, give `labels`, [batch], too. Where a document begins (`boundary` in the
description), leave the state out. `python model.py "All: "` writes a text.
"""

import json
import os
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
BOUNDARY, RARE = "\0", "\ufffd"  # what begins a document, and what stands for rare characters


class CharModel(nn.Module):
    """Embedding, recurrent layers, a dense layer."""

    def __init__(self, cell, vocab_size, embedding_dim, units, labels=0, **_):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        if labels:
            self.label = nn.Embedding(labels, embedding_dim)
        sizes = zip([embedding_dim, *units], units)  # of each layer's input and output
        self.layers = nn.ModuleList(CELLS[cell](*size, batch_first=True) for size in sizes)
        self.dense = nn.Linear(units[-1], vocab_size)

    def forward(self, ids, state=None, labels=None):
        """Return logits, [batch, time, vocab_size], and the state after them, a list by layer."""
        x = self.embedding(ids)  # [batch, time, embedding_dim]
        if labels is not None:
            x = x + self.label(labels)[:, None]
        after = []
        for number, layer in enumerate(self.layers):
            x, last = layer(x, None if state is None else state[number])
            after.append(last)
        return self.dense(x), after


def load(folder):
    """Return the model of a folder, and its description: vocabulary, preparation, labels."""
    with safe_open(Path(folder) / "weights.safetensors", framework="pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}
        description = json.loads(file.metadata()["description"])
    model = CharModel(**description["model"]["config"])
    model.load_state_dict(weights)
    return model.eval(), description


@torch.inference_mode()
def write(model, description, prompt="", *, length=500, temperature=0.8, label=0):
    """Give the text that continues a prompt, character by character.

    What `preparation` in the description says must have been done to the prompt.
    """
    facts = description["model"]
    vocabulary, start = facts["vocabulary"], facts["start"]
    has_rare = facts["preparation"]["min_count"] > 1 and RARE in vocabulary
    if has_rare:
        prompt = "".join(c if c in vocabulary else RARE for c in prompt)
    if unknown := sorted(set(prompt) - set(vocabulary)):
        raise ValueError(f"The network never saw {', '.join(map(ascii, unknown))}.")
    document = prompt.rpartition(BOUNDARY)[2]  # what was before it does not count
    text = start
    if prompt:
        text = BOUNDARY + document if BOUNDARY in vocabulary else prompt
    elif start.strip(BOUNDARY).strip():  # it can be seen: the text begins with it, not after it
        yield start
        document, length = start, length - 1
    ids = [vocabulary.index(character) for character in text]
    labels = torch.tensor([label]) if facts.get("labels") else None
    is_rare = torch.tensor([has_rare and character == RARE for character in vocabulary])
    is_boundary = torch.tensor([character == BOUNDARY for character in vocabulary])
    state, is_empty = None, not document.strip()
    for _ in range(length):
        logits, state = model(torch.tensor([ids]), state, labels)
        banned = is_rare | (is_boundary & is_empty)  # no document is empty
        scores = (logits[0, -1] / temperature).masked_fill(banned, -torch.inf)
        ids = torch.multinomial(torch.softmax(scores, -1), 1).tolist()
        if is_boundary[ids[0]]:
            return  # the document is over
        is_empty = is_empty and vocabulary[ids[0]].isspace()
        yield vocabulary[ids[0]]


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    try:
        for character in write(*load(Path(__file__).parent), *sys.argv[1:2]):
            print(character, end="", flush=True)
    except ValueError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the text has had enough
        os._exit(0)


if __name__ == "__main__":
    main()
