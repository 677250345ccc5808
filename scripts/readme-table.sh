#!/bin/sh
# Puts the cost table of the newest recorded run between the markers in README.md.
# usage: readme-table.sh MTOK
set -eu
mtok=$1
# Runs that git does not know are somebody's own.
run=$(git ls-files 'results/*/measurements.csv' | sort | tail -n 1)
if [ -z "$run" ]; then
    echo "no recorded run: git add results/<folder> first" >&2
    exit 2
fi
run=${run%measurements.csv}
as_of=$(basename "$run" | cut -c 1-10)
table=$(mktemp)
"$mtok" compare --measurements "${run}measurements.csv" --weights q8_0 --as-of "$as_of" --markdown >"$table"
awk -v table="$table" '
    /<!-- table:begin -->/ { print; while ((getline line < table) > 0) print line; inside = 1 }
    /<!-- table:end -->/ { inside = 0 }
    !inside && !/<!-- table:begin -->/ { print }
' README.md >README.md.tmp
mv README.md.tmp README.md
rm "$table"
