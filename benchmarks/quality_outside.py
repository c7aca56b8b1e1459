"""What `quality.py` runs in a checkout of nanoGPT or makemore: the loss of a network saved there.

    python quality_outside.py nanogpt CKPT.PT TEST.BIN
    python quality_outside.py makemore MODEL.PT TEST.TXT READ.TXT

The checkout is the current folder; its own model.py or makemore.py computes. Prints a JSON object:
how many characters were predicted, and the losses in nats per character.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

BATCH = 128  # windows, or names, that are read side by side


def nanogpt(checkpoint: str, test: str) -> dict[str, float]:
    """Read the text in windows of the block size.

    "windowed": one after the other, all positions counted. "carried" is as near to it as a network
    without a state comes: windows half of which the one before has read; that half is not counted
    again, so each character is predicted from at least half a block before it. In both, the last
    window ends where the text does.
    """
    from model import GPT, GPTConfig

    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = GPT(GPTConfig(**saved["model_args"]))
    model.load_state_dict(saved["model"])
    model.eval()
    block = saved["model_args"]["block_size"]
    ids = np.fromfile(test, np.uint16).astype(np.int64)

    def loss(stride: int) -> float:
        starts = np.unique(np.append(np.arange(0, len(ids) - block, stride), len(ids) - 1 - block))
        new = np.diff(starts + block, prepend=0)  # characters that no window before has counted
        total, counted = 0.0, 0
        for first in range(0, len(starts), BATCH):
            places = starts[first : first + BATCH, None] + np.arange(block)
            targets = torch.from_numpy(ids[places + 1])
            logits, _ = model(torch.from_numpy(ids[places]), targets)
            is_new = np.arange(block) >= block - new[first : first + BATCH, None]
            total += float(_nats(logits, targets)[torch.from_numpy(is_new)].sum())
            counted += int(is_new.sum())
        assert counted == len(ids) - 1
        return total / counted

    return {
        "characters": len(ids) - 1,
        "carried": loss(block // 2),
        "windowed": loss(block),
        "best_step": saved["iter_num"],
    }


def makemore(weights: str, test: str, read: str) -> dict[str, float]:
    """Read each name from its start; its characters and its end count, all the same."""
    from makemore import CharDataset, ModelConfig, Transformer

    words, learned = (Path(each).read_text("utf-8").split("\n") for each in (test, read))
    longest = max(map(len, learned))
    data = CharDataset(words, sorted(set("".join(learned))), longest)
    config = ModelConfig(vocab_size=data.get_vocab_size(), block_size=data.get_output_length())
    model = Transformer(config)
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    model.eval()
    total, counted = 0.0, 0
    for first in range(0, len(words), BATCH):
        pairs = [data[i] for i in range(first, min(first + BATCH, len(words)))]
        inputs, targets = (torch.stack(each) for each in zip(*pairs, strict=True))
        logits, _ = model(inputs)
        counts = targets != -1  # -1 is after the end
        total += float(_nats(logits, targets.clamp(0))[counts].sum())
        counted += int(counts.sum())
    return {"characters": counted, "carried": total / counted}


def _nats(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return -ln p of each target, shape as `targets`."""
    return torch.nn.functional.cross_entropy(logits.movedim(-1, 1), targets, reduction="none")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    with torch.inference_mode():
        measured = {"nanogpt": nanogpt, "makemore": makemore}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(measured))
