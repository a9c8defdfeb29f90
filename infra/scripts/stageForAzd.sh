#!/bin/sh
# Unpacks the deployable to where azd takes it from.
set -eu
rm -rf dist/azd
mkdir -p dist/azd
unzip -q dist/dps-canary.zip -d dist/azd
