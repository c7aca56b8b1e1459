"""The peer of serving.py: a network in Keras behind FastAPI, as tutorials show it.

    python benchmarks/serving_peer.py MODEL.safetensors

A character takes one call of `predict` on the rebuilt stateful network, at batch 1, then a draw
from softmax(logits / temperature). A stateful network holds one text's state, so a lock lets the
requests pass one after the other. That is kinder than most tutorials, whose network is not
stateful: they call `predict` on the last 40 to 100 characters for each new one.

The request and the events of the stream are those of `/v1/completions`, as far as the benchmark
needs them. There is no batching, no state of its own for each request, and no error handling.
"""

import json
import os
import sys
from collections.abc import Iterator
from threading import Lock

import numpy as np
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from chargen.language_model import load


class Completion(BaseModel):
    prompt: str
    max_tokens: int
    temperature: float = 0.8


def make_app(path: str) -> FastAPI:
    from chargen.training.model import rebuild

    checkpoint = load(path).checkpoint
    model, vocabulary = rebuild(checkpoint), checkpoint.tokenizer.vocabulary
    app, lock = FastAPI(), Lock()
    generator = np.random.default_rng()

    def write(asked: Completion) -> Iterator[str]:
        with lock:
            for layer in model.layers:
                getattr(layer, "reset_state", lambda: None)()
            for index in vocabulary.encode(asked.prompt):
                logits = model.predict(np.array([[index]]), verbose=0)
            for _ in range(asked.max_tokens):
                scaled = logits[0, -1].astype(np.float64) / asked.temperature
                weights = np.exp(scaled - scaled.max())
                index = generator.choice(len(weights), p=weights / weights.sum())
                choice = {"index": 0, "text": vocabulary.idx2char[index], "finish_reason": None}
                yield f"data: {json.dumps({'choices': [choice]}, separators=(',', ':'))}\n\n"
                logits = model.predict(np.array([[index]]), verbose=0)
        yield "data: [DONE]\n\n"

    @app.post("/v1/completions")
    def completions(asked: Completion) -> StreamingResponse:
        return StreamingResponse(write(asked), media_type="text/event-stream")

    return app


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    config = uvicorn.Config(make_app(sys.argv[1]), port=0, log_level="info", access_log=False)
    uvicorn.Server(config).run()
