#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the MSI on Linux with wixl:  build-msi.sh BUILD_FOLDER OUTPUT.msi [VERSION]
# BUILD_FOLDER holds the programs; VERSION (tests of upgrades) replaces the one in core/version.h.
set -eu

if [ $# -lt 2 ]; then
    sed -n '3,4s/^# //p' "$0"
    exit 2
fi
build=$(cd "$1" && pwd)
output=$(realpath -m "$2")
source=$(cd "$(dirname "$0")/.." && pwd)
version=${3:-$(sed -n 's/^#define EG_VERSION_STRING "\(.*\)"$/\1/p' "$source/core/version.h")}

for tool in wixl msibuild; do
    command -v $tool >/dev/null || { echo "build-msi.sh: $tool is missing (Debian packages wixl, msitools)" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
python3 "$source/installer/list_rules.py" "$source/rules" "$scratch/rules.wxs"
# wixl takes only paths relative to where it runs, so the folders are linked beside the output.
ln -s "$build" "$scratch/programs"
ln -s "$source" "$scratch/source"
cd "$scratch"
message=$(sed -n 's/.*DowngradeErrorMessage="\([^"]*\)".*/\1/p' source/installer/emoguard.wxs)
sed "s|$message|${message%% / *}|" source/installer/emoguard.wxs >emoguard.wxs
# It says on standard error that it ignores Property/@Secure, Product/@Codepage and Package/@Platform: the code page is
# set below, -a x64 sets the platform, and
# REMOVEDATA is given on the command line of an elevated msiexec. Anything else it says is shown.
if ! wixl -a x64 -D Version="$version" -D BuildDir=programs -D RulesDir=source/rules -D PolicyDir=source/installer/policy \
    -D IconFile=source/tray/res/fine.ico \
    -o emoguard.msi emoguard.wxs rules.wxs 2>messages; then
    cat messages >&2
    exit 1
fi
grep -v -e "has no property named 'Secure'" -e "has no property named 'Platform'" -e "has no property named 'Codepage'" \
    -e '^$' messages >&2 || true
printf '\r\n\r\n932\t_ForceCodepage\r\n' >codepage.idt
msibuild emoguard.msi -i codepage.idt
LC_ALL=C.UTF-8 msibuild emoguard.msi -q "UPDATE LaunchCondition SET Description = '$message'"
mv emoguard.msi "$output"
echo "$output: EmoGuard $version, $(wc -c <"$output") bytes"
