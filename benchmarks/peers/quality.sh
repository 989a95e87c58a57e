#!/usr/bin/env bash
# How well another toolkit translates after so many minutes of training on one core.
#
#     CORE=1 benchmarks/peers/quality.sh WORK PEER [SECONDS]
#
# PEER is onmt (OpenNMT-py 3.5.1), joey (JoeyNMT 2.3.0) or marian (pymarian 1.12), in a virtual
# environment of that name below WORK, where cfg/ has the configurations onmt_rnn.yaml, joey.yaml
# and joey_greedy.yaml, and spm8k.model and marian8k.spm are joint vocabularies of 8,000 pieces.
# SECONDS of training: 3600. EVERY: updates between two checkpoints. DATA: folder of Multi30k.
#
# The peer trains undisturbed (JoeyNMT saves only when it validates, so it validates on two lines).
# Its checkpoints are kept with the moment at which they were complete; only afterwards each
# translates val.de, greedily. Minutes count from the start of the command, reading the data
# included. WORK/quality/PEER.csv gets minutes, BLEU (sacreBLEU, 13a), minutes of processor time.
# ONLY_SCORE=1 repeats the second part alone.
set -eu
DATA=$(cd "${DATA:-data/multi30k}" && pwd)
WORK=$(cd "$1" && pwd); PEER=$2; LIMIT=${3:-3600}; CORE=${CORE:-0}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
cd "$WORK"
Q=$WORK/quality; KEPT=$Q/$PEER.kept; STAMPS=$Q/$PEER.stamps; MODELS=$Q/${PEER}_models
mkdir -p "$Q"
tick=$(getconf CLK_TCK)

case $PEER in
  onmt) EVERY=${EVERY:-50}; FILES='m_step_*.pt'; STOP=INT
    sed -e "s#^save_model:.*#save_model: $MODELS/m#" \
        -e "s#^save_checkpoint_steps:.*#save_checkpoint_steps: $EVERY#" \
        -e "s#^keep_checkpoint:.*#keep_checkpoint: -1#" \
        -e "s#^valid_steps:.*#valid_steps: 1000000#" cfg/onmt_rnn.yaml > "$Q/onmt.yaml"
    TRAIN=(onmt/bin/onmt_train -config "$Q/onmt.yaml") ;;
  joey) EVERY=${EVERY:-25}; FILES='[0-9]*.ckpt'; STOP=INT
    for l in de en; do head -2 "$DATA/val.$l" > "$Q/dev2.$l"; done
    sed -e "s#^model_dir:.*#model_dir: \"$MODELS\"#" -e "s#^    dev:.*#    dev: \"$Q/dev2\"#" \
        -e "s#^    validation_freq:.*#    validation_freq: $EVERY#" \
        -e "s#^    keep_best_ckpts:.*#    keep_best_ckpts: -1#" cfg/joey.yaml > "$Q/joey.yaml"
    TRAIN=(joey/bin/python -m joeynmt train "$Q/joey.yaml" -t) ;;
  marian) EVERY=${EVERY:-150}; FILES='m.iter*.npz'; STOP=TERM
    TRAIN=(marian/bin/pymarian train --type s2s --enc-type bidirectional --enc-cell lstm
      --dec-cell lstm --enc-depth 2 --dec-depth 2 --dim-emb 256 --dim-rnn 512
      --layer-normalization --tied-embeddings --dropout-rnn 0.15 --label-smoothing 0.1
      --vocabs marian8k.spm marian8k.spm --train-sets "$DATA/train.de" "$DATA/train.en"
      --mini-batch-words 1000 --mini-batch 1000 --maxi-batch 200 --maxi-batch-sort trg
      --learn-rate 0.002 --lr-warmup 100 --optimizer-params 0.9 0.98 1e-09 --clip-norm 1
      --cpu-threads 1 --workspace 3000 --max-length 100 --disp-freq 20 --seed 1
      --model "$MODELS/m.npz" --save-freq "$EVERY") ;;
  *) sed -n 2,16p "$0"; exit 2 ;;
esac

complete() {  # FILE: nobody writes it any more
  local before
  before=$(stat -c %s "$1" 2>/dev/null) || return 1
  sleep 1
  [ "$before" = "$(stat -c %s "$1" 2>/dev/null)" ] && [ "$before" -gt 0 ]
}

keep() {  # PROCESS: hard links, so that what the peer deletes stays
  local file name used
  for file in "$MODELS"/$FILES; do
    name=$(basename "$file")
    [ -f "$file" ] && [ ! -L "$file" ] && [ ! -e "$KEPT/$name" ] || continue
    case $name in *optimizer* | *orig*) continue ;; esac
    complete "$file" && ln "$file" "$KEPT/$name" || continue
    used=$(awk -v t="$tick" '{sub(/^.*\) /, ""); print ($12 + $13) / t}' "/proc/$1/stat" 2>/dev/null) \
      || used=nan  # It has ended.
    echo "$(stat -c %.Y "$file") $used $name" >> "$STAMPS"
  done
}

if [ -z "${ONLY_SCORE:-}" ]; then
  rm -rf "$MODELS" "$KEPT" "$STAMPS"
  mkdir -p "$KEPT"
  [ "$PEER" = joey ] || mkdir -p "$MODELS"
  : > "$STAMPS"
  date +%s.%N > "$Q/$PEER.began"
  taskset -c "$CORE" "${TRAIN[@]}" > "$Q/$PEER.log" 2>&1 &
  pid=$!
  trap 'kill -TERM $pid 2>/dev/null || true' EXIT
  end=$((SECONDS + LIMIT))
  while [ $SECONDS -lt $end ] && kill -0 $pid 2>/dev/null; do sleep 1; keep $pid; done
  [ $SECONDS -ge $end ] || { tail -5 "$Q/$PEER.log"; echo "the training of $PEER ended by itself"; }
  kill -$STOP $pid 2>/dev/null || true
  for _ in $(seq 30); do kill -0 $pid 2>/dev/null || break; sleep 1; done
  kill -KILL $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  trap - EXIT
  keep $pid
fi

translate() {  # CHECKPOINT OUTPUT
  case $PEER in
    onmt) taskset -c "$CORE" onmt/bin/onmt_translate --model "$1" --src "$DATA/val.de" \
        --output "$2" --beam_size 1 --batch_size 64 --batch_type sents --max_length 100 --gpu -1 \
        --transforms sentencepiece --src_subword_model spm8k.model --tgt_subword_model spm8k.model ;;
    joey) sed -e "s#^    load_model:.*#    load_model: \"$1\"#" \
        -e "s#^model_dir:.*#model_dir: \"$MODELS\"#" cfg/joey_greedy.yaml > "$Q/joey_greedy.yaml"
      taskset -c "$CORE" joey/bin/python -m joeynmt translate "$Q/joey_greedy.yaml" \
        < "$DATA/val.de" | grep -v ' - INFO - \| - WARNING - ' > "$2" ;;
    marian) taskset -c "$CORE" marian/bin/pymarian decode -m "$1" -v marian8k.spm marian8k.spm \
        -b 1 --cpu-threads 1 --mini-batch 64 --maxi-batch 100 --maxi-batch-sort src \
        --max-length 200 -w 2000 < "$DATA/val.de" > "$2" ;;
  esac
}

began=$(cat "$Q/$PEER.began"); table=$Q/$PEER.csv; log=$Q/$PEER.translate.log; out=$Q/$PEER.en
echo minutes,bleu,processor_minutes,checkpoint > "$table"
while read -r moment processor name; do
  translate "$KEPT/$name" "$out" > "$log" 2>&1 < /dev/null \
    || { tail -3 "$log"; echo "$name cannot translate"; continue; }
  lines=$(wc -l < "$out")
  [ "$lines" = "$(wc -l < "$DATA/val.de")" ] || { echo "$name: $lines lines"; continue; }
  bleu=$(joey/bin/sacrebleu "$DATA/val.en" -i "$out" -m bleu -b -w 2)
  awk -v m="$moment" -v b="$began" -v p="$processor" -v s="$bleu" -v n="$name" \
    'BEGIN {printf "%.2f,%s,%.2f,%s\n", (m - b) / 60, s, p / 60, n}' | tee -a "$table"
done < <(sort -n "$STAMPS")
echo "wrote $table; the checkpoints in $KEPT and $MODELS may go"
