/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/emocheck.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX_BYTES 1024
#define SMALLEST_PROGRAM 10000 /* bytes: smaller ones are not Emotet */
#define COMMAND_MAX_BYTES ((size_t)256 * 1024)
#define WEEK_TENTHS UINT64_C(6048000) /* seven days in tenths of a second */
#define TENTH (EG_TICKS_PER_SECOND / 10)

/* The dictionary of Emotet of 2019. Words are chosen by a position in the text, not by number. */
static const char words[] =
    "duck,mfidl,targets,ptr,khmer,purge,metrics,acc,inet,msra,symbol,driver,sidebar,restore,msg,"
    "volume,cards,shext,query,roam,etw,mexico,basic,url,createa,blb,pal,cors,send,devices,radio,"
    "bid,format,thrd,taskmgr,timeout,vmd,ctl,bta,shlp,avi,exce,dbt,pfx,rtp,edge,mult,clr,wmistr,"
    "ellipse,vol,cyan,ses,guid,wce,wmp,dvb,elem,channel,space,digital,pdeft,violet,thunk";

#define ADVICE_EN \
    "Unplug the network cable and turn Wi-Fi off. Leave the PC on and phone your IT staff."
#define ADVICE_JA \
    "LAN ケーブルを抜き、Wi-Fi を切ってください。電源は切らずに、情報システム担当へ電話してください。"

static const eg_emocheck_rule rules[] = {
#define SIGN(id, rule, rule_title, title, meaning, title_ja, meaning_ja) \
    {rule, \
     rule_title, \
     {{EG_STR_INIT(title), EG_STR_INIT(meaning), EG_STR_INIT(ADVICE_EN)}, \
      {EG_STR_INIT(title_ja), EG_STR_INIT(meaning_ja), EG_STR_INIT(ADVICE_JA)}}},
#include "core/detect/emocheck.def"
#undef SIGN
};

_Static_assert(EG_LANGUAGE_EN == 0 && EG_LANGUAGE_JA == 1, "the columns of emocheck.def");

const eg_emocheck_rule *eg_emocheck_rule_of(eg_emocheck_sign sign)
{
    return &rules[sign];
}

/* ---- names ---- */

/* The word in which this position lies; that of a comma is the word behind it. */
static eg_str word_at(size_t position)
{
    size_t from = position;
    while (from > 0 && words[from] != ',') {
        from--;
    }
    from += words[from] == ',';
    return (eg_str){words + from, strcspn(words + from, ",")};
}

void eg_emocheck_program_name(uint32_t serial, char out[EG_EMOCHECK_NAME_MAX])
{
    const uint32_t length = sizeof(words) - 1;
    eg_str first = word_at(serial % length);
    eg_str second = word_at((UINT32_MAX - serial / length) % length);
    (void)snprintf(out, EG_EMOCHECK_NAME_MAX, "%.*s%.*s.exe", EG_STR_ARGS(first),
                   EG_STR_ARGS(second));
}

void eg_emocheck_value_name(uint32_t serial, char out[EG_EMOCHECK_NAME_MAX])
{
    (void)snprintf(out, EG_EMOCHECK_NAME_MAX, "%" PRIx32, serial);
}

int eg_emocheck_decode_value(uint32_t serial, const void *data, size_t size, eg_buf *out)
{
    const unsigned char *bytes = data;
    char name[VALUE_MAX_BYTES];
    size_t length = 0;
    if (size > VALUE_MAX_BYTES) {
        return eg_fail(EG_E_LIMIT, "a value of %zu bytes hides no name", size);
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char letter = (unsigned char)(bytes[i] ^ (serial >> (i % 4 * 8) & 0xFF));
        if (letter > ' ' && letter < '~') {
            name[length++] = (char)letter;
        }
    }
    if (length == 0) {
        return eg_fail(EG_E_INVALID, "the value hides no name");
    }
    int status = eg_buf_append(out, name, length);
    return status == EG_OK ? eg_buf_append_cstr(out, ".exe") : status;
}

/* ---- files ---- */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_word(eg_str text, size_t min, size_t max)
{
    size_t letters = 0;
    while (letters < text.len && is_letter(text.ptr[letters])) {
        letters++;
    }
    return letters == text.len && letters >= min && letters <= max;
}

/* "abcd.xyz" in "Kqzvw": letters only, and no extension of a program. */
static bool has_random_names(const eg_emocheck_file *file)
{
    eg_str rest = file->name;
    eg_str base;
    if (file->folder_is_known || !is_word(file->folder_name, 4, 16) ||
        !eg_str_split(&rest, '.', &base)) {
        return false;
    }
    return is_word(base, 3, 15) && is_word(rest, 3, 3) &&
           !eg_str_equal_nocase(rest, EG_STR("exe")) && !eg_str_equal_nocase(rest, EG_STR("dll"));
}

static bool is_week_apart(const eg_emocheck_file *file)
{
    if (file->folder_written <= file->written) {
        return false;
    }
    uint64_t tenths = (file->folder_written - file->written) / TENTH;
    return tenths >= WEEK_TENTHS - 3 && tenths <= WEEK_TENTHS + 2;
}

static unsigned bit(bool is, eg_emocheck_sign sign)
{
    return is ? 1u << sign : 0;
}

unsigned eg_emocheck_file_signs(const eg_emocheck_file *file)
{
    bool borrowed = file->borrowed && eg_str_ends_nocase(file->name, EG_STR(".exe")) &&
                    file->size >= SMALLEST_PROGRAM && file->size != file->twin_size;
    return bit(borrowed, EG_EMOCHECK_SYSTEM_NAMES) |
           bit(has_random_names(file), EG_EMOCHECK_RANDOM_NAMES) |
           bit(is_week_apart(file), EG_EMOCHECK_WEEK_APART);
}

/* ---- who uses them ---- */

/* Without quotes, one blank for many, in small letters, SysWOW64 as the 32-bit view sees it. */
static int normalise(eg_str text, eg_buf *out)
{
    static const char wide[] = "\\syswow64\\", narrow[] = "\\system32\\";
    eg_buf plain;
    eg_buf_init(&plain, COMMAND_MAX_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        bool blank = text.ptr[i] == ' ' || text.ptr[i] == '\t';
        bool again = blank && plain.len > 0 && plain.data[plain.len - 1] == ' ';
        if (text.ptr[i] != '"' && !again) {
            eg_buf_append_char(&plain, blank ? ' ' : text.ptr[i]);
        }
    }
    int status = plain.status == EG_OK ? eg_fold_str(out, eg_buf_str(&plain)) : plain.status;
    for (char *at = status == EG_OK && out->data ? strstr(out->data, wide) : NULL; at;
         at = strstr(at + 1, wide)) {
        memcpy(at, narrow, sizeof(narrow) - 1);
    }
    eg_buf_done(&plain);
    return status;
}

/* The command names the path; one too long to compare does not. */
static bool names_path(eg_str command, eg_str path)
{
    eg_buf whole, part;
    eg_buf_init(&whole, COMMAND_MAX_BYTES * 2);
    eg_buf_init(&part, COMMAND_MAX_BYTES * 2);
    bool found = path.len > 0 && normalise(command, &whole) == EG_OK &&
                 normalise(path, &part) == EG_OK &&
                 strstr(eg_buf_cstr(&whole), eg_buf_cstr(&part)) != NULL;
    eg_buf_done(&part);
    eg_buf_done(&whole);
    return found;
}

bool eg_emocheck_is_run(unsigned signs, eg_str path, eg_str image, eg_str command_line)
{
    const unsigned program =
        bit(true, EG_EMOCHECK_SYSTEM_NAMES) | bit(true, EG_EMOCHECK_WEEK_APART);
    const unsigned library =
        bit(true, EG_EMOCHECK_RANDOM_NAMES) | bit(true, EG_EMOCHECK_WEEK_APART);
    if ((signs & program) != 0 && eg_str_equal_nocase(image, path)) {
        return true;
    }
    return (signs & library) != 0 &&
           eg_str_equal_nocase(eg_path_base(image), EG_STR("rundll32.exe")) &&
           names_path(command_line, path);
}

/* "...rundll32.exe ...,Word": what comes behind the last comma is a word. */
static bool is_rundll32(eg_str command)
{
    size_t comma = command.len;
    for (size_t i = 0; i < command.len; i++) {
        comma = command.ptr[i] == ',' ? i : comma;
    }
    if (comma == command.len) {
        return false;
    }
    eg_str function = eg_str_trim((eg_str){command.ptr + comma + 1, command.len - comma - 1});
    eg_str program = eg_str_trim((eg_str){command.ptr, comma});
    return is_word(function, 4, 15) && names_path(program, EG_STR("rundll32.exe"));
}

unsigned eg_emocheck_started_signs(unsigned signs, eg_str path, eg_str entry, eg_str command)
{
    eg_str name = eg_path_base(path);
    if (signs == 0 || !names_path(command, path)) {
        return 0;
    }
    bool random_start =
        is_rundll32(command) && (eg_str_equal_nocase(entry, name) || is_word(entry, 7, 16));
    if (!random_start) {
        signs &= ~bit(true, EG_EMOCHECK_RANDOM_NAMES);
    }
    return signs;
}
