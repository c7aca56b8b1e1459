"""A trained network in Python's hands: `load` one, then generate, stream, look inside."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from chargen.checkpoint import Checkpoint, find_checkpoint
from chargen.config import ModelConfig, SamplingConfig
from chargen.errors import SettingError
from chargen.generation.decoder import Decoder
from chargen.generation.generate import stream
from chargen.generation.sampler import make_sampler
from chargen.generation.state import State
from chargen.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras

    from chargen.training.model import KerasDecoder

Engine = Literal["numpy", "keras"]


class LanguageModel:
    """A trained network, ready to write.

    One object serves one text at a time: its state moves with every call.

    Args:
        checkpoint: the trained network.
        engine: "numpy", or "keras" for the same network rebuilt in Keras, which is far slower.
    """

    def __init__(self, checkpoint: Checkpoint, engine: Engine = "numpy") -> None:
        self.checkpoint = checkpoint
        self._decoder: Decoder | "KerasDecoder"  # noqa: UP037
        if engine == "numpy":
            self._decoder = Decoder(checkpoint)
        elif engine == "keras":
            from chargen.training.model import KerasDecoder

            self._decoder = KerasDecoder(checkpoint)
        else:
            raise SettingError(f"engine must be numpy or keras; received {engine!r}.")

    @property
    def config(self) -> ModelConfig:
        """The network's shape."""
        return self.checkpoint.config

    @property
    def vocabulary(self) -> Vocabulary:
        """The characters it knows."""
        return self.checkpoint.vocabulary

    @property
    def origin(self) -> Mapping[str, Any]:
        """Where it came from: corpus, losses in nats per character, training settings."""
        return self.checkpoint.origin

    @property
    def state(self) -> State:
        """What the network remembers of the text it last read or wrote.

        It has read all but the last character that it drew. To carry on, give that character as
        the next prompt together with this state.
        """
        return self._decoder.state

    def stream(
        self,
        prompt: str = "",
        *,
        length: int = SamplingConfig.length,
        temperature: float = SamplingConfig.temperature,
        seed: int | None = None,
        state: State | None = None,
    ) -> Iterator[str]:
        """The characters that continue a prompt, each as soon as it is drawn.

        Args:
            prompt: what the text starts with; it is read but not given back. An empty one starts
                from a newline, or from the corpus's first character where it had none.
            length: how many characters to write.
            temperature: divides the logits; low is safe, 1 is as the corpus, 0 always takes the
                likeliest.
            seed: of the random numbers; None takes a fresh one.
            state: what to remember before the prompt; None starts from nothing.

        Raises:
            SettingError: if a setting is outside its limits.
            UnknownCharacterError: if the prompt has characters that the model never saw.
            StateError: if the state is of another network.
        """
        sampling = SamplingConfig(length=length, temperature=temperature, seed=seed)
        if state is None:
            self._decoder.reset()
        else:
            self._decoder.state = state
        return stream(
            self._decoder.step,
            self.vocabulary,
            prompt or self.checkpoint.start,
            make_sampler(sampling),
            sampling.length,
        )

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = SamplingConfig.length,
        temperature: float = SamplingConfig.temperature,
        seed: int | None = None,
        state: State | None = None,
    ) -> str:
        """The text that continues a prompt, without it; as `stream`, but whole."""
        return "".join(
            self.stream(prompt, length=length, temperature=temperature, seed=seed, state=state)
        )

    def to_keras(self, batch_size: int = 1) -> "keras.Model":
        """The same network as a stateful Keras model with a fixed batch size.

        It takes ids, [batch_size, any number], and gives logits, [batch_size, number, vocab_size].
        """
        from chargen.training.model import rebuild

        return rebuild(self.checkpoint, batch_size)

    def save(self, path: str | Path) -> None:
        """Write the model to a .safetensors file that `load` reads.

        Raises:
            StorageError: if it cannot be written.
        """
        self.checkpoint.save(path)

    def __repr__(self) -> str:
        config = self.config
        return f"LanguageModel({config.cell} {config.units}, {config.vocab_size} characters)"


def load(path: str | Path | None = None, *, engine: Engine = "numpy") -> LanguageModel:
    """A trained model.

    Args:
        path: a run's folder, a .safetensors file, or the name of a run under checkpoints/. None
            takes the run there that was written last, else the model that comes with chargen.
        engine: what computes; see `LanguageModel`.

    Raises:
        CheckpointError: if there is none, or it is damaged, foreign or too new.
    """
    return LanguageModel(Checkpoint.load(find_checkpoint(path)), engine)
