/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sensor_hints.h"

typedef struct hint {
    eg_str name;
    const char *from;
} hint;

#define SOURCE(name, from) {EG_STR_INIT(name), from},
#define FIELD(name, from)
static const hint sources[] = {
#include "cli/sensor_hints.def"
};
#undef SOURCE
#undef FIELD

#define SOURCE(name, from)
#define FIELD(name, from) {EG_STR_INIT(name), from},
static const hint fields[] = {
#include "cli/sensor_hints.def"
};
#undef SOURCE
#undef FIELD

static const char *find(const hint *hints, size_t count, eg_str name, const char *otherwise)
{
    for (size_t i = 0; i < count; i++) {
        if (eg_str_equal(hints[i].name, name)) {
            return hints[i].from;
        }
    }
    return otherwise;
}

const char *eg_hint_for_source(eg_str log_source)
{
    return find(sources, EG_COUNT(sources), log_source, "an event log sensor for that log");
}

const char *eg_hint_for_field(eg_str log_source, eg_str field)
{
    return find(fields, EG_COUNT(fields), field, eg_hint_for_source(log_source));
}
