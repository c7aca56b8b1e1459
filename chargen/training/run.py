"""A run: the loop around the trainer, and the folder that it can be picked up from."""

import math
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import chargen
from chargen.checkpoint import Checkpoint, Origin, weight_shapes
from chargen.config import RunConfig, TrainingConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.split import HeldOut
from chargen.corpus.streams import Streams
from chargen.errors import DivergedError, Interrupted
from chargen.generation.log_probs import bits
from chargen.shell import command
from chargen.storage.atomic import link_atomically, remove
from chargen.storage.runs import MODEL_FILE, RESUME_FILE, ROLLBACK_FILE
from chargen.text.vocabulary import BOUNDARY
from chargen.training import provenance
from chargen.training.excerpt import write_excerpt
from chargen.training.history import Row
from chargen.training.interrupt import caught_signals
from chargen.training.records import Records
from chargen.training.report import Reporter
from chargen.training.run_state import RunState
from chargen.training.saved_run import SavedRun
from chargen.training.schedule import Evaluations, evaluations
from chargen.training.source import Source
from chargen.training.trainer import Trainer
from chargen.training.validation import ValidationLoss, Validator
from chargen.wording import count, time_left

_MAX_ROLLBACKS = 3
_DIVERGED = 3  # times what a loss may be at most, chance's or the lowest so far, is too much
_MEASURING_SHARE = 0.04  # of the minutes given goes by before the number of steps is fixed
_MEASURING_STEPS = 5  # and at least so many steps, of which the first, which compiles, is left out
_SAVING_SHARE = 0.01  # of the time is left for saves
_MIN_JUDGED = 200  # characters held out; by fewer, the better weights look better by chance only
_COOLING_SHARE = 0.5  # of the steps up to the best, is how long the rate falls at the end


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

    def __post_init__(self) -> None:
        self.model_config, self.config = self.run_config.model, self.run_config.training
        boundary = self.corpus.vocabulary.char2idx.get(BOUNDARY)
        self.trainer = Trainer(self.model_config, self.config, self.streams, boundary=boundary)
        self.validator = None
        if len(self.held_out):
            ids, labels = self.held_out.ids, self.held_out.labels
            self.validator = Validator(self.model_config, ids, labels, boundary=boundary)
        self._is_judged = len(self.held_out) >= _MIN_JUDGED
        self.records = Records(self.folder, tensorboard=self.config.tensorboard)
        self.state = RunState(command=provenance.command())
        self._earlier = 0.0  # seconds that the run had taken before this process went on with it
        self._step_seconds: list[float] = []  # of each step until the speed is known
        self._speed_known = False
        self._saved_at = 0.0
        self._is_unproven = False  # whether `kept_step` awaits the step after it

    def restore(self, saved: SavedRun) -> None:
        """Put back what `_save` wrote."""
        self.trainer.restore(saved.arrays, self.folder / RESUME_FILE)
        self.state = saved.state

    @property
    def _evaluations(self) -> Evaluations:
        """Return when to evaluate; the steps must be fixed."""
        return self.state.evaluations(self.config, self.streams.steps_per_epoch, len(self.held_out))

    def go_on(self) -> None:
        """Begin a new schedule at the last weights of a run that has finished."""
        self.state = replace(
            self.state,
            first_step=self.state.step,
            total_steps=None,
            planned_steps=None,
            cooling=None,
            rollbacks=0,
            kept_step=self.state.step,
            waited=0,
            finished="",
        )
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
                if self.config.epochs is not None and self.state.total_steps is None:
                    self._fix_total(self.config.epochs * self.streams.steps_per_epoch)
                self._save()  # first, as from here on the folder holds this run and no other
                if self.state.step == self.state.first_step:
                    link_atomically(self.folder / RESUME_FILE, self.folder / ROLLBACK_FILE)
                else:
                    self._is_unproven = self.state.step == self.state.kept_step
                self.records.write(self.state.rows, is_new=False)
                while not self.state.finished:
                    self._advance()
                    if received and not self.state.finished:
                        self._save()
                        raise Interrupted(
                            f"Stopped at step {self.state.step:,}, all saved. "
                            f"Continue with: {command('resume', self.folder)}",
                            received[0],
                        )
                    if time.monotonic() - self._saved_at >= self.config.save_seconds:
                        self._save()
                remove(self.folder / ROLLBACK_FILE)
        finally:
            self.reporter.close()

    def _advance(self) -> None:
        """Take one step, and do what is due after it."""
        state = self.state
        began = time.monotonic()
        loss = self.trainer.step(
            state.step, state.rate(state.step, self.config) * state.rate_factor
        )
        if not self._speed_known:
            self._step_seconds.append(time.monotonic() - began)
        # A model that goes on to a text unlike its own begins with losses far above chance's.
        lowest = math.inf if state.lowest_loss is None else state.lowest_loss
        if not loss < _DIVERGED * max(math.log(self.model_config.vocab_size), lowest):  # so NaN too
            self._rollback(loss)
            return
        if self._is_unproven:  # the loss was that of the weights before the step, as they are saved
            link_atomically(self.folder / RESUME_FILE, self.folder / ROLLBACK_FILE)
            self._is_unproven = False
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
        if not self._speed_known:
            self._measure()
        if state.total_steps is not None:
            at_end = state.step >= state.total_steps
            if at_end or state.step in self._evaluations.steps:
                self._evaluate(at_end=at_end)

    def _measure(self) -> None:
        """Say the speed and plan by it, once enough steps were taken to know it."""
        minutes = self.config.minutes
        enough = _MEASURING_SHARE * 60 * (minutes or 1)
        if len(self._step_seconds) < _MEASURING_STEPS or sum(self._step_seconds) < enough:
            return
        self._speed_known = True
        seconds = statistics.median(self._step_seconds[1:])
        if self.state.total_steps is None and minutes is not None:
            self._plan(60 * minutes, seconds)
            self._save(keep=True)  # what goes back or goes on from now on must know the plan
        total = self.state.total_steps or 0
        speed = self.config.batch_size * self.config.seq_length / seconds
        self.reporter.say(
            f"{count(speed, 'character')} per second: {count(total, 'step')}, "
            f"{count(total / self.streams.steps_per_epoch, 'epoch')}, "
            f"{time_left((total - self.state.step) * seconds)} of training to go."
        )

    def _plan(self, budget: float, seconds: float) -> None:
        """Fix the number of steps, of so many seconds each, that fit the budget, in seconds."""
        left = budget * (1 - _SAVING_SHARE) - (time.monotonic() - self.started)
        done = self.state.step - self.state.first_step
        steps = done + max(1, int(left / seconds))
        if self.validator is not None:
            each = self.streams.steps_per_epoch
            plan = evaluations(steps, each, self.config, len(self.held_out))
            spent = len(plan.steps) * self.validator.seconds(plan.characters)
            if plan.characters < len(self.held_out):
                spent += self.validator.seconds()
            steps -= int(spent / seconds)
        self._fix_total(max(done + 1, steps))

    def _fix_total(self, steps: int) -> None:
        """Plan for so many steps from the beginning of the schedule; say what is odd about them."""
        self.state.total_steps = self.state.planned_steps = self.state.first_step + steps
        if 0 < len(self.held_out) < _MIN_JUDGED:
            self.reporter.say(
                f"Only {len(self.held_out):,} characters are held out, too few to judge by: the "
                "last weights are kept."
            )
        number, asked = len(self._evaluations.steps), self._evaluations.asked
        if asked > TrainingConfig().max_evaluations and number < asked:
            self.reporter.say(
                f"{asked:,} evaluations would take too much of the time; there are {number:,}."
            )

    def _evaluate(self, *, at_end: bool) -> None:
        """Measure the held-out loss, keep the weights if they are the best, write the records."""
        state = self.state
        read, weights = self._evaluations.characters, self.trainer.model.get_weights()
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
        if self.validator and state.best_loss is not None and state.best_read != read:
            # A run that goes on may read less or more.
            model = Checkpoint.load(self.folder / MODEL_FILE)
            state.best_loss = self._measure_best(self.validator, model, read).carried
            state.best_read = read
        # Where little or nothing is held out, nothing tells which weights are better: the last ones
        # are kept.
        best = not self._is_judged or row.carried is None or state.best_loss is None
        if row.carried is not None and state.best_loss is not None:
            best = best or row.carried < state.best_loss
        if best:
            state.best_loss, state.best_step, state.waited = row.carried, state.step, 0
            state.best_read = read
        else:
            state.waited += 1
        checkpoint = self._checkpoint(row)
        self.reporter.evaluated(row, best=best and self._is_judged)
        self.reporter.say(write_excerpt(checkpoint, len(state.rows), seed=state.step))
        if best:
            checkpoint.save(self.folder / MODEL_FILE)
        nothing_gained = state.waited >= self.config.patience
        if at_end or (nothing_gained and state.cooling is not None):
            self._finish(read)
        elif nothing_gained:
            self._cool()
        self.records.write(state.rows)
        # With `finished`, so that no kill can come between it and its evaluation.
        self._save(keep=True)
        if state.finished:
            kept = f"the best is from step {state.best_step:,}"
            kept = kept if self._is_judged else "the last weights are kept"
            self.reporter.say(f"Finished: {state.finished}; {kept}.")

    def _cool(self) -> None:
        """Go back to the best weights, and lower the rate from now on until the end, which is near.

        A high rate finds no better weights any more, and a falling one often does. This way a run
        that was laid out for more passes than the text is good for ends like a shorter one.
        """
        state = self.state
        left = (state.total_steps or state.step) - state.step
        steps = max(1, min(left, int(_COOLING_SHARE * state.best_step)))
        state.cooling = (state.step, state.rate(state.step, self.config))
        state.total_steps, state.waited = state.step + steps, 0
        self.trainer.load_weights(Checkpoint.load(self.folder / MODEL_FILE).weights)
        self.reporter.say(
            f"No better held-out loss since step {state.best_step:,}: back to its weights, and "
            f"{steps:,} last steps with a falling learning rate."
        )

    def _finish(self, read: int) -> None:
        """Say in the state why the run ends, and measure the best weights on all that is held out.

        `read` is how many characters of it the evaluations read.
        """
        state = self.state
        state.finished = "all planned steps are done"
        if state.cooling is not None and state.planned_steps:
            share = (state.step - state.first_step) / (state.planned_steps - state.first_step)
            minutes = self.config.minutes
            spent = f"{share * minutes:.1f} of {minutes:g} minutes" if minutes else f"{share:.0%}"
            state.finished = f"nothing more is gained, after {spent}"
        if self.validator is not None and read < len(self.held_out):
            best = Checkpoint.load(self.folder / MODEL_FILE)
            losses = self._measure_best(self.validator, best)
            carried, windowed = losses.carried, losses.windowed
            origin = replace(best.origin, carried=carried, windowed=windowed)
            replace(best, origin=origin).save(self.folder / MODEL_FILE)
            self.reporter.say(
                f"The best weights, on all that is held out: {carried:.4f} carried, "
                f"{windowed:.4f} windowed, {bits(carried):.3f} bits/char."
            )

    def _measure_best(
        self, validator: Validator, best: Checkpoint, characters: int | None = None
    ) -> ValidationLoss:
        """Return the loss of the best weights on so many characters held out, or on all."""
        weights = [best.weights[name] for name in weight_shapes(self.model_config)]
        return validator(weights, characters)

    def _rollback(self, loss: float) -> None:
        """Return to the last step that is kept, and take smaller steps from there.

        That step depends on no clock, so a run that is interrupted takes the same way. A kept step
        was proven well by the one after it, since a step's loss tells nothing of its own update.
        """
        before = self.state
        rollbacks, factor = before.rollbacks + 1, before.rate_factor / 2
        if rollbacks > _MAX_ROLLBACKS:
            raise DivergedError(
                f"The loss diverged ({loss:.3g}) a fourth time, at step {self.state.step:,}, with "
                "the learning rate already cut to an eighth; try a lower --learning-rate. "
                f"The best weights so far are in {self.folder}."
            )
        self.restore(SavedRun.load(self.folder / ROLLBACK_FILE))
        self.state = replace(
            self.state,
            rollbacks=rollbacks,
            rate_factor=factor,
            total_steps=self.state.total_steps or before.planned_steps,  # the plan may be younger
            planned_steps=before.planned_steps,
            best_loss=before.best_loss,  # which is that of the model's file
            best_step=before.best_step,
        )
        self._is_unproven = False  # nothing newer is to be kept until the next
        self.reporter.say(
            f"The loss diverged ({loss:.3g}): back at step {self.state.step:,}, "
            f"with the learning rate times {factor:g}."
        )
        self._save()

    def _seconds(self) -> float:
        """Return how long the run has taken, from its command on, interruptions left out."""
        return round(self._earlier + time.monotonic() - self.started, 3)

    def _checkpoint(self, row: Row | None = None) -> Checkpoint:
        """Return the network as it is now."""
        corpus, base = self.corpus, self.source.base
        origin = Origin(
            corpus=corpus.name,
            characters=corpus.characters,
            documents=corpus.documents,
            sha256=corpus.sha256,
            base=base and provenance.without_folders(base),
            step=self.state.step,
            training=self.config.to_json(),
            command=self.state.command,
            date=provenance.now(),
            seconds=self._seconds(),
            machine=provenance.machine(),
            version=chargen.__version__,
            software=provenance.software(),
        )
        if row is not None:
            origin = replace(origin, loss=row.loss, carried=row.carried, windowed=row.windowed)
        labels = corpus.labels.characters if corpus.labels is not None else {}
        weights = self.trainer.weights()
        rules = self.run_config.reading.label
        return Checkpoint(self.model_config, corpus.tokenizer, weights, origin, labels, rules)

    def _save(self, *, keep: bool = False) -> None:
        """Write what resuming needs and, until the first evaluation, the weights as they are.

        With `keep`, a loss that diverges comes back here, if the next step's is well.
        """
        if keep:
            self.state.kept_step, self._is_unproven = self.state.step, True
        self.state.seconds = self._seconds()
        sha256, arrays = self.corpus.sha256, self.trainer.arrays()
        saved = SavedRun(self.run_config, self.source, sha256, self.state, arrays)
        saved.save(self.folder / RESUME_FILE)
        if not self.state.best_step:
            self._checkpoint().save(self.folder / MODEL_FILE)
        self._saved_at = time.monotonic()
