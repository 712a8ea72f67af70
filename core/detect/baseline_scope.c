/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/baseline_scope.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

enum { SCOPES_MAX = 256 };

void eg_baseline_sensors_done(eg_baseline_sensors *sensors)
{
    for (size_t i = 0; i < sensors->count; i++) {
        eg_free(sensors->at[i].scopes);
    }
}

eg_baseline_sensor *eg_baseline_sensor_find(eg_baseline_sensors *sensors, eg_str name)
{
    for (size_t i = 0; i < sensors->count; i++) {
        if (eg_str_equal(eg_str_from(sensors->at[i].name), name)) {
            return &sensors->at[i];
        }
    }
    return NULL;
}

eg_baseline_sensor *eg_baseline_sensor_get(eg_baseline_sensors *sensors, eg_str name)
{
    eg_baseline_sensor *found = eg_baseline_sensor_find(sensors, name);
    if (!found && sensors->count < EG_BASELINE_SENSORS_MAX && name.len > 0 &&
        name.len < sizeof(found->name)) {
        found = &sensors->at[sensors->count++];
        memcpy(found->name, name.ptr, name.len);
    }
    return found;
}

size_t eg_baseline_sensor_index(const eg_baseline_sensors *sensors, const eg_baseline_sensor *of)
{
    return (size_t)(of - sensors->at);
}

int eg_baseline_scope_get(eg_baseline_sensor *of, eg_str prefix, eg_baseline_scope **out)
{
    for (size_t i = 0; i < of->scope_count; i++) {
        if (eg_str_equal(eg_str_from(of->scopes[i].prefix), prefix)) {
            *out = &of->scopes[i];
            return EG_OK;
        }
    }
    if (of->scope_count == SCOPES_MAX || prefix.len >= EG_BASELINE_PREFIX_SIZE) {
        return eg_fail(EG_E_LIMIT, "%s: too many parts to compare", of->name);
    }
    eg_baseline_scope *scopes = eg_realloc(of->scopes, (of->scope_count + 1) * sizeof(*scopes));
    if (!scopes) {
        return EG_E_NOMEM;
    }
    of->scopes = scopes;
    eg_baseline_scope *made = &scopes[of->scope_count++];
    *made = (eg_baseline_scope){.known = false};
    if (prefix.len > 0) {
        memcpy(made->prefix, prefix.ptr, prefix.len);
    }
    *out = made;
    return EG_OK;
}

const eg_baseline_scope *eg_baseline_scope_of(const eg_baseline_sensor *of, eg_str name)
{
    for (size_t i = 0; i < of->scope_count; i++) {
        if (of->scopes[i].known && eg_str_starts_nocase(name, eg_str_from(of->scopes[i].prefix))) {
            return &of->scopes[i];
        }
    }
    return NULL;
}
