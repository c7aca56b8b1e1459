"""What train and resume refuse before TensorFlow is imported."""

import pytest

import chargen
from chargen.errors import CheckpointError, CorpusError, RunError, SettingError
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from tests.helpers import save_run


@pytest.fixture
def corpus_file(workdir):
    path = workdir / "corpus.txt"
    path.write_text("To be, or not to be.\n" * 200)
    return path


@pytest.mark.usefixtures("no_training")
class TestTrainRefuses:
    @pytest.mark.parametrize("name", ["bananas", "vocab_size", "temperature"])
    def test_an_unknown_setting(self, corpus_file, name):
        with pytest.raises(SettingError, match=f"no setting '{name}'; there are .*units"):
            chargen.train(corpus_file, **{name: 3})

    def test_a_bad_setting_before_a_bad_corpus(self):
        with pytest.raises(SettingError, match="units must be"):
            chargen.train("nowhere.txt", units=(0,))

    def test_weight_dropout_where_no_lstm_is(self):
        with pytest.raises(SettingError, match="for lstm layers; these are gru"):
            chargen.train("nowhere.txt", cell="gru", weight_dropout=0.5)

    def test_a_corpus_shorter_than_a_batch(self):
        with pytest.raises(CorpusError, match="give more text, or a smaller --batch-size"):
            chargen.train(chargen.Corpus("ab" * 8), name="short/run")

    @pytest.mark.parametrize("file", [MODEL_FILE, RESUME_FILE])
    def test_a_run_that_exists(self, corpus_file, workdir, file):
        folder = workdir / "checkpoints" / "corpus"
        folder.mkdir(parents=True)
        (folder / file).write_bytes(b"mine")
        with pytest.raises(RunError, match=r"already holds a run; .*chargen resume .*--overwrite"):
            chargen.train(corpus_file)
        assert (folder / file).read_bytes() == b"mine"

    def test_a_run_that_exists_before_a_long_text_is_read(self, workdir):
        (workdir / "checkpoints" / "nowhere").mkdir(parents=True)
        (workdir / "checkpoints" / "nowhere" / MODEL_FILE).touch()
        with pytest.raises(RunError, match="already holds a run"):
            chargen.train("nowhere.txt")

    @pytest.mark.parametrize("setting", [{"encoding": "cp1252"}, {"lowercase": True}])
    def test_how_to_read_what_was_read(self, setting):
        with pytest.raises(SettingError, match=f"{next(iter(setting))} is for files"):
            chargen.train(chargen.Corpus("abc" * 999), name="corpus", **setting)

    def test_and_leaves_nothing_behind(self, corpus_file, workdir):
        with pytest.raises(CorpusError):
            chargen.train(corpus_file, batch_size=10_000)
        assert list(workdir.iterdir()) == [corpus_file]


@pytest.mark.usefixtures("no_training")
class TestResumeRefuses:
    @pytest.fixture(autouse=True)
    def _run(self, corpus_file, workdir):
        self.path = workdir / "checkpoints" / "run" / RESUME_FILE
        save_run(self.path.parent, corpus_file)

    def test_a_run_that_is_not_there(self):
        with pytest.raises(CheckpointError, match=r"no checkpoint .*nowhere"):
            chargen.resume("nowhere")

    def test_a_damaged_run(self):
        self.path.write_bytes(self.path.read_bytes()[:-1])
        with pytest.raises(CheckpointError, match="not a complete safetensors file"):
            chargen.resume("run")

    def test_another_corpus(self, corpus_file):
        corpus_file.write_text(corpus_file.read_text().replace("not", "nut"))
        with pytest.raises(RunError, match=r"corpus\.txt is not the text .* SHA-256"):
            chargen.resume("run")

    def test_a_corpus_that_is_gone(self, corpus_file):
        corpus_file.unlink()
        with pytest.raises(CorpusError, match="There is no file"):
            chargen.resume("run")

    def test_other_widths(self):
        with pytest.raises(RunError, match=r"started with units \(512,\), and \(8,\)"):
            chargen.resume("run", units=(8,))

    @pytest.mark.parametrize("setting", [{"batch_size": 7}, {"minutes": 3.0}, {"epochs": 1}])
    def test_another_number(self, setting):
        with pytest.raises(RunError, match=f"started with {next(iter(setting))}"):
            chargen.resume("run", **setting)

    def test_an_unknown_setting(self):
        with pytest.raises(SettingError, match="no setting 'bananas'"):
            chargen.resume("run", bananas=3)

    def test_a_model_in_place_of_what_resuming_needs(self, make_checkpoint):
        make_checkpoint().save(self.path)
        with pytest.raises(CheckpointError, match=r"no run that .* can resume: .* --overwrite"):
            chargen.resume("run")
