/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signs of Emotet of 2019 to 2020 that EmoCheck of JPCERT/CC looks for, after its README and
 * the facts of its public source up to version 2.0 (github.com/JPCERTCC/EmoCheck): the dictionary,
 * how the volume's serial number chooses from it and scrambles, the shapes of names, the seven
 * days. Nothing here reads the system: whoever does gives what it read. Pure functions, any thread;
 * all texts are borrowed.
 */
#ifndef EG_DETECT_EMOCHECK_H
#define EG_DETECT_EMOCHECK_H

#include "core/base/str.h"
#include "core/detect/text.h"

typedef enum eg_emocheck_sign {
#define SIGN(id, rule, rule_title, title, meaning, title_ja, meaning_ja) EG_EMOCHECK_##id,
#include "core/detect/emocheck.def"
#undef SIGN
    EG_EMOCHECK_SIGN_COUNT,
} eg_emocheck_sign;

typedef struct eg_emocheck_rule {
    const char *id;
    const char *title;
    eg_text text[EG_LANGUAGE_COUNT];
} eg_emocheck_rule;

const eg_emocheck_rule *eg_emocheck_rule_of(eg_emocheck_sign sign);

/* ---- what the serial number of the volume of Windows makes ---- */

#define EG_EMOCHECK_NAME_MAX 32
/* "mstask.exe"-like: how a program of 2019 called itself on this PC. */
void eg_emocheck_program_name(uint32_t serial, char out[EG_EMOCHECK_NAME_MAX]);
/* The registry value of 2020: "1a2b3c4d", without leading zeros. */
void eg_emocheck_value_name(uint32_t serial, char out[EG_EMOCHECK_NAME_MAX]);
/*
 * The program name that such a value hides, with ".exe", appended to `out`. EG_E_INVALID when
 * nothing of it is printable: then Emotet did not write it. EG_E_LIMIT beyond 1 KiB.
 */
int eg_emocheck_decode_value(uint32_t serial, const void *data, size_t size, eg_buf *out);

/* ---- files one folder below %LOCALAPPDATA%, SysWOW64 or System32 ---- */

typedef struct eg_emocheck_file {
    eg_str folder_name, name;         /* "Kqzvw", "abcd.xyz" */
    uint64_t size;                    /* bytes */
    uint64_t written, folder_written; /* FILETIME */
    bool borrowed;        /* both names, without extension, are those of programs in System32 */
    uint64_t twin_size;   /* of the file of this name in System32; 0 there is none */
    bool folder_is_known; /* a folder of this name is also below Program Files or in AppData */
} eg_emocheck_file;

/* Bits 1 << EG_EMOCHECK_..., of the three signs of files; only of files that begin with "MZ". */
unsigned eg_emocheck_file_signs(const eg_emocheck_file *file);

/* ---- who uses such a file ---- */

/* A running program does: `image` is its path, `command_line` may be absent. */
bool eg_emocheck_is_run(unsigned signs, eg_str path, eg_str image, eg_str command_line);
/*
 * A Run value or service starts it. Of the three signs those that remain when it does: a random
 * name alone is none unless rundll32 starts it, by an entry that is named like it, or at random.
 */
unsigned eg_emocheck_started_signs(unsigned signs, eg_str path, eg_str entry, eg_str command);

#endif
