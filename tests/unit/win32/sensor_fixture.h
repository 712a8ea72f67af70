/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running sensor whose events are kept, so that a test can wait for one. Include after unit.h.
 * The events belong to the fixture and live until it is stopped.
 */
#ifndef EG_TESTS_SENSOR_FIXTURE_H
#define EG_TESTS_SENSOR_FIXTURE_H

#include "driverless-hooks/sensor.h"

#define EG_TEST_DEADLINE_MS 20000u

typedef struct eg_sensor_fixture eg_sensor_fixture;

/* Both fail the test when they cannot do it. start returns once the sensor reports its health. */
eg_sensor_fixture *eg_sensor_fixture_start(const char *sensor_name);
void eg_sensor_fixture_stop(eg_sensor_fixture *fixture);

/* A sink that keeps events, without a sensor; stop it as one. */
eg_sensor_fixture *eg_sensor_fixture_collect(void);
const eg_sink *eg_sensor_fixture_sink(eg_sensor_fixture *fixture);

void eg_sensor_fixture_snapshot(eg_sensor_fixture *fixture);
void eg_sensor_fixture_signed_off(eg_sensor_fixture *fixture); /* as if a user signed off */
size_t eg_sensor_fixture_count(eg_sensor_fixture *fixture);
/* Health last reported; the texts "poll", "etw"... are the fixture's. */
eg_sensor_health eg_sensor_fixture_health(eg_sensor_fixture *fixture, eg_str *source);

/*
 * The first event from number `from` on that has this kind and in which `field` ends with `value`,
 * waited for until the deadline; NULL when none came. `index` (may be NULL) gets its number.
 */
const eg_event *eg_sensor_fixture_wait(eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                                       eg_field field, const char *value, size_t *index);
/* The same without waiting. */
const eg_event *eg_sensor_fixture_find(eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                                       eg_field field, const char *value, size_t *index);

/* Fail the test when the field is not, or does not contain, the expected text. */
void assert_event_field(const eg_event *event, eg_field field, const char *expected);
void assert_event_field_has(const eg_event *event, eg_field field, const char *part);

#endif
