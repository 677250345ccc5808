#!/bin/sh
# Makes sure that there is the published JSON schema of Kubernetes, against which the manifest of `mtok fleet manifest` is
# checked: the definitions of two versions out of the package kubernetes-validate, by pip into target/kubernetes.
# usage: ensure-kubernetes-schema.sh
set -u
cd "$(dirname "$0")/.."

version=1.37.0
# Of the wheel of that version.
sha256=85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9
# The oldest Kubernetes that has all fields of the manifest, and the newest that the package knows.
schemas="1.29.0 1.37.0"
there=target/kubernetes

is_here() {
    [ "$(cat "$there/package.txt" 2>/dev/null)" = "kubernetes-validate $version" ] || return 1
    for schema in $schemas; do
        [ -f "$there/$schema.json" ] || return 1
    done
}

is_here && exit 0
python=$(command -v python3) || { echo "No python3, whose pip fetches the schema of Kubernetes."; exit 1; }
folder=$(mktemp -d) || exit
trap 'rm -r "$folder"' EXIT
echo "Fetching the schema of Kubernetes: kubernetes-validate $version with pip into $there"
echo "kubernetes-validate==$version --hash=sha256:$sha256" >"$folder/requirements.txt"
"$python" -m pip --disable-pip-version-check --quiet download --no-deps --only-binary=:all: --require-hashes \
    --dest "$folder" --requirement "$folder/requirements.txt" || exit
mkdir -p "$there"
for schema in $schemas; do
    "$python" - "$folder"/*.whl "kubernetes_validate/kubernetes-json-schema/v$schema-local-strict/_definitions.json" \
        >"$folder/schema.json" <<'PYTHON' || exit
import sys, zipfile
sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))
PYTHON
    mv "$folder/schema.json" "$there/$schema.json"
done
echo "kubernetes-validate $version" >"$there/package.txt"
