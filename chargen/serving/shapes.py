"""The bodies of responses in OpenAI's shapes, whole and streamed."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chargen.serving.networks import Network
from chargen.serving.pieces import Piece, Token


@dataclass(frozen=True)
class Answer:
    """What all parts of one answer share."""

    network: Network
    notes: tuple[str, ...] = ()  # what was changed in the prompt
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    def body(self, prefix: str, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the body of an answer of this kind."""
        body = {
            "id": f"{prefix}-{self.id}",
            "object": kind,
            "created": self.created,
            "model": self.network.name,
            "system_fingerprint": f"fp_{self.network.fingerprint}",
            "choices": choices,
        }
        return {**body, "notes": list(self.notes)} if self.notes else body


class Shape(Protocol):
    """How one kind of answer is told."""

    def whole(self, answer: Answer, pieces: Sequence[Piece]) -> dict[str, Any]:
        """Return an answer in one body, without usage."""

    def part(self, answer: Answer, pieces: Sequence[Piece]) -> dict[str, Any]:
        """Return an event of a stream that tells some pieces."""


class Completions:
    """Texts, as `/v1/completions` tells them."""

    def whole(self, answer: Answer, pieces: Sequence[Piece]) -> dict[str, Any]:
        return answer.body("cmpl", "text_completion", list(map(self._choice, pieces)))

    part = whole

    def _choice(self, piece: Piece) -> dict[str, Any]:
        choice: dict[str, Any] = {
            "index": piece.index,
            "text": piece.text,
            "finish_reason": piece.finish_reason,
            "logprobs": None if piece.tokens is None else _log_probs(piece.tokens, piece.offset),
        }
        return choice | _endings(piece)


class Chat:
    """Texts, as `/v1/chat/completions` tells them: those of one answer."""

    def __init__(self) -> None:
        self._begun = set[int]()  # texts whose first part was told; it alone tells the role

    def whole(self, answer: Answer, pieces: Sequence[Piece]) -> dict[str, Any]:
        choices = [
            self._choice(each, "message", {"role": "assistant", "content": each.text})
            for each in pieces
        ]
        return answer.body("chatcmpl", "chat.completion", choices)

    def part(self, answer: Answer, pieces: Sequence[Piece]) -> dict[str, Any]:
        choices = []
        for each in pieces:
            role = {} if each.index in self._begun else {"role": "assistant"}
            self._begun.add(each.index)
            choices.append(self._choice(each, "delta", {**role, "content": each.text}))
        return answer.body("chatcmpl", "chat.completion.chunk", choices)

    def _choice(self, piece: Piece, name: str, message: dict[str, Any]) -> dict[str, Any]:
        log_probs = None
        if piece.tokens is not None:
            log_probs = {"content": [_chat_token(token) for token in piece.tokens]}
        choice = {
            "index": piece.index,
            name: message,
            "finish_reason": piece.finish_reason,
            "logprobs": log_probs,
        }
        return choice | _endings(piece)


def _endings(piece: Piece) -> dict[str, Any]:
    """Return what only the end of a text tells."""
    if piece.finish_reason is None:
        return {}
    endings: dict[str, Any] = {"stop_reason": piece.stop_reason}
    return endings if piece.state is None else {**endings, "state": piece.state}


def _log_probs(tokens: Sequence[Token], offset: int) -> dict[str, Any]:
    """Return the log-probabilities of a completion; the drawn character is in each top, too."""
    top: list[dict[str, float] | None] = []
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.text)
        if token.log_prob is None:
            top.append(None)
        else:
            top.append({**dict(token.top), token.text: token.log_prob})
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.log_prob for token in tokens],
        "top_logprobs": top,
        "text_offset": offsets,
    }


def _chat_token(token: Token) -> dict[str, Any]:
    own = {"token": token.text, "logprob": token.log_prob, "bytes": list(token.text.encode())}
    others = [
        {"token": text, "logprob": log_prob, "bytes": list(text.encode())}
        for text, log_prob in token.top
    ]
    return {**own, "top_logprobs": others}


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Return the characters that were read and written; one token is one character."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
