"""Small saved language models, and a command called on them."""

import io
import sys

import pytest
import torch

from nmt.config.command_line import configuration, run
from nmt.config.instantiate import plain
from nmt.models.factory import language_network
from nmt.models.saved import language_model


class Input:
    def __init__(self, text):
        self.buffer = io.BytesIO(text.encode())

    def isatty(self):
        return False


def save_language_model(folder, pieces, *overrides):
    """Write a language model of opinions, and give its folder."""
    arguments = ["model.hidden_size=16", "model.embedding_size=16", *overrides]
    node = plain(configuration("train_language_model", arguments, ()).model)
    torch.manual_seed(1)
    network = language_network(node, pieces.size)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(2)
    language_model.save_language_model(folder, dict(network.named_parameters()), node, pieces, {})
    return str(folder)


@pytest.fixture
def say(monkeypatch, capsys):
    def call(name, command, text, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        monkeypatch.setattr(sys, "stdin", Input(text))
        status = run(name, command)
        return status, *capsys.readouterr()

    return call
