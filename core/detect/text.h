/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hit means, in the languages of the people who read it. Texts come from the pack: for the
 * rule, else for its ATT&CK technique, else the pack's default. Immutable after loading.
 */
#ifndef EG_DETECT_TEXT_H
#define EG_DETECT_TEXT_H

#include "core/base/str.h"
#include "core/sigma/rule.h"

typedef enum eg_language {
#define LANGUAGE(id, code) EG_LANGUAGE_##id,
#include "core/detect/languages.def"
#undef LANGUAGE
    EG_LANGUAGE_COUNT,
} eg_language;

const char *eg_language_code(eg_language language); /* "en" */
/* "ja", "ja-JP", "ja_JP.UTF-8" ...; false for one we do not have. */
bool eg_language_from_code(eg_str code, eg_language *out);
/* EMOGUARD_LANG, else what programs show to this user, else English. */
eg_language eg_language_of_user(void);

/* One language: short title, one sentence of meaning, advice what to do. Borrowed. */
typedef struct eg_text {
    eg_str title;
    eg_str meaning;
    eg_str advice;
} eg_text;

typedef struct eg_texts eg_texts;

int eg_texts_create(eg_texts **out);
void eg_texts_destroy(eg_texts *texts); /* NULL-safe */
/* Adds the content of one texts.<code>.json; `file` is for messages. */
int eg_texts_read(eg_texts *texts, eg_language language, eg_str json, const char *file);
/* Never fails: falls back to technique, default, then the rule's own title. */
void eg_texts_find(const eg_texts *texts, const eg_rule_info *rule, eg_language language,
                   eg_text *out);
/* True when the rule has a text of its own in this language (for lint). */
bool eg_texts_has(const eg_texts *texts, eg_str rule_id, eg_language language);

#endif
