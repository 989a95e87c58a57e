"""What the user names is written into where it is no regular file, whatever command writes it."""

import os
import stat

import pytest
from helpers.irregular_files import device, read_pipe

import nmt
from nmt.analysis.gradients import table as gradients_table
from nmt.analysis.plots import plot
from nmt.data.ragged import Ragged
from nmt.evaluation.contrastive.accuracy import AccuracyCount, AccuracyTable
from nmt.evaluation.metrics.metric import Score
from nmt.inference.reranking import RerankingWeights
from nmt.models.language_models.ngrams import arpa
from nmt.models.language_models.ngrams.kneser_ney import KneserNey


def evaluate(path, folder):
    text = folder / "text"
    text.write_text("A small boat sleeps.\n", encoding="utf-8")
    nmt.evaluate(f"source={text}", f"target={text}", f"hypotheses={text}", f"output={path}")


def contrast(path, folder):
    AccuracyTable("run", "nouns", [AccuracyCount("a", "b", 1, 1, 0.5)]).write(path, (), [()])


def gradients(path, folder):
    gradients_table.write(path, [])


def draw(path, folder):
    plot.save(plot.new_figure(1.0, 1.0), path)


def rerank(path, folder):
    RerankingWeights(0.1, 0.5).save(path, Score("BLEU", 1.0, ""), {})


def convert(path, folder):
    tables = KneserNey(2)(Ragged.from_lists([[4, 5], [5, 4]]), 6)
    arpa.write(path, tables, ["<pad>", "<unk>", "<s>", "</s>", "a", "b"])


@pytest.mark.parametrize("write", [evaluate, contrast, gradients, draw, rerank, convert])
def test_pipes_devices_and_links_stay_what_they_are(tmp_path, write):
    pipe, link, file = (tmp_path / name for name in ("pipe.svg", "link.svg", "file.svg"))
    os.mkfifo(pipe)
    assert read_pipe(pipe, lambda: write(pipe, tmp_path))
    assert pipe.is_fifo()
    link.symlink_to(file)
    write(link, tmp_path)
    assert link.is_symlink()
    assert file.stat().st_size
    null = device(tmp_path / "null.svg", 1, 3)
    write(null, tmp_path)
    assert stat.S_ISCHR(null.stat().st_mode)
