/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session_alarm.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "core/base/utf.h"
#include "core/ipc/code.h"

#include <windows.h>

#include <wtsapi32.h>

#include <string.h>

#define HITS_AT_ONCE 32u
#define TITLE_BYTES 256u
#define TOLD_MAX 256u /* the oldest is forgotten, and could be told a second time */

/* Parts of the message: around the contact, or somebody where the settings name none. */
typedef struct alarm_texts {
    const char *somebody;
    const char *before, *call, *after;
} alarm_texts;

static const alarm_texts texts[EG_LANGUAGE_COUNT] = {
#define EVENT_TEXT(id, text)
#define ALARM_TEXT(part, text) [LANGUAGE_ID].part = (text),
#define SERVICE_TEXT(part, text)
/* Blanks would be part of the name. */
/* clang-format off */
#define LANGUAGE_TEXTS(code) EG_QUOTE(service/texts.code.def)
/* clang-format on */
#include "core/detect/languages.def"
#undef LANGUAGE_TEXTS
#undef SERVICE_TEXT
#undef ALARM_TEXT
#undef EVENT_TEXT
};

typedef struct story {
    int64_t id;
    char title[TITLE_BYTES];
} story;

typedef struct told {
    int64_t story;
    uint32_t session;
} told;

struct eg_session_alarm {
    eg_session_alarm_options options;
    eg_stoppable thread;
    bool woken; /* under the thread's lock */
    /* the thread's own */
    int64_t cursor; /* hits up to this one were looked at */
    story stories[HITS_AT_ONCE];
    size_t count;
    told told[TOLD_MAX];
    size_t told_next;
};

/* ---- Windows ---- */

static int windows_active(void *user, uint32_t *sessions, size_t max, size_t *count)
{
    WTS_SESSION_INFOW *list = NULL;
    DWORD length = 0;
    EG_UNUSED(user);
    if (!WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &list, &length)) {
        return eg_fail_os(GetLastError(), "list the sessions of this PC");
    }
    *count = 0;
    for (DWORD i = 0; i < length && *count < max; i++) {
        if (list[i].State == WTSActive && list[i].SessionId != 0) {
            sessions[(*count)++] = list[i].SessionId;
        }
    }
    WTSFreeMemory(list);
    return EG_OK;
}

static int windows_tell(void *user, uint32_t session, const wchar_t *title, const wchar_t *text)
{
    wchar_t title_copy[EG_SESSION_TITLE_SIZE], text_copy[EG_SESSION_TEXT_SIZE];
    DWORD answer = 0;
    size_t title_units = wcslen(title), text_units = wcslen(text);
    EG_UNUSED(user);
    memcpy(title_copy, title, (title_units + 1) * sizeof(wchar_t)); /* the call wants them so */
    memcpy(text_copy, text, (text_units + 1) * sizeof(wchar_t));
    if (!WTSSendMessageW(
            WTS_CURRENT_SERVER_HANDLE, session, title_copy, (DWORD)(title_units * sizeof(wchar_t)),
            text_copy, (DWORD)(text_units * sizeof(wchar_t)),
            MB_OK | MB_ICONWARNING | MB_SETFOREGROUND | MB_TOPMOST, 0, &answer, FALSE)) {
        return eg_fail_os(GetLastError(), "show a message in session %lu", (unsigned long)session);
    }
    return EG_OK;
}

const eg_session_calls eg_session_calls_windows = {windows_active, windows_tell};

/* ---- texts ---- */

/* As much as fits into out[size] with "…" behind; never half a character. */
static int to_wide(const eg_buf *text, wchar_t *out, size_t size)
{
    uint16_t *wide = eg_utf16_copy(eg_buf_str(text));
    if (!wide) {
        return EG_E_NOMEM;
    }
    size_t length = 0;
    while (wide[length]) {
        length++;
    }
    size_t kept = length < size ? length : size - 2;
    if (kept < length && kept > 0 && IS_HIGH_SURROGATE(wide[kept - 1])) {
        kept--;
    }
    memcpy(out, wide, kept * sizeof(wchar_t));
    if (kept < length) {
        out[kept++] = 0x2026;
    }
    out[kept] = L'\0';
    eg_free(wide);
    return EG_OK;
}

static int tell(eg_session_alarm *self, uint32_t session, const story *about)
{
    wchar_t title[EG_SESSION_TITLE_SIZE], text[EG_SESSION_TEXT_SIZE];
    char code[EG_INCIDENT_CODE_SIZE];
    const char *contact = self->options.contact;
    eg_language language = self->options.language;
    eg_buf first, rest;
    eg_incident_code(about->id, code);
    eg_buf_init(&first, 4096);
    eg_buf_init(&rest, 4096);
    eg_buf_append_cstr(&first, "EmoGuard: ");
    eg_utf8_append_safe(&first, eg_str_from(about->title));
    eg_buf_append_cstr(&rest, texts[language].before);
    eg_utf8_append_safe(&rest, eg_str_from(contact[0] ? contact : texts[language].somebody));
    eg_buf_appendf(&rest, "%s%s%s", texts[language].call, code, texts[language].after);
    int status = first.status != EG_OK ? first.status : rest.status;
    if (status == EG_OK) {
        status = to_wide(&first, title, EG_COUNT(title));
    }
    if (status == EG_OK) {
        status = to_wide(&rest, text, EG_COUNT(text));
    }
    if (status == EG_OK) {
        status = self->options.calls->tell(self->options.calls_user, session, title, text);
    }
    eg_buf_done(&first);
    eg_buf_done(&rest);
    return status;
}

/* ---- which story to which session ---- */

static int collect(void *user, const eg_hit *hit)
{
    eg_session_alarm *self = user;
    int64_t id = hit->incident_id > 0 ? hit->incident_id : hit->id;
    eg_str title = hit->text[self->options.language].title;
    self->cursor = hit->id;
    for (size_t i = 0; i < self->count; i++) {
        if (self->stories[i].id == id) {
            return EG_OK;
        }
    }
    if (self->count < HITS_AT_ONCE) {
        story *new = &self->stories[self->count++];
        new->id = id;
        eg_utf8_copy(new->title, sizeof(new->title), title.len > 0 ? title : hit->rule_title);
    }
    return EG_OK;
}

static bool was_told(const eg_session_alarm *self, int64_t id, uint32_t session)
{
    for (size_t i = 0; i < TOLD_MAX; i++) {
        if (self->told[i].story == id && self->told[i].session == session) {
            return true;
        }
    }
    return false;
}

static void tell_session(eg_session_alarm *self, uint32_t session)
{
    for (size_t i = 0; i < self->count; i++) {
        const story *about = &self->stories[i];
        if (was_told(self, about->id, session)) {
            continue;
        }
        /* Also when it fails: the next hit must not bring a row of attempts. */
        self->told[self->told_next] = (told){about->id, session};
        self->told_next = (self->told_next + 1) % TOLD_MAX;
        if (tell(self, session, about) == EG_OK) {
            eg_log(EG_LOG_WARNING, "session", "no tray in session %lu: Windows tells incident %lld",
                   (unsigned long)session, (long long)about->id);
        } else {
            eg_log(EG_LOG_ERROR, "session", "%s", eg_error_message());
        }
    }
}

static void look(eg_session_alarm *self)
{
    uint32_t sessions[EG_SESSIONS_MAX];
    size_t count = 0;
    const eg_hit_query query = {.after_id = self->cursor,
                                .min_level = self->options.min_level,
                                .only_news = true,
                                .limit = HITS_AT_ONCE};
    eg_store *store = self->options.store(self->options.user);
    self->count = 0;
    if (!store || eg_store_each_hit(store, &query, collect, self) != EG_OK || self->count == 0) {
        return;
    }
    if (self->options.calls->active(self->options.calls_user, sessions, EG_COUNT(sessions),
                                    &count) != EG_OK) {
        eg_log(EG_LOG_WARNING, "session", "%s", eg_error_message());
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!self->options.has_tray(self->options.user, sessions[i])) {
            tell_session(self, sessions[i]);
        }
    }
}

/* Waits until it is woken, then the grace on top; false when it is to end. */
static bool wait_for_news(eg_session_alarm *self)
{
    eg_mutex_lock(&self->thread.lock);
    while (!self->woken && !self->thread.stopping) {
        eg_cond_wait(&self->thread.changed, &self->thread.lock, EG_FOREVER);
    }
    uint64_t end = eg_deadline_after(self->options.grace_ms);
    while (!self->thread.stopping &&
           eg_cond_wait_until(&self->thread.changed, &self->thread.lock, end) == EG_OK) {
        continue;
    }
    self->woken = false;
    bool go = !self->thread.stopping;
    eg_mutex_unlock(&self->thread.lock);
    return go;
}

static void run(void *arg)
{
    eg_session_alarm *self = arg;
    while (wait_for_news(self)) {
        do {
            look(self);
        } while (self->count == HITS_AT_ONCE);
    }
}

/* ---- life ---- */

int eg_session_alarm_start(const eg_session_alarm_options *options, eg_session_alarm **out)
{
    eg_session_alarm *self = eg_alloc_zero(1, sizeof(*self));
    if (!self) {
        return EG_E_NOMEM;
    }
    self->options = *options;
    self->cursor = options->newest_hit;
    int status = eg_stoppable_init(&self->thread);
    if (status != EG_OK) {
        eg_free(self);
        return status;
    }
    status = eg_stoppable_start(&self->thread, "session", run, self);
    if (status != EG_OK) {
        eg_session_alarm_destroy(self);
        return status;
    }
    *out = self;
    return EG_OK;
}

void eg_session_alarm_wake(eg_session_alarm *alarm)
{
    if (alarm) {
        eg_mutex_lock(&alarm->thread.lock);
        alarm->woken = true;
        eg_cond_wake_all(&alarm->thread.changed);
        eg_mutex_unlock(&alarm->thread.lock);
    }
}

void eg_session_alarm_stop(eg_session_alarm *alarm)
{
    if (alarm) {
        eg_stoppable_stop(&alarm->thread);
    }
}

int eg_session_alarm_join(eg_session_alarm *alarm, uint32_t milliseconds)
{
    return eg_stoppable_join(&alarm->thread, milliseconds, "the alarm for sessions does not stop");
}

void eg_session_alarm_destroy(eg_session_alarm *alarm)
{
    if (alarm) {
        eg_stoppable_done(&alarm->thread);
        eg_free(alarm);
    }
}
