/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <string.h>

enum { EVENTS_MAX = 8192 };

struct eg_sensor_fixture {
    const eg_sensor *sensor;
    void *context;
    eg_thread *thread;
    eg_sink sink;
    eg_mutex lock;
    eg_cond changed;
    eg_event *events[EVENTS_MAX];
    size_t count;
    eg_sensor_health health;
    char source[32];
};

static void keep(void *user, const eg_event *event)
{
    eg_sensor_fixture *fixture = user;
    eg_mutex_lock(&fixture->lock);
    if (fixture->count < EVENTS_MAX &&
        eg_event_clone(event, &fixture->events[fixture->count]) == EG_OK) {
        fixture->count++;
    }
    eg_cond_wake_all(&fixture->changed);
    eg_mutex_unlock(&fixture->lock);
}

static void keep_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                        const char *detail)
{
    eg_sensor_fixture *fixture = user;
    size_t size =
        strlen(source) < sizeof(fixture->source) ? strlen(source) : sizeof(fixture->source) - 1;
    EG_UNUSED(sensor);
    EG_UNUSED(detail);
    eg_mutex_lock(&fixture->lock);
    fixture->health = health;
    memcpy(fixture->source, source, size);
    fixture->source[size] = '\0';
    eg_cond_wake_all(&fixture->changed);
    eg_mutex_unlock(&fixture->lock);
}

static void run(void *arg)
{
    eg_sensor_fixture *fixture = arg;
    fixture->sensor->run(fixture->context);
}

eg_sensor_fixture *eg_sensor_fixture_collect(void)
{
    eg_sensor_fixture *fixture = eg_alloc_zero(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->sink = (eg_sink){.user = fixture, .emit = keep, .health = keep_health};
    assert_int_equal(eg_mutex_init(&fixture->lock), EG_OK);
    assert_int_equal(eg_cond_init(&fixture->changed), EG_OK);
    return fixture;
}

const eg_sink *eg_sensor_fixture_sink(eg_sensor_fixture *fixture)
{
    return &fixture->sink;
}

eg_sensor_fixture *eg_sensor_fixture_start(const char *sensor_name)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sensors[i]->name, sensor_name) == 0) {
            fixture->sensor = sensors[i];
        }
    }
    assert_non_null(fixture->sensor);
    assert_int_equal(fixture->sensor->open(&fixture->context, &fixture->sink), EG_OK);
    assert_int_equal(eg_thread_start(&fixture->thread, "sensor", run, fixture), EG_OK);
    uint64_t begin = eg_clock_monotonic_ns();
    eg_mutex_lock(&fixture->lock);
    while (fixture->health == EG_SENSOR_STARTING &&
           eg_clock_monotonic_ns() - begin < (uint64_t)EG_TEST_DEADLINE_MS * 1000000) {
        eg_cond_wait(&fixture->changed, &fixture->lock, 100);
    }
    eg_mutex_unlock(&fixture->lock);
    assert_int_not_equal(fixture->health, EG_SENSOR_STARTING);
    return fixture;
}

void eg_sensor_fixture_stop(eg_sensor_fixture *fixture)
{
    if (fixture->sensor) {
        fixture->sensor->stop(fixture->context);
        fixture->sensor->stop(fixture->context); /* twice is allowed */
        eg_thread_join(fixture->thread);
        fixture->sensor->close(fixture->context);
        fixture->sensor->close(NULL);
    }
    for (size_t i = 0; i < fixture->count; i++) {
        eg_free(fixture->events[i]);
    }
    eg_cond_done(&fixture->changed);
    eg_mutex_done(&fixture->lock);
    eg_free(fixture);
}

void eg_sensor_fixture_snapshot(eg_sensor_fixture *fixture)
{
    assert_int_equal(fixture->sensor->snapshot(fixture->context), EG_OK);
}

void eg_sensor_fixture_signed_off(eg_sensor_fixture *fixture)
{
    assert_non_null(fixture->sensor->signed_off);
    fixture->sensor->signed_off(fixture->context);
}

size_t eg_sensor_fixture_count(eg_sensor_fixture *fixture)
{
    eg_mutex_lock(&fixture->lock);
    size_t count = fixture->count;
    eg_mutex_unlock(&fixture->lock);
    return count;
}

eg_sensor_health eg_sensor_fixture_health(eg_sensor_fixture *fixture, eg_str *source)
{
    eg_mutex_lock(&fixture->lock);
    eg_sensor_health health = fixture->health;
    *source = eg_str_from(fixture->source);
    eg_mutex_unlock(&fixture->lock);
    return health;
}

static const eg_event *search(const eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                              eg_field field, const char *value, size_t *index)
{
    for (size_t i = from; i < fixture->count; i++) {
        const eg_event *event = fixture->events[i];
        if (event->kind == kind && event->field[field].ptr &&
            eg_str_ends_nocase(event->field[field], eg_str_from(value))) {
            if (index) {
                *index = i;
            }
            return event;
        }
    }
    return NULL;
}

const eg_event *eg_sensor_fixture_find(eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                                       eg_field field, const char *value, size_t *index)
{
    eg_mutex_lock(&fixture->lock);
    const eg_event *found = search(fixture, from, kind, field, value, index);
    eg_mutex_unlock(&fixture->lock);
    return found;
}

const eg_event *eg_sensor_fixture_wait(eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                                       eg_field field, const char *value, size_t *index)
{
    uint64_t begin = eg_clock_monotonic_ns();
    eg_mutex_lock(&fixture->lock);
    const eg_event *found = search(fixture, from, kind, field, value, index);
    while (!found && eg_clock_monotonic_ns() - begin < (uint64_t)EG_TEST_DEADLINE_MS * 1000000) {
        eg_cond_wait(&fixture->changed, &fixture->lock, 100);
        found = search(fixture, from, kind, field, value, index);
    }
    eg_mutex_unlock(&fixture->lock);
    return found;
}

/* cmocka compares text that ends with a NUL, fields do not. */
static char *field_text(const eg_event *event, eg_field field)
{
    eg_str value = event->field[field];
    char *text = value.ptr ? eg_copy_bytes(value.ptr, value.len) : eg_copy_bytes("(missing)", 9);
    assert_non_null(text);
    return text;
}

void assert_event_field(const eg_event *event, eg_field field, const char *expected)
{
    char *text = field_text(event, field);
    assert_string_equal(text, expected);
    eg_free(text);
}

void assert_event_field_has(const eg_event *event, eg_field field, const char *part)
{
    char *text = field_text(event, field);
    assert_non_null(strstr(text, part));
    eg_free(text);
}
