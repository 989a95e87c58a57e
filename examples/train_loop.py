"""Trains a German-English translation model: text, pieces, batches, network, updates, search.

    python examples/train_loop.py                                                # minutes
    python examples/train_loop.py --epochs 1 --pairs 300 --size 32 --pieces 300  # seconds

All parts are the package's. `python -m nmt.train` does the same from `conf/`, and adds what long
trainings need: corpora that exceed memory, states to resume from, several processes, saved models.
"""

import argparse
import sys
from functools import partial
from typing import Any

import torch
from torch import nn

from nmt.data.batch import Batch
from nmt.data.batching import batches_in_order
from nmt.data.ragged import Ragged
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.data.tokenization.training import UnigramTrainer
from nmt.evaluation.metrics.bleu import BLEU
from nmt.models.attention.general import ScaledGeneralAttention
from nmt.models.bridges.projected import ProjectedBridge
from nmt.models.cells.lstm import LSTM
from nmt.models.decoders.parallel import ParallelDecoder
from nmt.models.embeddings import Embedding, TiedAll
from nmt.models.encoders.bidirectional import BidirectionalEncoder
from nmt.models.readouts.linear import LinearReadout
from nmt.models.stack import RecurrentStack
from nmt.models.translation_model import TranslationModel
from nmt.runtime.package_files import folder
from nmt.search.greedy import Greedy
from nmt.search.scorers.single import SingleModel
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.schedules.warmup_cosine import WarmupCosine

Batches = list[tuple[list[int], Batch]]  # padded tensors, with the numbers of their lines


def read(split: str, most: int) -> list[list[str]]:
    """Return the source and the target lines of a split: line n of one translates line n."""
    paths = (folder("data/starter") / f"{split}.{language}" for language in ("de", "en"))
    return [path.read_text("utf-8").splitlines()[:most] for path in paths]


def batches(texts: list[list[str]], tokenizer: Tokenizer) -> Batches:
    """Encode lines, and put those of about the same length together."""
    source, target = (Ragged.from_lists(tokenizer.encode_lines(lines)) for lines in texts)
    return list(batches_in_order(source, target, budget=1000))


def network(pieces: int, size: int) -> TranslationModel:
    """Build an LSTM encoder and decoder, two layers each, with attention in between."""
    embedding = partial(Embedding, size=size, dropout=0.1, word_dropout=0.0)
    layers: dict[str, Any] = {
        "cell": partial(LSTM, forget_bias=1.0),
        "normalization": nn.LayerNorm,
        "dropout": 0.1,
        "hidden_size": size,
        "residual_from": 3,  # that is, nowhere in two layers
    }
    return TranslationModel(
        TiedAll()(pieces, pieces, embedding, readout_size=size),  # one table for all three
        encoder=partial(BidirectionalEncoder, **layers, layers=2),
        decoder=partial(
            ParallelDecoder,
            stack=partial(RecurrentStack, **layers),
            attention=ScaledGeneralAttention,
            bridge=ProjectedBridge,
            readout=partial(LinearReadout, dropout=0.1),
            layers=2,
        ),
    )


def translate(model: TranslationModel, tokenizer: Tokenizer, data: Batches) -> list[str]:
    """Translate the sources of batches, and return the lines in their order in the text."""
    search, scorer = Greedy(length_factor=2.0, length_extra=10), SingleModel(model.eval())
    lines = {}
    for rows, batch in data:
        for row, hypotheses in zip(rows, search(scorer, batch.source), strict=True):
            lines[row] = tokenizer.decode(hypotheses[0].ids)
    return [lines[row] for row in sorted(lines)]


def train(epochs: int, pairs: int, size: int, pieces: int) -> None:
    """Train a model, and write its loss and BLEU after each pass over the data."""
    torch.manual_seed(1)  # of weights and dropout
    texts, valid = read("train", pairs), read("valid", 200)
    trainer = UnigramTrainer(pieces, 1.0, (), False, "nmt_nfkc", max_lines=100_000, threads=1)
    tokenizer = trainer.train([*texts[0], *texts[1]])
    data, held_out = batches(texts, tokenizer), batches(valid, tokenizer)
    model = network(tokenizer.size, size)
    objective = CrossEntropy(smoothing=0.1, slice_positions=128)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-9)
    schedule = WarmupCosine(peak_rate=4e-3, warmup=100, final_share=0.01)
    update, updates = 0, epochs * len(data)
    for epoch in range(1, epochs + 1):
        nats, count = 0.0, 0
        for index in torch.randperm(len(data)).tolist():
            update, batch = update + 1, data[index][1]
            optimizer.param_groups[0]["lr"] = schedule.rate(update, (update - 1) / updates)
            loss = objective(model.train(), batch, update)
            optimizer.zero_grad()
            (loss.sum / loss.pieces).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            nats, count = nats + float(loss.negative_log_likelihood), count + loss.pieces
        score = BLEU("13a")(outputs := translate(model, tokenizer, held_out), valid[1])
        sys.stdout.write(f"epoch {epoch}  {nats / count:.3f} nats per piece  {score}\n")
    sys.stdout.writelines(f"{line}\n  {outputs[row]}\n" for row, line in enumerate(valid[0][:3]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, default in {"epochs": 4, "pairs": 20_000, "size": 192, "pieces": 4000}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    train(**vars(parser.parse_args()))
