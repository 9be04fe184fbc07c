#!/usr/bin/env bash
# Writes a plugin for each modality with `new-plugin`, builds it, runs its own tests and then its program.
# Usage: new-plugin.sh APUS BUILD-FOLDER, the folder shared so that the engine is built once.
set -euo pipefail
apus=$1
scratch=$2
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for modality in text image audio thermal; do
    name="trial$modality"
    "$apus" new-plugin "$name" --modality "$modality" --output "$folder/$modality" --apus "$root"
    swift format lint --strict --recursive --configuration "$root/.swift-format" "$folder/$modality"
    flags="-c release -Xswiftc -enable-testing --scratch-path $scratch"
    # shellcheck disable=SC2086
    (cd "$folder/$modality" && swift build $flags --build-tests && swift test $flags --skip-build)
    program="$scratch/release/$name-apus"
    "$program" inspect "$name-starter" > /dev/null
    "$program" env | grep -q "plugin $name"
    if [ "$modality" = text ]; then
        "$program" classify-text --model "$name-starter" "What a day"
    else
        "$program" classify --model "$name-starter" "$folder/$modality/Examples"
    fi
done
