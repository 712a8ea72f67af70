#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes core/base/utf_fold_table.h: lower case as str.lower() has it.

Run with a Python whose unicodedata is version 14 (3.11): tools/unicode/gen_fold.py > core/base/utf_fold_table.h
FOLD: the code points first, first + step, ... last all move by delta. IGNORED and CASED: what str.lower() passes over
and looks for beside a capital sigma, to know whether it ends a word.
"""
import sys
import unicodedata


MACROS = [('FOLD', 'first, last, step, delta'), ('IGNORED', 'first, last'), ('CASED', 'first, last')]


def mappings():
    """(code, lower) for every code point that str.lower() changes to one other code point."""
    for code in range(0x80, 0x110000):
        lower = chr(code).lower()
        if len(lower) == 1 and ord(lower) != code:
            yield code, ord(lower)


def ranges():
    out = []
    for code, lower in mappings():
        delta = lower - code
        if out:
            last = out[-1]
            gap = code - last['last']
            if last['delta'] == delta and gap in (1, 2) and last['step'] in (0, gap):
                last['last'], last['step'] = code, gap
                continue
        out.append({'first': code, 'last': code, 'step': 0, 'delta': delta})
    return out


def is_ignored(code):
    """Passed over on the way to a letter: a letter beyond it decides, and it alone does not."""
    return ('A' + chr(code) + 'Σ').lower()[-1] == 'ς' and not is_cased(code)


def is_cased(code):
    return (chr(code) + 'Σ').lower()[-1] == 'ς'


def spans(test):
    """(first, last) of each run of code points with this property."""
    first = None
    for code in range(0x110001):
        inside = code < 0x110000 and test(code)
        if inside and first is None:
            first = code
        elif not inside and first is not None:
            yield first, code - 1
            first = None


def print_spans(name, test):
    print()
    print('/* %s(first, last) */' % name)
    entries = ['%s(0x%04X, 0x%04X)' % (name, first, last) for first, last in spans(test)]
    for i in range(0, len(entries), 3):
        print(' '.join(entries[i:i + 3]))


def sweep_hash():
    """FNV-1a over the lower case of all code points, four bytes each, lowest first."""
    value = 0xCBF29CE484222325
    for code in range(0x110000):
        lower = 'i' if code == 0x130 else chr(code).lower()
        assert len(lower) == 1, hex(code)
        for byte in ord(lower).to_bytes(4, 'little'):
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def main():
    if unicodedata.unidata_version != '14.0.0':
        sys.exit('needs Unicode 14.0.0, this Python has ' + unicodedata.unidata_version)
    print('/* SPDX-License-Identifier: Apache-2.0 */')
    print('/* Made by tools/unicode/gen_fold.py from Unicode %s; included by utf_fold.c only. */'
          % unicodedata.unidata_version)
    print('#define EG_FOLD_SWEEP_HASH UINT64_C(0x%016X)' % sweep_hash())
    for name, parameters in MACROS:
        print('#ifndef %s\n#define %s(%s)\n#endif' % (name, name, parameters))
    print()
    print('/* FOLD(first, last, step, delta) */')
    for r in ranges():
        print('FOLD(0x%04X, 0x%04X, %d, %d)' % (r['first'], r['last'], r['step'] or 1, r['delta']))
    print_spans('IGNORED', is_ignored)
    print_spans('CASED', is_cased)
    print()
    for name, _ in MACROS:
        print('#undef %s' % name)


main()
