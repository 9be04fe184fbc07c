#!/bin/sh
# Writes the help texts anew. Usage: make_fixtures.sh PATH-OF-APUS
set -e
folder=$(dirname "$0")
export COLUMNS=80
"$1" help >"$folder/apus.txt"
for command in classify transcribe translate generate classify-text embed fill-mask tokenize inspect models env forward quantize new-plugin train "train classify" "train transcribe" "train translate" "train tokenizer" align evaluate "evaluate classify" "evaluate transcribe" "evaluate translate" "evaluate embed" "evaluate generate" bench "bench classify" "bench transcribe" "bench translate" "bench generate" "bench embed" "bench tokenize" "bench machine"; do
    # shellcheck disable=SC2086 # two words are two arguments
    "$1" help $command >"$folder/apus-$(echo "$command" | tr ' ' -).txt"
done
