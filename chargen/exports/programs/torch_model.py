"""The network whose weights are in weights.safetensors, in PyTorch. chargen made both files.

    model, description = load("folder")
    logits, state = model(ids)  # ids: [batch, time]; logits: [batch, time, vocab_size]
    logits, state = model(more_ids, state)

Of a model with labels, give `labels`, [batch], too. Where a document begins (`boundary` in the
description), leave the state out. `python model.py "All: "` writes a text.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


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
    """Give the text that continues a prompt, character by character."""
    facts = description["model"]
    vocabulary = facts["vocabulary"]
    labels = torch.tensor([label]) if facts.get("labels") else None
    ids = [vocabulary.index(character) for character in prompt or facts["start"]]
    state = None
    for _ in range(length):
        logits, state = model(torch.tensor([ids]), state, labels)
        ids = torch.multinomial(torch.softmax(logits[0, -1] / temperature, -1), 1).tolist()
        if ids[0] == description["boundary"]:
            return
        yield vocabulary[ids[0]]


if __name__ == "__main__":
    for character in write(*load(Path(__file__).parent), *sys.argv[1:2]):
        print(character, end="", flush=True)
