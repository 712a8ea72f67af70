/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_words.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OLD_DAYS 30
#define TEXT_MAX 1000
#define TICKS_PER_MINUTE (60 * EG_TICKS_PER_SECOND)
#define MINUTES_FROM 120 /* seconds: longer times are told in minutes */

/* Blanks would be part of the name. */
/* clang-format off */
#define LANGUAGE_TEXTS(code) EG_QUOTE(cli/texts.code.def)
/* clang-format on */
#define WAY_TEXT(how, text)

static const char *const words[EG_LANGUAGE_COUNT][EG_WORD_COUNT] = {
#define WORD_TEXT(id, text) [LANGUAGE_ID][EG_WORD_##id] = (text),
#define AREA_TEXT(id, text)
#define REASON_TEXT(id, text)
#include "core/detect/languages.def"
#undef REASON_TEXT
#undef AREA_TEXT
#undef WORD_TEXT
};

static const char *const areas[EG_LANGUAGE_COUNT][EG_CHECK_AREA_COUNT] = {
#define WORD_TEXT(id, text)
#define AREA_TEXT(id, text) [LANGUAGE_ID][EG_CHECK_##id] = (text),
#define REASON_TEXT(id, text)
#include "core/detect/languages.def"
#undef REASON_TEXT
#undef AREA_TEXT
#undef WORD_TEXT
};

static const char *const reasons[EG_LANGUAGE_COUNT][EG_CHECK_REASON_COUNT] = {
#define WORD_TEXT(id, text)
#define AREA_TEXT(id, text)
#define REASON_TEXT(id, text) [LANGUAGE_ID][EG_CHECK_REASON_##id] = (text),
#include "core/detect/languages.def"
#undef REASON_TEXT
#undef AREA_TEXT
#undef WORD_TEXT
};

_Static_assert(EG_WORD_ROLE_OTHER - EG_WORD_ROLE_OFFICE + 1 == (int)EG_ROLE_COUNT,
               "report_words.def has a word for each of roles.def");

/* ---- words ---- */

void eg_report_put(const eg_report_writer *writer, const char *text)
{
    eg_buf_append_cstr(writer->out, text);
}

void eg_report_say(const eg_report_writer *writer, eg_word word)
{
    eg_report_put(writer, words[writer->language][word]);
}

void eg_report_say_text(const eg_report_writer *writer, eg_word word, eg_str value)
{
    const char *text = words[writer->language][word];
    const char *place = strstr(text, "%1");
    if (!place) {
        eg_report_put(writer, text);
        return;
    }
    eg_buf_append(writer->out, text, (size_t)(place - text));
    eg_report_text(writer, value, TEXT_MAX);
    eg_report_put(writer, place + 2);
}

void eg_report_say_number(const eg_report_writer *writer, eg_word word, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    eg_report_say_text(writer, word, eg_str_from(text));
}

const char *eg_report_area(const eg_report_writer *writer, eg_check_area_id area)
{
    return areas[writer->language][area];
}

const char *eg_report_reason(const eg_report_writer *writer, eg_check_reason reason)
{
    return reasons[writer->language][reason];
}

eg_word eg_report_verdict(eg_check_verdict verdict)
{
    return (eg_word)(EG_WORD_NOTHING_FOUND + (int)verdict);
}

eg_word eg_report_verdict_means(eg_check_verdict verdict)
{
    return (eg_word)(EG_WORD_NOTHING_FOUND_MEANS + (int)verdict);
}

eg_word eg_report_level(eg_level level)
{
    return (eg_word)(EG_WORD_LEVEL_INFORMATIONAL + (int)level);
}

eg_word eg_report_role(eg_role role)
{
    return (eg_word)(EG_WORD_ROLE_OFFICE + (int)role);
}

/* ---- text from outside ---- */

static void put_piece(const eg_report_writer *writer, const char *piece, size_t length)
{
    const char *escaped = NULL;
    if (writer->html && length == 1) {
        escaped = *piece == '&'    ? "&amp;"
                  : *piece == '<'  ? "&lt;"
                  : *piece == '>'  ? "&gt;"
                  : *piece == '"'  ? "&quot;"
                  : *piece == '\'' ? "&#39;"
                                   : NULL;
    }
    if (escaped) {
        eg_buf_append_cstr(writer->out, escaped);
    } else {
        eg_buf_append(writer->out, piece, length);
    }
}

void eg_report_text(const eg_report_writer *writer, eg_str text, size_t max)
{
    char piece[EG_UTF8_SAFE_MAX];
    size_t count = 0;
    for (size_t at = 0; at < text.len; count++) {
        (void)eg_utf8_next(text, &at);
    }
    size_t cut = count > max ? count - max : 0;
    size_t head = max - max / 2; /* the name of a file stands at the end of its path */
    for (size_t at = 0, i = 0; at < text.len; i++) {
        size_t length = eg_utf8_safe_next(text, &at, piece);
        if (cut > 0 && i == head) {
            eg_report_say_number(writer, EG_WORD_CUT, cut);
        }
        if (cut == 0 || i < head || i >= head + cut) {
            put_piece(writer, piece, length);
        }
    }
}

/* ---- times ---- */

void eg_report_time(const eg_report_writer *writer, uint64_t time)
{
    char text[EG_TIME_TEXT_SIZE];
    uint64_t local = eg_clock_local(time);
    eg_time_format(local, text);
    if (time == 0 || text[4] != '-') { /* a year of five digits is nonsense from outside */
        eg_report_say(writer, EG_WORD_UNKNOWN);
        return;
    }
    bool east = local >= time;
    unsigned minutes = (unsigned)((east ? local - time : time - local) / TICKS_PER_MINUTE);
    eg_buf_appendf(writer->out, "%.10s %.5s (UTC%c%02u:%02u)", text, text + 11, east ? '+' : '-',
                   minutes / 60, minutes % 60);
}

bool eg_report_is_old(const eg_check_report *report)
{
    return report->age_known && report->rule_age_days > OLD_DAYS;
}

bool eg_report_is_urgent(const eg_check_report *report)
{
    return report->finding_count > 0 && report->findings[0].level >= EG_LEVEL_HIGH;
}

void eg_report_say_age(const eg_report_writer *writer, const eg_check_report *report)
{
    eg_word word = !report->age_known           ? EG_WORD_UNKNOWN
                   : eg_report_is_old(report)   ? EG_WORD_AGE_OLD
                   : report->rule_age_days == 0 ? EG_WORD_AGE_TODAY
                   : report->rule_age_days == 1 ? EG_WORD_AGE_ONE
                                                : EG_WORD_AGE_DAYS;
    eg_report_say_number(writer, word, report->rule_age_days);
}

void eg_report_say_user(const eg_report_writer *writer, const eg_check_report *report)
{
    eg_str unknown = eg_str_from(words[writer->language][EG_WORD_UNKNOWN]);
    eg_report_say_text(writer, report->elevated ? EG_WORD_ELEVATED : EG_WORD_NOT_ELEVATED,
                       report->user.len > 0 ? report->user : unknown);
}

void eg_report_say_duration(const eg_report_writer *writer, const eg_check_report *report)
{
    uint64_t ticks = report->finished > report->started ? report->finished - report->started : 0;
    uint64_t seconds = (ticks + EG_TICKS_PER_SECOND - 1) / EG_TICKS_PER_SECOND;
    bool minutes = seconds > MINUTES_FROM;
    eg_report_say_number(writer, minutes ? EG_WORD_MINUTES : EG_WORD_SECONDS,
                         minutes ? (seconds + 30) / 60 : seconds);
}

void eg_report_say_meaning(const eg_report_writer *writer, const eg_check_report *report)
{
    char count[24];
    eg_word word = eg_report_verdict_means(report->verdict);
    uint64_t found = report->finding_count + report->findings_left_out;
    eg_buf things;
    eg_buf_init(&things, 256);
    const eg_report_writer part = {&things, writer->language, false};
    (void)snprintf(count, sizeof(count), "%" PRIu64, found);
    eg_report_say_text(&part, found == 1 ? EG_WORD_THINGS_ONE : EG_WORD_THINGS, eg_str_from(count));
    eg_report_say_text(writer, word, eg_buf_str(&things));
    if (things.status != EG_OK) {
        writer->out->status = writer->out->status == EG_OK ? things.status : writer->out->status;
    }
    eg_buf_done(&things);
}
