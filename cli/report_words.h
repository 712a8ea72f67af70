/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How reports for people say things: words in their language, times, and texts from outside, which
 * are shown harmlessly: control and direction characters made visible, long ones cut in the middle,
 * escaped where it is HTML. Appends to a buffer of the caller, whose status keeps the first
 * failure. One thread a writer.
 */
#ifndef EG_CLI_REPORT_WORDS_H
#define EG_CLI_REPORT_WORDS_H

#include "cli/check_report.h"
#include "core/detect/role.h"

typedef enum eg_word {
#define WORD(id) EG_WORD_##id,
#include "cli/report_words.def"
#undef WORD
    EG_WORD_COUNT,
} eg_word;

typedef struct eg_report_writer {
    eg_buf *out;
    eg_language language;
    bool html;
} eg_report_writer;

/* What the writer itself says: not escaped. */
void eg_report_put(const eg_report_writer *writer, const char *text);
void eg_report_say(const eg_report_writer *writer, eg_word word);
void eg_report_say_number(const eg_report_writer *writer, eg_word word, uint64_t number);
/* %1 is text from outside. */
void eg_report_say_text(const eg_report_writer *writer, eg_word word, eg_str value);
/* Text from outside, at most about `max` characters of it. */
void eg_report_text(const eg_report_writer *writer, eg_str text, size_t max);
/* "2026-11-23 22:51 (UTC+09:00)", by the clock on the wall; "unknown" for 0 and nonsense. */
void eg_report_time(const eg_report_writer *writer, uint64_t time);

/* The words for an area, a reason, a verdict, a level, a kind of step, an age of rules. */
const char *eg_report_area(const eg_report_writer *writer, eg_check_area_id area);
const char *eg_report_reason(const eg_report_writer *writer, eg_check_reason reason);
eg_word eg_report_verdict(eg_check_verdict verdict);
eg_word eg_report_verdict_means(eg_check_verdict verdict);
eg_word eg_report_level(eg_level level);
eg_word eg_report_role(eg_role role);
void eg_report_say_age(const eg_report_writer *writer, const eg_check_report *report);
void eg_report_say_user(const eg_report_writer *writer, const eg_check_report *report);
void eg_report_say_meaning(const eg_report_writer *writer, const eg_check_report *report);
void eg_report_say_duration(const eg_report_writer *writer, const eg_check_report *report);
bool eg_report_is_old(const eg_check_report *report); /* its rules */
/* Something grave was found: tell first what to do. */
bool eg_report_is_urgent(const eg_check_report *report);

#endif
