"""A run: the loop around the trainer, and the folder that it can be picked up from."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import RunConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.split import HeldOut
from chargen.corpus.streams import Streams
from chargen.errors import DivergedError, Interrupted
from chargen.generation.log_probs import bits
from chargen.shell import command
from chargen.storage.runs import MODEL_FILE
from chargen.text.vocabulary import BOUNDARY
from chargen.training import provenance
from chargen.training.best import BestWeights
from chargen.training.cluster.team import WAY_OUT, Team
from chargen.training.ending import cool, finish, last_words
from chargen.training.excerpt import write_excerpt
from chargen.training.history import Row
from chargen.training.interrupt import caught_signals
from chargen.training.planner import Planner
from chargen.training.planning import plan_epochs, plan_minutes
from chargen.training.records import Records
from chargen.training.report import Reporter
from chargen.training.run_state import RunState
from chargen.training.saved_run import SavedRun, without_optimizer
from chargen.training.saves import Saves
from chargen.training.source import Source
from chargen.training.trainer import Trainer
from chargen.training.validation import Validator

_MAX_ROLLBACKS = 3
_DIVERGED = 3  # times what a loss may be at most, chance's or the lowest so far, is too much


@dataclass(eq=False)
class Run:
    """Training in a folder, from the first step or from where it stopped."""

    folder: Path  # where the files go
    corpus: Corpus  # what is learned, for the records
    streams: Streams  # its training part
    held_out: HeldOut  # its validation part
    run_config: RunConfig
    source: Source  # where the corpus came from, for whoever resumes
    reporter: Reporter
    started: float  # when the minutes began to count, by `time.monotonic`
    team: Team | None = None  # the other workers, if there are any
    make_trainer: Callable[..., Trainer] | None = None  # what takes part with them

    def __post_init__(self) -> None:
        self._boundary = self.corpus.vocabulary.char2idx.get(BOUNDARY)
        self.validator = None
        if len(self.held_out):
            ids, labels = self.held_out.ids, self.held_out.labels
            model = self.run_config.model
            self.validator = Validator(model, ids, labels, boundary=self._boundary)
        self.best = BestWeights(self.folder, self.validator, len(self.held_out))
        self.build_trainer()
        self.records = Records(self.folder, tensorboard=self.config.tensorboard)
        self.state = RunState(command=provenance.command())
        self._earlier = 0.0  # seconds that the run had taken before this process went on with it
        self.times_regularized = 0  # by this process
        self._saved_at = self.save_seconds = 0.0  # when the last save was, and how long it took
        self.saves = Saves(self.folder)

    def build_trainer(self) -> None:
        """Make what depends on the settings, which can change once the speed is known."""
        self.model_config, self.config = self.run_config.model, self.run_config.training
        given = self.model_config, self.config, self.streams
        self.trainer = (self.make_trainer or Trainer)(*given, boundary=self._boundary)
        self.planner = Planner(
            self.run_config,
            steps_per_epoch=self.streams.steps_per_epoch,
            held_out=len(self.held_out),
            validator=self.validator,
        )

    def snapshot(self) -> SavedRun:
        """Return what resuming needs."""
        sha256, arrays = self.corpus.sha256, self.trainer.arrays()
        return SavedRun(self.run_config, self.source, sha256, self.state, arrays)

    def restore(self, saved: SavedRun) -> None:
        """Put back a snapshot. If the optimizer is another one by now, it begins anew."""
        self.state, arrays = saved.state, saved.arrays
        if saved.config.training.optimizer != self.config.optimizer:
            self.state.optimizer_began = self.state.step
            arrays = without_optimizer(arrays)
        self.trainer.restore(arrays, self.saves.path)

    def go_on(self) -> None:
        """Begin a new schedule at the last weights of a run that has finished."""
        self.state = self.state.going_on()
        minutes, epochs = self.config.minutes, self.config.epochs
        length = f"{minutes:g} minutes" if minutes else f"{epochs:,} epochs"
        self.reporter.say(
            f"Goes on from step {self.state.step:,}, from its last weights, for {length}; the "
            "learning rate rises and falls anew."
        )

    def train(self) -> None:
        """Train to the end.

        Raises:
            Interrupted: if a signal came; everything is saved.
            DivergedError: if the loss diverged, and again after every rollback.
            StorageError: if a save failed; the one before is whole.
        """
        self._earlier = self.state.seconds
        try:
            with caught_signals() as received:
                if self.team is not None:
                    self.team.on_signal(received.append)
                if self.config.epochs is not None and self.state.total_steps is None:
                    plan_epochs(self, self.config.epochs)
                self.save()  # first, as from here on the folder holds this run and no other
                if self.team is not None:
                    self.team.way_out = self._way_out()
                self.saves.begin(self.state)
                self.records.write(self.state.rows, is_new=False)
                while not self.state.finished:
                    self._advance()
                    if received and not self.state.finished:
                        self.save()
                        raise Interrupted(
                            f"Stopped at step {self.state.step:,}, all saved. {self._way_out()}",
                            received[0],
                        )
                    if time.monotonic() - self._saved_at >= self.config.save_seconds:
                        self.save()
                self.saves.end()
        finally:
            self.reporter.close()

    def _advance(self) -> None:
        """Take one step, and do what is due after it."""
        state = self.state
        began = time.monotonic()
        loss = self.trainer.step(
            state.step,
            state.rate(state.step, self.config) * state.rate_factor,
            state.dropout_factor(state.step, self.config),
            state.step - state.optimizer_began,
        )
        seconds = time.monotonic() - began
        # A model that goes on to a text unlike its own begins with losses far above chance's.
        lowest = math.inf if state.lowest_loss is None else state.lowest_loss
        if not loss < _DIVERGED * max(math.log(self.model_config.vocab_size), lowest):  # so NaN too
            self._rollback(loss)
            return
        self.saves.prove()
        state.lowest_loss = min(loss, lowest)
        state.step += 1
        state.loss_sum += loss
        state.loss_count += 1
        self.reporter.stepped(
            done=state.step,
            total=state.total_steps,
            loss=loss,
            characters=self.config.batch_size * self.config.seq_length,
        )
        if self.planner.is_measured_by(seconds):
            plan_minutes(self)
        if state.total_steps is not None:
            at_end = state.step >= state.total_steps
            if at_end or state.step in self.planner.evaluations(state).steps:
                self._evaluate(at_end=at_end)

    def _evaluate(self, *, at_end: bool) -> None:
        """Measure the held-out loss, keep the weights if they are the best, write the records."""
        state = self.state
        read, weights = self.planner.evaluations(state).characters, self.trainer.model.get_weights()
        held_out = None
        if self.validator is not None:
            held_out = self.validator(weights, read)
        loss = state.loss_sum / max(1, state.loss_count)
        judged = held_out.carried if held_out else loss
        if not all(np.isfinite(each).all() for each in (judged, *weights)):
            self._rollback(judged)  # the last update broke the weights, which its loss cannot show
            return
        row = Row(
            step=state.step,
            epoch=state.step / self.streams.steps_per_epoch,
            learning_rate=state.rate(state.step - 1, self.config) * state.rate_factor,
            loss=loss,
            carried=held_out.carried if held_out else None,
            windowed=held_out.windowed if held_out else None,
            bits_per_char=bits(judged),
            seconds=self._seconds(),
            characters=state.step * self.config.batch_size * self.config.seq_length,
        )
        state.rows.append(row)
        state.loss_sum, state.loss_count = 0.0, 0
        best = self.best.is_improved_by(row, state, read)
        checkpoint = self.checkpoint(row)
        self.reporter.evaluated(row, best=best and self.best.is_judged)
        self.reporter.say(write_excerpt(checkpoint, len(state.rows), seed=state.step))
        if best:
            checkpoint.save(self.folder / MODEL_FILE)
        nothing_gained = state.waited >= self.config.patience
        if at_end or (nothing_gained and state.cooling is not None):
            finish(self, read)
        elif nothing_gained:
            cool(self)
        self.records.write(state.rows)
        # With `finished`, so that no kill can come between it and its evaluation.
        self.save(keep=True)
        if state.finished:
            for line in last_words(self):
                self.reporter.say(line)

    def _rollback(self, loss: float) -> None:
        """Return to the last step that is kept, and take smaller steps from there.

        That step depends on no clock, so a run that is interrupted takes the same way. A kept step
        was proven well by the one after it, since a step's loss tells nothing of its own update.
        """
        before = self.state
        if before.rollbacks == _MAX_ROLLBACKS:
            raise DivergedError(
                f"The loss diverged ({loss:.3g}) a fourth time, at step {self.state.step:,}, with "
                "the learning rate already cut to an eighth; try a lower --learning-rate. "
                f"The best weights so far are in {self.folder}."
            )
        self.restore(self.saves.back())
        self.state = self.state.after_rollback(before)
        self.reporter.say(
            f"The loss diverged ({loss:.3g}): back at step {self.state.step:,}, "
            f"with the learning rate times {self.state.rate_factor:g}."
        )
        self.save()

    def _way_out(self) -> str:
        """Return how to go on from the last save."""
        if self.team is not None:
            return WAY_OUT
        return f"Continue with: {command('resume', self.folder)}"

    def _seconds(self) -> float:
        """Return how long the run has taken, from its command on, interruptions left out."""
        return round(self._earlier + time.monotonic() - self.started, 3)

    def checkpoint(self, row: Row | None = None) -> Checkpoint:
        """Return the network as it is now."""
        corpus = self.corpus
        origin = provenance.origin(
            corpus,
            self.config,
            base=self.source.base,
            step=self.state.step,
            command=self.state.command,
            seconds=self._seconds(),
        )
        if row is not None:
            origin = replace(origin, loss=row.loss, carried=row.carried, windowed=row.windowed)
        labels = corpus.labels.characters if corpus.labels is not None else {}
        weights = self.trainer.weights()
        rules = self.run_config.reading.label
        return Checkpoint(self.model_config, corpus.tokenizer, weights, origin, labels, rules)

    def save(self, *, keep: bool = False) -> None:
        """Write what resuming needs and, until the first evaluation, the weights as they are.

        With `keep`, a loss that diverges comes back here, if the next step's is well.
        """
        began = time.monotonic()
        self.state.seconds = self._seconds()
        self.saves.write(self.snapshot(), keep=keep)
        if not self.state.best_step:
            self.checkpoint().save(self.folder / MODEL_FILE)
        self._saved_at = time.monotonic()
        self.save_seconds = self._saved_at - began
