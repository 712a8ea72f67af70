/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/notice.h"

#include "core/base/status.h"

#define ARENA_BLOCK 4096u

static int copy(eg_arena *arena, eg_str *text)
{
    char *bytes;

    if (!text->ptr) {
        return EG_OK;
    }
    bytes = eg_arena_copy(arena, text->ptr, text->len);
    if (!bytes) {
        return EG_E_NOMEM;
    }
    text->ptr = bytes;
    return EG_OK;
}

static int copy_all(eg_arena *arena, eg_str *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int status = copy(arena, texts[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

int eg_tray_notice_create(const eg_hit_notice *hit, eg_tray_notice **out)
{
    eg_arena *arena = NULL;
    eg_tray_notice *notice;
    int status = eg_arena_create(&arena, ARENA_BLOCK);

    if (status != EG_OK) {
        return status;
    }
    notice = eg_arena_alloc(arena, sizeof(*notice));
    if (!notice) {
        eg_arena_destroy(arena);
        return EG_E_NOMEM;
    }
    notice->arena = arena;
    notice->hit = *hit;
    eg_str *const texts[] = {
        &notice->hit.text.title, &notice->hit.text.meaning, &notice->hit.text.advice,
        &notice->hit.rule_id,    &notice->hit.rule_title,   &notice->hit.rule_author,
        &notice->hit.program,    &notice->hit.command_line, &notice->hit.parent,
        &notice->hit.user,       &notice->hit.target,
    };
    status = copy_all(arena, texts, EG_COUNT(texts));
    for (size_t i = 0; status == EG_OK && i < notice->hit.steps.count; i++) {
        status = copy(arena, &notice->hit.steps.step[i].name);
    }
    if (status != EG_OK) {
        eg_arena_destroy(arena);
        return status;
    }
    *out = notice;
    return EG_OK;
}

void eg_tray_notice_destroy(eg_tray_notice *notice)
{
    if (notice) {
        eg_arena_destroy(notice->arena);
    }
}

int eg_service_info_create(const eg_welcome *welcome, eg_service_info **out)
{
    eg_arena *arena = NULL;
    eg_service_info *info;
    int status = eg_arena_create(&arena, ARENA_BLOCK);

    if (status != EG_OK) {
        return status;
    }
    info = eg_arena_alloc(arena, sizeof(*info));
    if (!info) {
        eg_arena_destroy(arena);
        return EG_E_NOMEM;
    }
    info->arena = arena;
    info->welcome = *welcome;
    eg_str *const texts[] = {&info->welcome.version, &info->welcome.computer,
                             &info->welcome.contact, &info->welcome.pack,
                             &info->welcome.instructions};
    status = copy_all(arena, texts, EG_COUNT(texts));
    if (status != EG_OK) {
        eg_arena_destroy(arena);
        return status;
    }
    *out = info;
    return EG_OK;
}

void eg_service_info_destroy(eg_service_info *info)
{
    if (info) {
        eg_arena_destroy(info->arena);
    }
}

static int copy_news(eg_arena *arena, eg_message *message)
{
    eg_service_state *state = &message->body.state;
    eg_check_state *check = &message->body.check_state;
    int status;

    if (message->type == EG_MESSAGE_CHECK_STATE) {
        eg_str *const texts[] = {&check->item, &check->report, &check->error};
        return copy_all(arena, texts, EG_COUNT(texts));
    }
    if (message->type == EG_MESSAGE_UPDATE_STATE) {
        return copy(arena, &message->body.update_state.error);
    }
    status = copy(arena, &state->pack);
    for (size_t i = 0; status == EG_OK && i < state->attention.count; i++) {
        status = copy(arena, &state->attention.item[i].text);
    }
    return status;
}

int eg_service_news_create(const eg_message *message, eg_service_news **out)
{
    eg_arena *arena = NULL;
    eg_service_news *news;
    int status = eg_arena_create(&arena, ARENA_BLOCK);

    if (status != EG_OK) {
        return status;
    }
    news = eg_arena_alloc(arena, sizeof(*news));
    if (!news) {
        eg_arena_destroy(arena);
        return EG_E_NOMEM;
    }
    news->arena = arena;
    news->message = *message;
    status = copy_news(arena, &news->message);
    if (status != EG_OK) {
        eg_arena_destroy(arena);
        return status;
    }
    *out = news;
    return EG_OK;
}

void eg_service_news_destroy(eg_service_news *news)
{
    if (news) {
        eg_arena_destroy(news->arena);
    }
}
