#!/usr/bin/env bash
# Makes the figures of docs/why-gates.md from the runs of benchmarks/language_models.py.
# Run it in the project's folder: bash benchmarks/why_gates.sh [FOLDER], by default runs/language.
set -euo pipefail
runs=${1:-runs/language}
export OMP_NUM_THREADS=2
cells="[$runs/starter/elman,$runs/starter/irnn,$runs/starter/gru,$runs/starter/lstm]"

# 1. How far back gradients reach, before and after training.
python -m nmt.gradients "fresh=[elman,irnn,gru,lstm,lstm_bias_0]" "run=$cells" \
  +model/cell@cells.lstm_bias_0=lstm cells.lstm_bias_0.forget_bias=0.0 \
  model.hidden_size=256 model.embedding_size=256 lines=40 joined=3 distance=40 table="$runs/gradients.csv" output="$runs/gradients.png"

# 2 and 3. The gradient's norm before clipping, and the loss, with clipping off, at 1 and at 5.
for clip in inf 1 5; do
  python -m nmt.train_language_model model/cell=irnn clip_norm=$clip updates=150 report_every=1 \
    threads=1 run="$runs/clip_$clip"
done
python -m nmt.plot gradient_norms "run=[$runs/clip_inf,$runs/clip_1,$runs/clip_5]" \
  output="$runs/clipping.png"

# 4. Recall of a word from the beginning of a line.
python -m benchmarks.recall run="$runs/recall"
python -m nmt.plot accuracy input="$runs/recall/accuracy.csv" output="$runs/recall.png"

# 5. Number agreement across nouns of the other number.
python -m nmt.train run="$runs/translation"
python -m nmt.contrast \
  "run=[$runs/starter/5-gram,$runs/starter/elman,$runs/starter/irnn,$runs/starter/gru,$runs/starter/lstm,$runs/translation]" \
  output="$runs/agreement.csv"
python -m nmt.plot accuracy input="$runs/agreement.csv" output="$runs/agreement.png"
