"""Exported models: graphs that give what the model gives, and an engine that needs no torch."""

import io
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from models import LINES, save
from networks import CELLS, DECODERS, PIECES, network
from test_array_search import same
from test_start import COMMAND, imported

from nmt.array_search.beam import Beam
from nmt.array_search.greedy import Greedy
from nmt.build import instantiate
from nmt.bundle import Bundle
from nmt.command_line import configuration, run
from nmt.export import export
from nmt.scorers.single import Single
from nmt.translate import translate
from nmt.translator import Translator
from nmt.vocabulary import END, PADDING

pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

SOURCES = [[5, 9, 4, 30, 11, 7, END], [8, 6, END], [21, END], [5, 9, 33, END]]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder of a small model with random weights."""
    return save(tmp_path_factory.mktemp("run"), 46)


def exported(saved, folder, *arguments):
    config = configuration("export", [f"run={saved}", f"output={folder}", *arguments], ())
    export(config)
    return folder


@pytest.fixture(scope="module")
def float32(saved, tmp_path_factory):
    return exported(saved, tmp_path_factory.mktemp("exported") / "float32")


def command(monkeypatch, capfd, given, *arguments):
    """Run nmt.translate in this process; give status, output and log."""
    monkeypatch.setattr(sys, "argv", ["nmt.translate", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    handlers, level = logging.root.handlers[:], logging.root.level
    status = run("translate", translate)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    found = capfd.readouterr()
    return status, found.out, found.err
