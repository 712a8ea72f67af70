/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/compiler.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/registry_event.h"
#include "driverless-hooks/decode/service_event.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_services(const uint8_t *data, size_t size);

static const char *const names[] = {
    "a\\ImagePath",      "a\\Type", "a\\Start",    "a\\ObjectName", "a\\Parameters\\ServiceDll",
    "a\\FailureCommand", "b\\Type", "b\\ImagePath"};

typedef struct judging {
    eg_value_list *before, *now;
    eg_event_text text;
    int installed[2]; /* of the services a and b */
} judging;

/* A service is installed once at most, its texts are short, and a value is told as it is. */
static void judge(void *user, const eg_value *before, const eg_value *now)
{
    judging *j = user;
    eg_event event;
    if (eg_service_is_installed_by(j->before, j->now, before, now)) {
        eg_str service = eg_service_of(now->name);
        EG_FUZZ_CHECK(service.len == 1);
        EG_FUZZ_CHECK(++j->installed[service.ptr[0] - 'a'] == 1);
        eg_service_event(&event, &j->text, 1, j->now, service);
        EG_FUZZ_CHECK(eg_str_equal(event.field[EG_FIELD_SERVICE_NAME], service));
        EG_FUZZ_CHECK(event.field[EG_FIELD_IMAGE_PATH].ptr);
        EG_FUZZ_CHECK(event.field[EG_FIELD_START_TYPE].len < 20);
    }
    eg_registry_event(&event, &j->text, 1, EG_STR("K"), before, now);
    EG_FUZZ_CHECK(event.field[EG_FIELD_TARGET_OBJECT].len == 2 + (now ? now : before)->name.len);
    EG_FUZZ_CHECK((event.field[EG_FIELD_DETAILS].ptr != NULL) == (now != NULL));
    EG_FUZZ_CHECK((event.field[EG_FIELD_PREVIOUS_DETAILS].ptr != NULL) == (before != NULL));
}

/* Records of three bytes and data: which list and name, type, length. */
int eg_fuzz_services(const uint8_t *data, size_t size)
{
    judging j = {0};
    EG_FUZZ_CHECK(eg_value_list_create(&j.before) == EG_OK);
    EG_FUZZ_CHECK(eg_value_list_create(&j.now) == EG_OK);
    EG_FUZZ_CHECK(eg_event_text_init(&j.text) == EG_OK);
    while (size >= 3) {
        const char *name = names[data[0] % EG_COUNT(names)];
        size_t length = data[2] < size - 3 ? data[2] : size - 3;
        eg_value value = {eg_str_from(name), data[1], {(const char *)data + 3, length}, length};
        EG_FUZZ_CHECK(eg_value_list_add(data[0] & 0x80 ? j.before : j.now, &value) == EG_OK);
        data += 3 + length;
        size -= 3 + length;
    }
    eg_value_list_seal(j.before);
    eg_value_list_seal(j.now);
    eg_value_diff(j.before, j.now, judge, &j);
    eg_event_text_done(&j.text);
    eg_value_list_destroy(j.before);
    eg_value_list_destroy(j.now);
    return 0;
}
