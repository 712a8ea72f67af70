/* SPDX-License-Identifier: Apache-2.0 */
#include "service/notices.h"

#include "core/base/clock.h"
#include "core/base/utf.h"

#include <string.h>

int eg_notices_init(eg_notices *notices)
{
    memset(notices, 0, sizeof(*notices));
    return eg_mutex_init(&notices->lock);
}

void eg_notices_done(eg_notices *notices)
{
    eg_mutex_done(&notices->lock);
}

/* The slot of this topic, else a free one, else the oldest. */
static eg_notice *find_slot(eg_notices *notices, const char *topic)
{
    eg_notice *best = &notices->list[0];
    for (size_t i = 0; i < EG_NOTICES_MAX; i++) {
        eg_notice *slot = &notices->list[i];
        if (slot->topic && strcmp(slot->topic, topic) == 0) {
            return slot;
        }
        if (best->topic && (!slot->topic || slot->time < best->time)) {
            best = slot;
        }
    }
    return best;
}

bool eg_notices_set(eg_notices *notices, const char *topic, const char *text)
{
    char kept[EG_NOTICE_SIZE];
    eg_utf8_copy(kept, sizeof(kept), eg_str_from(text));
    eg_mutex_lock(&notices->lock);
    eg_notice *slot = find_slot(notices, topic);
    bool is_new = !slot->topic || strcmp(slot->topic, topic) != 0 || strcmp(slot->text, kept) != 0;
    if (is_new) {
        slot->topic = topic;
        slot->time = eg_clock_utc();
        memcpy(slot->text, kept, sizeof(kept));
    }
    eg_mutex_unlock(&notices->lock);
    return is_new;
}

bool eg_notices_clear(eg_notices *notices, const char *topic)
{
    bool found = false;
    eg_mutex_lock(&notices->lock);
    for (size_t i = 0; i < EG_NOTICES_MAX; i++) {
        eg_notice *slot = &notices->list[i];
        if (slot->topic && strcmp(slot->topic, topic) == 0) {
            slot->topic = NULL;
            found = true;
        }
    }
    eg_mutex_unlock(&notices->lock);
    return found;
}

bool eg_notices_get(eg_notices *notices, const char *topic, char text[EG_NOTICE_SIZE])
{
    bool found = false;
    eg_mutex_lock(&notices->lock);
    for (size_t i = 0; i < EG_NOTICES_MAX; i++) {
        const eg_notice *slot = &notices->list[i];
        if (slot->topic && strcmp(slot->topic, topic) == 0) {
            memcpy(text, slot->text, EG_NOTICE_SIZE);
            found = true;
        }
    }
    eg_mutex_unlock(&notices->lock);
    return found;
}

void eg_notices_write(eg_notices *notices, eg_json *json)
{
    char time[EG_TIME_TEXT_SIZE];
    eg_json_array(json);
    eg_mutex_lock(&notices->lock);
    for (size_t i = 0; i < EG_NOTICES_MAX; i++) {
        const eg_notice *slot = &notices->list[i];
        if (!slot->topic) {
            continue;
        }
        eg_time_format(slot->time, time);
        eg_json_object(json);
        eg_json_put_str(json, "topic", eg_str_from(slot->topic));
        eg_json_put_str(json, "time", eg_str_from(time));
        eg_json_put_str(json, "text", eg_str_from(slot->text));
        eg_json_object_end(json);
    }
    eg_mutex_unlock(&notices->lock);
    eg_json_array_end(json);
}
