"""The page on many runs: its scripts are run as they stand, with tiny networks."""

import os
import shutil
import subprocess
import sys
from functools import partial

import pytest

import chargen
from chargen.cli.resume import resume
from chargen.cli.train import train
from tests.examples import ROOT, blocks

PAGE = ROOT / "docs" / "many-runs.md"
SCRIPTS = [block.body for block in blocks(PAGE, "bash")]
COMMANDS = {"train": train, "resume": resume}
TINY = {"units": 4, "embedding_dim": 4, "batch_size": 4, "seq_length": 16}
TEXT = "the sea is under the town\n" * 60


def bash(script, folder, does, **variables):
    """Run a script in a folder, where `chargen` is a program that does this."""
    program = folder / "bin" / "chargen"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **variables}
    subprocess.run(["bash", "-euc", script], check=True, cwd=folder, env=environment)


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_a_script_starts_the_runs_that_it_says(script, tmp_path):
    if script.startswith("parallel") and not shutil.which("parallel"):
        pytest.skip("GNU parallel is not installed")
    (tmp_path / "checkpoints" / "play-1").mkdir(parents=True)
    (tmp_path / "checkpoints" / "play-1" / "resume.safetensors").touch()
    tasks = "01" if "$SLURM" in script else "-"
    for task in tasks:
        bash(script, tmp_path, 'echo "$@" >> started', SLURM_ARRAY_TASK_ID=task)
    started = [line.split() for line in (tmp_path / "started").read_text().splitlines()]
    names = [words[-1] for words in started]
    assert len(set(names)) == len(names) == {"seq": 10, "par": 6, "for": 4}.get(script[:3], 2)
    for command, *words in started:
        given = COMMANDS[command].make_context(command, words).params
        if command == "train" and "seed" in script.lower():
            assert given["name"].endswith(f"-{given['seed']}")
    assert ("resume" in script) == (started[-1] == ["resume", "play-1"])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs bash")
def test_an_array_of_jobs_trains_a_run_each(invoke, workdir):
    (workdir / "play.txt").write_text(TEXT)
    tiny = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in TINY.items())
    script = SCRIPTS[0].replace("--minutes 10", f"--epochs 1 {tiny}")
    for task in "02":
        does = f'PYTHONPATH={ROOT} exec {sys.executable} -m chargen "$@"'
        bash(script, workdir, does, SLURM_ARRAY_TASK_ID=task)
    lines = invoke("runs", "--sort", "loss").stdout.splitlines()
    assert lines[0].split() == ["name", "written", "steps", "loss", "state", "seed", "text"]
    assert {line.split()[0] for line in lines[1:]} == {"play-0", "play-2"}
    assert {line.split()[-2] for line in lines[1:]} == {"0", "2"}


class Stopping(chargen.Silent):
    """Ends a run at its second evaluation."""

    evaluations = 0

    def evaluated(self, row, *, best):
        self.evaluations += 1
        if self.evaluations == 2:
            raise LookupError


@pytest.mark.slow
def test_a_run_that_a_reporter_ended_can_be_resumed(workdir):
    (workdir / "play.txt").write_text(TEXT)
    silent = chargen.Silent()
    whole = chargen.train("play.txt", name="whole", epochs=2, **TINY, reporter=silent)
    with pytest.raises(LookupError):
        chargen.train("play.txt", name="ended", epochs=2, **TINY, reporter=Stopping())
    assert chargen.load("ended").origin.step < whole.origin.step
    resumed = chargen.resume("ended", reporter=silent)
    for name, weights in whole.checkpoint.weights.items():
        assert (weights == resumed.checkpoint.weights[name]).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Optuna's
def test_optuna_finds_the_lowest_loss(workdir, invoke):
    optuna = pytest.importorskip("optuna")
    (workdir / "play.txt").write_text(TEXT)
    (program,) = (each.body for each in blocks(PAGE, "python") if "optuna" in each.body)
    for before, after in (
        ("epochs=5", "epochs=1, embedding_dim=4, batch_size=4, seq_length=16"),
        ("[128, 256, 512]", "[2, 4]"),
        ("n_trials=20", "n_trials=3"),
    ):
        assert before in program
        program = program.replace(before, after)
    names = {"__name__": "example"}
    exec(program, names)
    study = names["study"]
    losses = [chargen.load(f"sweep/{number}").origin.carried for number in range(3)]
    assert study.best_value == min(losses)
    assert [trial.value for trial in study.trials] == losses
    assert all(trial.intermediate_values for trial in study.trials)
    table = invoke("runs", "sweep").stdout
    assert "learning_rate" in table.splitlines()[0]

    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.1, n_warmup_steps=1))
    study.optimize(partial(pruned, names["Pruner"]), n_trials=1)
    assert [trial.state.name for trial in study.trials] == ["PRUNED"]
    assert chargen.resume("sweep/pruned", reporter=chargen.Silent()).origin.carried < 10


def pruned(pruner, trial):
    reporter = pruner(trial)
    chargen.train("play.txt", name="sweep/pruned", epochs=1, **TINY, reporter=reporter)
    return 0.0
