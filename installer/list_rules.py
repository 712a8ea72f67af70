#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the WiX fragment that lists the files of a rule pack, one component a file.

    list_rules.py PACK_FOLDER OUTPUT.wxs

The rules, their texts and pack.json go into the package; samples and documentation do not. The variable RulesDir stands
for the folder when the fragment is compiled.
"""
import pathlib
import sys
import uuid
from xml.sax.saxutils import quoteattr

# Component ids must stay the same from version to version: they follow from the file's name alone.
NAMESPACE = uuid.UUID("5b7c1b5e-3f0a-4e0e-8d2c-2f5c7f0b6aff")


def component(path, pack):
    relative = path.relative_to(pack).as_posix()
    number = uuid.uuid5(NAMESPACE, relative)
    ident = "rule_" + number.hex
    return (f'      <Component Id="{ident}" Guid="{str(number).upper()}" Win64="yes">\n'
            f'        <File Id="{ident}.f" Name={quoteattr(path.name)} Source={quoteattr("$(var.RulesDir)/" + relative)}'
            f' KeyPath="yes" />\n'
            f'      </Component>\n'), ident


def fragment(pack):
    folders = [("RULESDIR", sorted(pack.glob("*.json"))), ("SIGMADIR", sorted(pack.glob("sigma/*.yml"))),
               ("YARADIR", sorted(pack.glob("yara/*.yar")))]
    text = ['<?xml version="1.0" encoding="utf-8"?>\n'
            '<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">\n  <Fragment>\n']
    idents = []
    for folder, files in folders:
        if not files:
            raise SystemExit(f"list_rules.py: {pack}: nothing for {folder}")
        text.append(f'    <DirectoryRef Id="{folder}">\n')
        for path in files:
            xml, ident = component(path, pack)
            text.append(xml)
            idents.append(ident)
        text.append("    </DirectoryRef>\n")
    text.append('    <ComponentGroup Id="Rules">\n')
    text += [f'      <ComponentRef Id="{ident}" />\n' for ident in idents]
    text.append("    </ComponentGroup>\n  </Fragment>\n</Wix>\n")
    return "".join(text)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    pathlib.Path(sys.argv[2]).write_text(fragment(pathlib.Path(sys.argv[1]).resolve()), encoding="utf-8")


if __name__ == "__main__":
    main()
