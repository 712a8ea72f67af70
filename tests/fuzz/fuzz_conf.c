/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/conf.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_conf(const uint8_t *data, size_t size);

typedef struct settings {
    uint64_t days;
    bool enabled;
    eg_buf server;
} settings;

/* Settings are within their limits after a good file and untouched after a bad one. */
int eg_fuzz_conf(const uint8_t *data, size_t size)
{
    static const eg_conf_key keys[] = {
        {"", "enabled", EG_CONF_BOOL, offsetof(settings, enabled), 0, 0},
        {"store", "days", EG_CONF_NUMBER, offsetof(settings, days), 1, 3650},
        {"store", "server", EG_CONF_TEXT, offsetof(settings, server), 1, 10},
    };
    settings s = {.days = 4000};
    eg_buf_init(&s.server, 10);
    eg_str text = {size > 0 ? (const char *)data : "", size};
    int status = eg_conf_read(text, "fuzz.ini", keys, EG_COUNT(keys), &s);
    if (status == EG_OK) {
        EG_FUZZ_CHECK(s.days == 4000 || (s.days >= 1 && s.days <= 3650));
        EG_FUZZ_CHECK(s.server.len <= 10 && eg_utf8_valid(eg_buf_str(&s.server)));
        EG_FUZZ_CHECK(strlen(eg_buf_cstr(&s.server)) == s.server.len);
    } else {
        EG_FUZZ_CHECK(s.days == 4000 && !s.enabled && s.server.len == 0);
        EG_FUZZ_CHECK(strstr(eg_error_message(), "fuzz.ini line "));
        EG_FUZZ_CHECK(eg_utf8_valid(eg_str_from(eg_error_message())));
    }
    eg_buf_done(&s.server);
    return 0;
}
