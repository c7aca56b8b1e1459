"""A run: the loop around the trainer, and the folder that it can be picked up from."""

import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from chargen.checkpoint import Checkpoint, Origin
from chargen.config import ModelConfig, SamplingConfig, TrainingConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.split import HeldOut
from chargen.corpus.streams import Streams
from chargen.errors import DivergedError, Interrupted
from chargen.generation.decoder import Decoder
from chargen.generation.log_probs import bits
from chargen.generation.session import Session
from chargen.generation.weights import DecoderWeights
from chargen.storage.arrays import Arrays, read_arrays, write_arrays
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from chargen.text.vocabulary import BOUNDARY
from chargen.training.history import Row
from chargen.training.interrupt import Interrupt
from chargen.training.records import Records
from chargen.training.report import Reporter
from chargen.training.run_state import Progress
from chargen.training.schedule import evaluation_interval, learning_rate
from chargen.training.trainer import Trainer
from chargen.training.validation import Validator

_MAX_ROLLBACKS = 3
_MEASURING_SHARE = 0.04  # of the minutes given goes by before the number of steps is fixed
_MEASURING_STEPS = 5  # and at least so many steps, of which the first, which compiles, is left out
_SAVING_SHARE = 0.01  # of the time is left for saves
_SAMPLE = SamplingConfig(temperature=0.7, seed=0)
_SAMPLE_LENGTH = 90


class Run:
    """Training in a folder, from the first step or from where it stopped.

    Args:
        folder: where the files go.
        corpus: what is learned, for the records.
        streams: its training part.
        held_out: its validation part.
        model_config: the network's shape.
        config: how it learns.
        source: where the corpus came from, for whoever resumes.
        reporter: who is told.
        started: when the minutes began to count, by `time.monotonic`.
    """

    def __init__(
        self,
        folder: Path,
        corpus: Corpus,
        streams: Streams,
        held_out: HeldOut,
        model_config: ModelConfig,
        config: TrainingConfig,
        source: Mapping[str, Any],
        reporter: Reporter,
        started: float,
    ) -> None:
        self._started = started
        self.folder, self.corpus, self.source, self.reporter = folder, corpus, source, reporter
        self.model_config, self.config, self.streams = model_config, config, streams
        boundary = corpus.vocabulary.char2idx.get(BOUNDARY)
        self.trainer = Trainer(model_config, config, streams, boundary=boundary)
        self.validator = (
            Validator(model_config, held_out.ids, held_out.labels, boundary=boundary)
            if len(held_out)
            else None
        )
        self._held_out = len(held_out)
        self.records = Records(folder, tensorboard=config.tensorboard)
        self.progress = Progress()
        self._step_seconds: list[float] = []
        self._speed_known = False
        self._saved_at = 0.0

    def restore(self, arrays: Arrays, document: Mapping[str, Any]) -> None:
        """Go back to what `_save` wrote."""
        self.trainer.restore(arrays, self.folder / RESUME_FILE)
        self.progress = Progress.from_json(document["progress"])

    def train(self) -> None:
        """Train to the end.

        Raises:
            Interrupted: if a signal came; everything is saved.
            DivergedError: if the loss broke, and broke again after every retreat.
            StorageError: if a save failed; the one before is whole.
        """
        try:
            with Interrupt() as interrupt:
                if self.config.epochs is not None:
                    self._fix_total(self.config.epochs * self.streams.steps_per_epoch)
                self.records.refresh(self.progress.rows)
                self._save()
                if self.progress.finished:
                    self.reporter.say(f"This run has finished already: {self.progress.finished}.")
                while not self.progress.finished:
                    self._advance()
                    if interrupt.received is not None and not self.progress.finished:
                        self._save()
                        raise Interrupted(
                            f"Stopped at step {self.progress.step:,}, all saved. "
                            f"Go on with: chargen resume {self.folder}",
                            interrupt.received,
                        )
                    if time.monotonic() - self._saved_at >= self.config.save_seconds:
                        self._save()
        finally:
            self.reporter.close()

    def _advance(self) -> None:
        """One step, and whatever is due after it."""
        progress = self.progress
        rate = learning_rate(progress.step, progress.total_steps, self.config)
        began = time.monotonic()
        loss = self.trainer.step(progress.step, rate * progress.rate_factor)
        self._step_seconds.append(time.monotonic() - began)
        if not loss < 3 * math.log(self.model_config.vocab_size):  # so NaN too
            self._rollback(loss)
            return
        progress.step += 1
        progress.loss_sum += loss
        progress.loss_count += 1
        self.reporter.stepped(
            done=progress.step,
            total=progress.total_steps,
            loss=loss,
            characters=self.config.batch_size * self.config.seq_length,
        )
        if not self._speed_known:
            self._measure()
        if progress.total_steps is not None and progress.evaluation_steps is not None:
            at_end = progress.step >= progress.total_steps
            if at_end or progress.step % progress.evaluation_steps == 0:
                self._evaluate(at_end=at_end)

    def _measure(self) -> None:
        """Once enough steps were taken to know the speed, say it, and plan by it."""
        minutes = self.config.minutes
        enough = _MEASURING_SHARE * 60 * (minutes or 1)
        if len(self._step_seconds) < _MEASURING_STEPS or sum(self._step_seconds) < enough:
            return
        self._speed_known = True
        seconds = statistics.median(self._step_seconds[1:])
        if self.progress.total_steps is None and minutes is not None:
            self._plan(60 * minutes, seconds)
            self._save()  # what goes back or goes on from now on must know the plan
        total = self.progress.total_steps or 0
        speed = self.config.batch_size * self.config.seq_length / seconds
        self.reporter.say(
            f"{speed:,.0f} characters per second: {total:,} steps, "
            f"{total / self.streams.steps_per_epoch:.1f} epochs, "
            f"{(total - self.progress.step) * seconds / 60:.1f} minutes of training to go."
        )

    def _plan(self, budget: float, seconds: float) -> None:
        """Fix how many steps of so many seconds fit a budget in seconds."""
        per_evaluation = self.validator.seconds() if self.validator else 0.0
        left = budget * (1 - _SAVING_SHARE) - (time.monotonic() - self._started)
        steps = int(left / seconds)
        interval = evaluation_interval(max(1, steps), self.config, self._held_out)
        steps -= int(math.ceil(max(1, steps) / interval) * per_evaluation / seconds)
        self._fix_total(self.progress.step + max(1, steps))

    def _fix_total(self, steps: int) -> None:
        self.progress.total_steps = steps
        self.progress.evaluation_steps = evaluation_interval(steps, self.config, self._held_out)

    def _evaluate(self, *, at_end: bool) -> None:
        """Measure the held-out loss, keep the weights if they are the best, write the records.

        That the run is finished is written by the same save as its last evaluation, so that no
        kill can come between the two.
        """
        progress = self.progress
        weights = self.trainer.weights()
        held_out = self.validator(list(weights.values())) if self.validator else None
        loss = progress.loss_sum / max(1, progress.loss_count)
        row = Row(
            step=progress.step,
            epoch=progress.step / self.streams.steps_per_epoch,
            learning_rate=learning_rate(progress.step - 1, progress.total_steps, self.config)
            * progress.rate_factor,
            loss=loss,
            carried=held_out.carried if held_out else None,
            windowed=held_out.windowed if held_out else None,
            bits_per_char=bits(held_out.carried if held_out else loss),
        )
        progress.rows.append(row)
        progress.loss_sum, progress.loss_count = 0.0, 0
        judged = row.carried if row.carried is not None else -progress.step  # the last is the best
        best = progress.best_loss is None or judged < progress.best_loss
        if best:
            progress.best_loss, progress.best_step, progress.waited = judged, progress.step, 0
        else:
            progress.waited += 1
        checkpoint = self._checkpoint(row)
        self.reporter.evaluated(row, best=best)
        self.reporter.say(_excerpt(checkpoint, len(progress.rows)))
        if best:
            checkpoint.save(self.folder / MODEL_FILE)
        if at_end:
            progress.finished = "all planned steps are done"
        elif progress.waited >= self.config.patience:
            progress.finished = f"no better held-out loss in {progress.waited} evaluations"
        self.records.write(progress.rows)
        self._save()
        if progress.finished:
            self.reporter.say(
                f"Finished: {progress.finished}; the best is from step {progress.best_step:,}."
            )

    def _rollback(self, loss: float) -> None:
        """The loss broke: go back to the last save and take smaller steps from there."""
        rollbacks, factor = self.progress.rollbacks + 1, self.progress.rate_factor / 2
        if rollbacks > _MAX_ROLLBACKS:
            raise DivergedError(
                f"The loss broke ({loss:.3g}) a fourth time, at step {self.progress.step:,}, with "
                "the learning rate already cut to an eighth; try a lower --learning-rate. "
                f"The best weights so far are in {self.folder}."
            )
        self.restore(*read_arrays(self.folder / RESUME_FILE))
        self.progress.rollbacks, self.progress.rate_factor = rollbacks, factor
        self.reporter.say(
            f"The loss broke ({loss:.3g}): back at step {self.progress.step:,}, "
            f"with the learning rate times {factor:g}."
        )
        self._save()

    def _checkpoint(self, row: Row | None = None) -> Checkpoint:
        """Return the network as it is now."""
        corpus = self.corpus
        origin = Origin(
            corpus=corpus.name,
            characters=corpus.characters,
            documents=corpus.documents,
            sha256=corpus.sha256,
            base=self.source.get("from"),
            step=self.progress.step,
            loss=row.loss if row else None,
            carried=row.carried if row else None,
            windowed=row.windowed if row else None,
            training=self.config.to_json(),
        )
        labels = corpus.labels.characters if corpus.labels is not None else {}
        weights = self.trainer.weights()
        return Checkpoint(self.model_config, corpus.tokenizer, weights, origin, labels)

    def _save(self) -> None:
        """Write what resuming needs and, while nothing better is known, the weights as they are."""
        if self.progress.best_loss is None:
            self._checkpoint().save(self.folder / MODEL_FILE)
        document = {
            "model": self.model_config.to_json(),
            "training": self.config.to_json(),
            "corpus": {**self.source, "sha256": self.corpus.sha256},
            "preparation": self.corpus.preparation.to_json(),
            "progress": self.progress.to_json(),
        }
        write_arrays(self.folder / RESUME_FILE, self.trainer.arrays(), document)
        self._saved_at = time.monotonic()


def _excerpt(checkpoint: Checkpoint, number: int) -> str:
    """Write a few words with the network as it is; of labels, each has its turn."""
    names = list(checkpoint.labels)
    config = replace(_SAMPLE, label=names[number % len(names)] if names else None)
    session = Session(checkpoint, partial(Decoder, DecoderWeights(checkpoint)), config)
    parts: list[str] = []  # documents, which can be short
    while (left := _SAMPLE_LENGTH - sum(map(len, parts)) - len(parts)) > 0:
        parts += session.generate(length=left).split("\n")
    lead = f"    {config.label}: " if names else "    "
    return lead + " / ".join(parts)
