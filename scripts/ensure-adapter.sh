#!/bin/sh
# Makes sure that there is an adapter to run kernels on. Where there is none, installs the distribution's software
# Vulkan driver (a CPU that imitates a GPU: enough to check the tool, never a measure of a GPU).
# usage: ensure-adapter.sh MTOK
set -u
mtok=$1

"$mtok" devices >/dev/null 2>&1
status=$?
[ "$status" -eq 0 ] && exit 0
if [ "$status" -ne 3 ]; then
    "$mtok" devices
    exit "$status"
fi

echo "No Vulkan adapter was found. Without a GPU driver, kernels can only run on a software adapter."
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && as_root=sudo
fi
if command -v apt-get >/dev/null; then
    echo "Installing it with apt-get: mesa-vulkan-drivers libvulkan1"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
        mesa-vulkan-drivers libvulkan1 >/dev/null
elif command -v dnf >/dev/null; then
    echo "Installing it with dnf: mesa-vulkan-drivers vulkan-loader"
    $as_root dnf install -y -q mesa-vulkan-drivers vulkan-loader
elif command -v pacman >/dev/null; then
    echo "Installing it with pacman: vulkan-swrast vulkan-icd-loader"
    $as_root pacman -Sy --noconfirm --needed vulkan-swrast vulkan-icd-loader
else
    echo "No known package manager: please install a Vulkan driver by hand."
fi
exec "$mtok" devices
