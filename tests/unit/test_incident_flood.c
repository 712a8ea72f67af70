/* SPDX-License-Identifier: Apache-2.0 */
/* Many hits at once: what people are told stays small, and so does what it takes. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/incident.h"

#include <stdio.h>

#define HITS 10000
#define NOW (UINT64_C(13411699300) * EG_TICKS_PER_SECOND)
#define SECONDS_MAX 60 /* with sanitizers on a busy machine; it takes about one */
#define STORY_BYTES_MAX (64u * 1024)

typedef struct flood {
    eg_incidents *incidents;
    size_t stories, news;
} flood;

/* Hit number `i`, on the thing `thing`, by a process of its own without a known parent. */
static void feed(flood *self, int i, int thing, uint64_t time)
{
    char image[64], evidence[16] = "{}";
    eg_event event;
    eg_incident_change change;
    eg_lineage lineage = {.count = 1};
    snprintf(image, sizeof(image), "C:\\Users\\Public\\thing%d.exe", thing);
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.time = event.create_time = time;
    event.pid = (uint32_t)(1000 + i);
    event.field[EG_FIELD_IMAGE] = eg_str_from(image);
    lineage.process[0] =
        (eg_process){.pid = event.pid, .create_time = time, .image = event.field[EG_FIELD_IMAGE]};
    eg_hit hit = {.time = time,
                  .count = 1,
                  .level = EG_LEVEL_HIGH,
                  .rule_id = EG_STR("rule"),
                  .rule_title = EG_STR("A rule"),
                  .program = event.field[EG_FIELD_IMAGE],
                  .event_json = eg_str_from(evidence)};
    hit.fingerprint = eg_hit_fingerprint(hit.rule_id, &event);
    assert_int_equal(eg_incidents_add(self->incidents, &hit, &event, &lineage, &change), EG_OK);
    self->stories += change.is_new;
    self->news += change.is_news;
    if (i == HITS - 1) {
        eg_buf text;
        eg_json json;
        eg_buf_init(&text, STORY_BYTES_MAX);
        eg_json_begin(&json, &text);
        eg_incident_write_json(change.incident, &json);
        assert_int_equal(text.status, EG_OK);
        assert_int_equal(change.incident->rule_count, 1);
        eg_buf_done(&text);
    }
}

static flood run(bool same_thing)
{
    flood self = {0};
    uint64_t start = eg_clock_monotonic_ns();
    assert_int_equal(eg_incidents_create(&self.incidents), EG_OK);
    for (int i = 0; i < HITS; i++) {
        feed(&self, i, same_thing ? 0 : i, NOW + (uint64_t)i * 6 * EG_TICKS_PER_MS);
    }
    assert_true(eg_clock_monotonic_ns() - start < SECONDS_MAX * UINT64_C(1000000000));
    assert_true(eg_incidents_count(self.incidents) <= 4);
    eg_incidents_destroy(self.incidents);
    return self;
}

static void flood__one_rule_on_many_things__is_one_line_in_few_stories(void **state)
{
    EG_UNUSED(state);
    flood got = run(false);
    assert_in_range(got.stories, 1, 4);
}

static void flood__the_same_again_and_again__is_counted_and_told_once(void **state)
{
    EG_UNUSED(state);
    flood got = run(true);
    assert_int_equal(got.stories, 1);
    assert_in_range(got.news, 1, 100);
}

int eg_test_incident_flood(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flood__one_rule_on_many_things__is_one_line_in_few_stories),
        cmocka_unit_test(flood__the_same_again_and_again__is_counted_and_told_once),
    };
    return cmocka_run_group_tests_name("incident_flood", tests, NULL, NULL);
}
