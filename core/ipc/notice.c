/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/subject.h"
#include "core/ipc/message.h"

static int keep(eg_arena *arena, eg_str *text)
{
    if (text->len == 0) {
        *text = EG_STR("");
        return EG_OK;
    }
    char *copy = eg_arena_copy(arena, text->ptr, text->len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    text->ptr = copy;
    return EG_OK;
}

/* In the wanted language, else in any, else what the rule's author called it. */
static eg_text choose_text(const eg_hit *hit, eg_language language)
{
    eg_text text = hit->text[language];
    for (int i = 0; text.title.len == 0 && i < EG_LANGUAGE_COUNT; i++) {
        text = hit->text[i];
    }
    if (text.title.len == 0) {
        text.title = hit->rule_title;
    }
    return text;
}

static int keep_all(eg_arena *arena, eg_hit_notice *notice)
{
    eg_str *const texts[] = {&notice->text.title, &notice->text.meaning, &notice->text.advice,
                             &notice->rule_id,    &notice->rule_title,   &notice->rule_author,
                             &notice->program,    &notice->command_line, &notice->parent,
                             &notice->user,       &notice->target};
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(texts); i++) {
        status = keep(arena, texts[i]);
    }
    return status;
}

/* A hit whose evidence cannot be read any more is still shown, with what the hit itself says. */
static int add_evidence(eg_event_reader *reader, const eg_hit *hit, eg_arena *arena,
                        eg_hit_notice *notice)
{
    eg_event event;
    int status = eg_event_read_json(reader, hit->event_json, &event);
    if (status != EG_OK) {
        return status == EG_E_NOMEM ? status : EG_OK;
    }
    eg_subject subject;
    status = eg_subject_of(&event, arena, &subject);
    if (status != EG_OK) {
        return status;
    }
    notice->kind = event.kind;
    notice->pid = event.pid;
    notice->command_line = subject.command_line;
    notice->target = subject.target;
    return EG_OK;
}

int eg_hit_notice_from_hit(const eg_hit *hit, eg_language language, eg_arena *arena,
                           eg_hit_notice *out)
{
    eg_hit_notice notice = {
        .id = hit->id,
        .time = hit->time,
        .level = hit->level,
        .kind = EG_KIND_OTHER,
        .text = choose_text(hit, language),
        .rule_id = hit->rule_id,
        .rule_title = hit->rule_title,
        .rule_author = hit->rule_author,
        .program = hit->program,
        .parent = hit->parent,
        .user = hit->user,
    };
    eg_event_reader *reader = NULL;
    int status = eg_event_reader_create(&reader);
    if (status != EG_OK) {
        return status;
    }
    status = add_evidence(reader, hit, arena, &notice);
    if (status == EG_OK) {
        status = keep_all(arena, &notice);
    }
    if (status == EG_OK) {
        *out = notice;
    }
    eg_event_reader_destroy(reader);
    return status;
}
