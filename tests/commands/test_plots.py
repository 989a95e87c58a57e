"""Plots: their texts, what they refuse, and that files are complete and reproducible."""

import dataclasses
import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.small_run import save as save_run

from nmt.analysis.plots import accuracy, attention, curves, gradient_norms, lengths
from nmt.analysis.plots.plot import new_figure, save
from nmt.config.command_line import configuration
from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END
from nmt.evaluation.contrastive.accuracy import AccuracyCount, AccuracyTable
from nmt.inspection.model_folder import inspect
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.plot import plot
from nmt.runtime.errors import NmtError
from nmt.search.greedy import Greedy
from nmt.training.loggers.jsonl import JSONLLogger
from nmt.training.loggers.logger import UpdateRecord, ValidationRecord

UPDATES = curves.Horizontal("update", 1.0, "updates")
MINUTES = curves.Horizontal("seconds", 60.0, "minutes")


def texts(figure) -> list[str]:
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text"))]


def example() -> attention.Alignment:
    weights = np.array(
        [[0.9, 0.1, 0, 0, 0], [0.1, 0.5, 0.4, 0, 0], [0, 0, 0.02, 0.98, 0], [0, 0, 0, 0.1, 0.9]],
        dtype=np.float32,
    )
    return attention.Alignment(
        ("▁Zwei", "▁Mä", "nner", ".", "END"), ("▁Two", "▁men", ".", "END"), weights
    )


def update_record(update: int, loss: float) -> UpdateRecord:
    numbers = {
        field.name: 1 if field.type is int else 1.0 for field in dataclasses.fields(UpdateRecord)
    }
    return UpdateRecord(**{**numbers, "update": update, "seconds": update * 0.5, "loss": loss})


def write_run(folder: Path, best: float) -> Path:
    logger = JSONLLogger(str(folder / "metrics.jsonl"))
    logger.resume(0, 0)
    for update in (60, 120, 180):
        logger.log_update(update_record(update, 300 / update))
        values = {"loss": 200 / update, "perplexity": 2.0, "bleu": best * update / 180}
        logger.log_validation(
            ValidationRecord(
                "validation", update, 1, values, values["bleu"], True, update * 0.5, 1.0, []
            )
        )
    logger.close()
    return folder


def report(path: Path, name: str, values: list[float | None]) -> str:
    buckets = [
        {
            "name": bounds,
            "lines": 0 if value is None else 7,
            "scores": [] if value is None else [{"metric": "BLEU", "value": value}],
        }
        for bounds, value in zip(("0-10", "11-20", "21+"), values, strict=True)
    ]
    path.write_text(json.dumps({"systems": [{"name": name, "by_length": buckets}]}))
    return str(path)


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_a_picture_is_saved_by_its_ending_and_always_with_the_same_bytes(tmp_path, name, start):
    contents = []
    for _ in range(2):
        save(attention.draw(example()), tmp_path / name)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0].startswith(start)
    assert contents[0] == contents[1]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_svg_is_xml(tmp_path):
    save(attention.draw(example()), tmp_path / "a.svg")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(NmtError, match=r"a\.jpg: expected a file that ends in \.png or \.svg"):
        save(new_figure(1.0, 1.0), tmp_path / "a.jpg")


def test_a_missing_folder_is_created_and_what_cannot_be_written_is_reported(tmp_path):
    save(new_figure(1.0, 1.0), tmp_path / "new" / "a.png")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
    with pytest.raises(NmtError, match=r"a\.png/b\.png cannot be written: Not a directory|exists"):
        save(new_figure(1.0, 1.0), tmp_path / "new" / "a.png" / "b.png")


def test_attention_shows_all_pieces_and_marks_those_inside_a_word():
    axes = attention.draw(example()).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "Zwei",
        "Mä",
        "·nner",
        ".",
        "END",
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Two", "men", ".", "END"]


def test_each_weight_of_attention_is_in_the_cell_of_its_pieces():
    (image,) = attention.draw(example()).axes[0].get_images()
    assert np.array_equal(image.get_array(), example().weights)
    assert image.get_clim() == (0, 1)


def test_attention_draws_lines_between_words_and_not_inside_them():
    axes = attention.draw(example()).axes[0]
    upright = {line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1}
    assert upright == {0.5, 2.5, 3.5}


def test_curves_name_each_run_and_its_best_score(tmp_path):
    runs = [str(write_run(tmp_path / name, best)) for name, best in (("a", 31.4), ("b", 12.2))]
    figure = curves.CurvesPlot(runs, UPDATES)()
    shown = texts(figure)
    for expected in (*runs, "31.4", "12.2", "updates", "BLEU of the validation set"):
        assert expected in shown


def write_language_run(folder: Path, values: list[float]) -> str:
    logger = JSONLLogger(str(folder / "metrics.jsonl"))
    logger.resume(0, 0)
    for update, value in enumerate(values, start=1):
        numbers = {"loss": 1.0, "perplexity": value}
        logger.log_validation(
            ValidationRecord("validation", update, 1, numbers, -1.0, True, update * 0.5, 1.0, [])
        )
    logger.close()
    return str(folder)


def test_curves_of_language_models_alone_show_perplexities(tmp_path):
    runs = [write_language_run(tmp_path / "a", [90.5, 40.25, 41.0])]
    figure = curves.CurvesPlot(runs, UPDATES)()
    assert list(figure.axes[0].lines[0].get_ydata()) == [90.5, 40.25, 41.0]
    shown = texts(figure)
    assert {"perplexity per piece of the validation set", "40.2", *runs} <= set(shown)
    assert not any("BLEU" in text for text in shown)
    both = [*runs, str(write_run(tmp_path / "b", 30.0))]
    shown = texts(curves.CurvesPlot(both, UPDATES)())
    assert {"BLEU of the validation set", "30.0"} <= set(shown)
    assert not {"perplexity per piece of the validation set", "40.2"} & set(shown)


def test_curves_run_against_the_chosen_axis(tmp_path):
    run = str(write_run(tmp_path, 30.0))
    for horizontal, expected in ((UPDATES, [60, 120, 180]), (MINUTES, [0.5, 1, 1.5])):
        left, right = curves.CurvesPlot(run, horizontal)().axes
        assert list(left.lines[0].get_xdata()) == expected
        assert list(left.lines[0].get_ydata()) == pytest.approx([10, 20, 30])
        assert [list(line.get_ydata()) for line in right.lines] == [
            pytest.approx([300 / 60, 300 / 120, 300 / 180]),
            pytest.approx([200 / 60, 200 / 120, 200 / 180]),
        ]


def test_curves_pass_over_the_line_that_is_being_written_and_values_that_are_not_finite(tmp_path):
    run = write_run(tmp_path, 30.0)
    logger = JSONLLogger(str(run / "metrics.jsonl"))
    logger.log_update(update_record(240, float("nan")))
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "upd')
    right = curves.CurvesPlot(str(run), UPDATES)().axes[1]
    assert list(right.lines[0].get_xdata()) == [60, 120, 180]


def test_curves_of_a_folder_that_is_no_run_are_refused(tmp_path):
    with pytest.raises(NmtError, match=r"metrics\.jsonl cannot be read: No such file"):
        curves.CurvesPlot(str(tmp_path), UPDATES)()


def test_curves_before_the_first_validation_are_refused(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"kind": "update", "update": 1}\n')
    with pytest.raises(NmtError, match="has no validation yet"):
        curves.CurvesPlot(str(tmp_path), UPDATES)()


def test_a_damaged_line_of_metrics_is_named(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"kind": "update", "update": 1}\nnothing\n{}\n')
    with pytest.raises(NmtError, match=r"metrics\.jsonl:2 is not JSON"):
        curves.CurvesPlot(str(tmp_path), UPDATES)()


def test_an_axis_that_records_do_not_have_is_refused(tmp_path):
    run = str(write_run(tmp_path, 30.0))
    with pytest.raises(NmtError, match="have no 'hours', but kind, "):
        curves.CurvesPlot(run, curves.Horizontal("hours", 1.0, "hours"))()


def test_lengths_show_each_system_in_each_bucket_and_say_which_are_empty(tmp_path):
    paths = [
        report(tmp_path / "a.json", "runs/a", [40.0, 33.3, None]),
        report(tmp_path / "b.json", "runs/b", [30.0, 11.1, None]),
    ]
    shown = texts(lengths.LengthsPlot(paths, "BLEU")())
    expected = ["runs/a", "runs/b", "40.0", "33.3", "30.0", "11.1", "0–10\n7 sentences"]
    for text in [*expected, "21+\nno sentence"]:
        assert text in shown


def test_lengths_of_different_test_sets_are_refused(tmp_path):
    paths = [
        report(tmp_path / "a.json", "runs/a", [40.0, 33.3, None]),
        report(tmp_path / "b.json", "runs/b", [40.0, 33.3, 20.0]),
    ]
    with pytest.raises(NmtError, match="runs/b and runs/a were not scored on the same sentences"):
        lengths.LengthsPlot(paths, "BLEU")()


def test_lengths_need_reports(tmp_path):
    with pytest.raises(NmtError, match="input is empty"):
        lengths.LengthsPlot(None, "BLEU")()
    with pytest.raises(NmtError, match=r"none\.json cannot be read"):
        lengths.LengthsPlot(str(tmp_path / "none.json"), "BLEU")()
    path = report(tmp_path / "a.json", "runs/a", [40.0, 33.3, None])
    with pytest.raises(NmtError, match="is not a report with COMET by length"):
        lengths.LengthsPlot(path, "COMET")()
    (tmp_path / "b.json").write_text("[]")
    with pytest.raises(NmtError, match="is not a report"):
        lengths.LengthsPlot(str(tmp_path / "b.json"), "BLEU")()


def write_updates(folder: Path, norms: list[float], clip_norm: float, every: int = 1) -> str:
    """A run of updates whose losses fall by 1 from 9; a norm that is not finite was skipped."""
    logger = JSONLLogger(str(folder / "metrics.jsonl"))
    logger.resume(0, 0)
    skipped = 0
    for number, norm in enumerate(norms, start=1):
        skipped += not math.isfinite(norm)
        numbers = {"gradient_norm": norm, "clipped": float(norm > clip_norm), "skipped": skipped}
        loss = 10.0 - number if math.isfinite(norm) else math.nan
        record = dataclasses.replace(update_record(number * every, loss), **numbers)
        logger.log_update(record)
    (folder / "training").mkdir()
    (folder / "training" / "config.yaml").write_text(f"clip_norm: {clip_norm}\n")
    return str(folder)


def test_gradient_norms_show_what_was_clipped_and_skipped(tmp_path):
    norms = [0.5, 2.0, math.nan, 8.0, 4.0]
    runs = [
        write_updates(tmp_path / "a", norms, 1.0),
        write_updates(tmp_path / "b", norms, 5.0),
        write_updates(tmp_path / "c", norms, math.inf),
    ]
    (tmp_path / "c" / "training" / "config.yaml").unlink()
    shown = texts(gradient_norms.GradientNormsPlot(runs, 2)())
    # Of 4 updates that were made, 3 are longer than 1, 1 is longer than 5.
    assert f"{runs[0]}: clip_norm=1, 75.0 % of updates clipped, 1 skipped" in shown
    assert f"{runs[1]}: clip_norm=5, 25.0 % of updates clipped, 1 skipped" in shown
    assert f"{runs[2]}: 0.0 % of updates clipped, 1 skipped" in shown


def test_gradient_norms_count_each_update_and_draw_where_it_was_clipped(tmp_path):
    run = write_updates(tmp_path / "a", [0.5, 2.0, math.nan, 8.0, 4.0], 1.0)
    left, right = gradient_norms.GradientNormsPlot(run, 3)().axes
    assert left.get_xscale() == "log"
    assert sum(bar.get_height() for bar in left.patches if hasattr(bar, "get_height")) == 4
    assert [list(line.get_xdata()) for line in left.lines if line.get_linestyle() == "--"] == [
        [1.0, 1.0]
    ]
    each, median = right.lines
    assert list(each.get_xdata()) == [1, 2, 3, 4, 5]
    assert np.array_equal(each.get_ydata(), [9, 8, np.nan, 6, 5], equal_nan=True)
    # Made were 1, 2, 4 and 5: of the losses 9 8 6 the median is 8, of 8 6 5 it is 6.
    assert (list(median.get_xdata()), list(median.get_ydata())) == ([2, 4], [8, 6])


def test_gradient_norms_refuse_means_over_several_updates(tmp_path):
    run = write_updates(tmp_path / "a", [0.5, 2.0], 1.0, every=10)
    message = r"the record of update 10 is a mean over several updates; train with report_every=1"
    with pytest.raises(NmtError, match=message):
        gradient_norms.GradientNormsPlot(run, 3)()


def test_gradient_norms_need_updates_that_were_made_and_a_window(tmp_path):
    run = write_updates(tmp_path / "a", [math.nan], 1.0)
    with pytest.raises(NmtError, match=r"metrics\.jsonl has no update with a finite gradient"):
        gradient_norms.GradientNormsPlot(run, 3)()
    with pytest.raises(NmtError, match=r"plot\.window=0: expected 1 update or more"):
        gradient_norms.GradientNormsPlot(run, 0)
    with pytest.raises(NmtError, match=r"metrics\.jsonl cannot be read"):
        gradient_norms.GradientNormsPlot(str(tmp_path / "none"), 3)()


def table(path: Path, system: str, groups: list[str], label: str = "distance") -> str:
    counts = [
        AccuracyCount(system, group, 4, right, 0.5) for right, group in enumerate(groups, start=1)
    ]
    AccuracyTable("run", label, counts).write(path, (), [()] * len(counts))
    return str(path)


def test_accuracy_stands_over_its_groups_in_order_with_intervals_and_chance(tmp_path):
    paths = [
        table(tmp_path / "a.csv", "runs/a", ["0", "2", "8"]),
        table(tmp_path / "b.csv", "runs/b", ["0", "8"]),
    ]
    figure = accuracy.AccuracyPlot(paths)()
    (axes,) = figure.axes
    for expected in ("runs/a", "runs/b", "chance 0.5", "distance", "accuracy", "0", "2", "8"):
        assert expected in texts(figure)
    for bars, positions in zip(axes.containers, ([0, 1, 2], [0, 2]), strict=True):
        line, _, (segments,) = bars.lines
        assert list(line.get_xdata()) == pytest.approx(positions, abs=0.2)
        assert list(line.get_ydata()) == [0.25, 0.5, 0.75][: len(positions)]
        assert line.get_linestyle() == "-"
        low, high = segments.get_segments()[1]
        assert (low[1], high[1]) == pytest.approx(AccuracyCount("a", "2", 4, 2, 0.5).interval())
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "2", "8"]
    (chance,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert list(chance.get_ydata()) == [0.5, 0.5]


def test_groups_that_are_no_numbers_are_not_joined(tmp_path):
    figure = accuracy.AccuracyPlot(table(tmp_path / "a.csv", "runs/a", ["verb", "noun"]))()
    (axes,) = figure.axes
    assert axes.containers[0].lines[0].get_linestyle() == "None"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["verb", "noun"]


def test_accuracy_needs_tables_with_the_same_groups(tmp_path):
    with pytest.raises(NmtError, match=r"input is empty; expected tables of accuracies"):
        accuracy.AccuracyPlot(None)()
    paths = [
        table(tmp_path / "a.csv", "runs/a", ["0"]),
        table(tmp_path / "b.csv", "runs/b", ["0"], "clauses"),
    ]
    with pytest.raises(NmtError, match=r"b\.csv counts by 'clauses' and .*a\.csv by 'distance'"):
        accuracy.AccuracyPlot(paths)()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    return save_run(tmp_path_factory.mktemp("run"))


def request(run: str, sentence: str | None, target: str | None = None, most: int = 100):
    return attention.AttentionPlot(
        inspect(Path(run), ("model",), ()), sentence, target, Greedy(0.5, 0), "cpu", most
    )


def test_attention_draws_the_weights_of_the_model_for_what_the_search_found(run):
    bundle = SavedTranslationModel.load(inspect(Path(run), ("model",), ()), torch.device("cpu"))
    source = bundle.tokenizers.source.encode("Ein Hund läuft.")
    target = attention.translate(bundle, Greedy(0.5, 0), source)
    batch = Batch(torch.tensor([[*source, END]]), torch.tensor([[BEGIN, *target, END]]))
    expected = bundle.model.attention_weights(batch)[0].detach().numpy()
    assert expected.shape == (len(target) + 1, len(source) + 1)
    (image,) = request(run, "Ein Hund läuft.")().axes[0].get_images()
    assert np.allclose(image.get_array(), expected, atol=1e-6)


def test_attention_is_drawn_for_a_given_translation_too(run):
    labels = request(run, "Ein Hund läuft.", "Der Mann")().axes[0].get_yticklabels()
    shown = "".join(label.get_text() for label in labels)
    assert shown.replace("·", "").replace("▁", "") == "DerMannEND"


def test_attention_needs_a_sentence(run):
    for nothing in (None, "", "  "):
        with pytest.raises(NmtError, match="input is empty; expected a sentence: input="):
            request(run, nothing)()


def test_sentences_and_translations_that_no_picture_can_show_are_refused(run):
    with pytest.raises(NmtError, match=r"^input has \d+ pieces; .* plot\.max_pieces=4"):
        request(run, "Ein Hund läuft durch den Schnee.", most=4)()
    with pytest.raises(NmtError, match=r"^the translation has \d+ pieces; .* plot\.max_pieces=4"):
        request(run, "a", "Ein Hund läuft durch den Schnee.", most=4)()


def test_attention_of_a_decoder_without_attention_is_refused(tmp_path):
    with pytest.raises(NmtError, match="AtEveryStepDecoder has no attention"):
        request(save_run(tmp_path / "run", "model=fixed_context"), "a")()


@pytest.mark.slow
def test_the_command_writes_a_figure_and_logs_its_name(run, tmp_path):
    command = [sys.executable, "-m", "nmt.plot", "attention", "input=Ein Hund, läuft er?"]
    done = subprocess.run([*command, f"run={run}"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == "wrote attention.png"
    assert [path.name for path in tmp_path.iterdir()] == ["attention.png"]


def test_the_command_refuses_a_format_before_it_draws(tmp_path):
    overrides = ["run=nowhere", "input=x", f"output={tmp_path}/a.gif"]
    with pytest.raises(NmtError, match=r"a\.gif: expected a file that ends in"):
        plot(configuration("plot", overrides, ("plot",)))


def test_the_command_draws_curves_lengths_accuracy_and_gradient_norms(tmp_path):
    run = write_run(tmp_path / "run", 30.0)
    written = report(tmp_path / "a.json", "runs/a", [40.0, 33.3, None])
    updates = write_updates(tmp_path / "updates", [0.5, 2.0], 1.0)
    numbers = table(tmp_path / "a.csv", "runs/a", ["0", "1"])
    for word, override in (
        ("curves", f"run={run}"),
        ("lengths", f"input=[{written}]"),
        ("gradient_norms", f"run=[{updates}]"),
        ("accuracy", f"input={numbers}"),
    ):
        output = tmp_path / f"{word}.svg"
        plot(configuration("plot", [word, override, f"output={output}"], ("plot",)))
        assert output.read_bytes().startswith(b"<?xml")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        ("['plot', 'curves']", "from nmt.plot import plot, run; run('plot', plot, ('plot',))"),
        (
            "['gradients', 'fresh=[gru]']",
            "from nmt.gradients import gradients, run; run('gradients', gradients)",
        ),
    ],
)
def test_without_matplotlib_the_extra_is_named(arguments, call):
    imports, called = call.split("; ")
    script = (
        f"import sys; sys.modules['matplotlib'] = None; sys.argv = {arguments}\n"
        f"{imports}; sys.exit({called})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    expected = (
        "error: matplotlib is not installed; install it with: pip install 'recurrent-nmt[plot]'\n"
    )
    assert (done.returncode, done.stderr) == (2, expected)
