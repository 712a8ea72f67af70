/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "tests/unit/correlation_fixture.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 4096

void eg_test_stream_open(eg_test_stream *stream, const char *yaml,
                         const eg_correlator_limits *limits)
{
    eg_test_problems problems;
    eg_test_rules rules;

    memset(stream, 0, sizeof(*stream));
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, NULL,
                                      &problems.report, &stream->set),
                     EG_OK);
    if (problems.count > 0) {
        fail_msg("line %d: %s", problems.items[0].line, problems.items[0].reason);
    }
    eg_test_rules_done(&rules);
    assert_int_equal(eg_sigma_matcher_create(stream->set, &stream->matcher), EG_OK);
    assert_int_equal(eg_sigma_correlator_create(stream->set, limits, &stream->correlator), EG_OK);
    assert_int_equal(eg_event_reader_create(&stream->reader), EG_OK);
}

void eg_test_stream_done(eg_test_stream *stream)
{
    eg_sigma_correlator_destroy(stream->correlator);
    eg_sigma_matcher_destroy(stream->matcher);
    eg_sigma_set_destroy(stream->set);
    eg_event_reader_destroy(stream->reader);
}

static void tell(eg_test_stream *stream, double seconds, const eg_correlation_hit *hit)
{
    size_t len = strlen(stream->told), room = sizeof(stream->told) - len, i;

    len += (size_t)snprintf(stream->told + len, room, "%g:%.*s=%u", seconds,
                            EG_STR_ARGS(eg_sigma_set_rule(stream->set, hit->rule)->id),
                            (unsigned)hit->count);
    for (i = 0; i < hit->group_count && len < sizeof(stream->told); i++) {
        eg_str value = hit->group[i].value;

        len += (size_t)snprintf(stream->told + len, sizeof(stream->told) - len, "[%.*s]",
                                EG_STR_ARGS(value.ptr ? value : EG_STR("?")));
    }
    assert_true(len + 2 < sizeof(stream->told));
    memcpy(stream->told + len, " ", 2);
}

int eg_test_stream_send_flagged(eg_test_stream *stream, double seconds, uint32_t flags,
                                const char *fields)
{
    const eg_correlation_hit *hits;
    const uint32_t *met;
    char line[FIELDS_MAX];
    size_t count, hit_count, i;
    eg_event event;
    int status;

    (void)snprintf(line, sizeof(line), "{\"channel\":\"Test\",\"event_id\":1,\"fields\":%s}",
                   fields);
    assert_int_equal(eg_event_read_json(stream->reader, eg_str_from(line), &event), EG_OK);
    event.flags = flags;
    event.time = EG_TEST_STREAM_START + (uint64_t)(int64_t)(seconds * (double)EG_TICKS_PER_SECOND);
    assert_int_equal(eg_sigma_match(stream->matcher, &event, &met, &count), EG_OK);
    status = eg_sigma_correlate(stream->correlator, &event, 1, met, count, &hits, &hit_count);
    for (i = 0; i < hit_count; i++) {
        tell(stream, seconds, &hits[i]);
    }
    return status;
}

void eg_test_stream_send(eg_test_stream *stream, double seconds, const char *fields)
{
    assert_int_equal(eg_test_stream_send_flagged(stream, seconds, 0, fields), EG_OK);
}

void eg_test_stream_check(const char *yaml, const char *events, const char *told)
{
    eg_str rest = eg_str_from(events), one;
    eg_test_stream stream;

    eg_test_stream_open(&stream, yaml, NULL);
    while (eg_str_split(&rest, ' ', &one)) {
        char fields[64];
        char *name;
        double seconds = strtod(one.ptr, &name);
        int length = (int)(one.ptr + one.len - name) - 1;

        (void)snprintf(fields, sizeof(fields), "{\"E\":\"%.*s\"}", length, name + 1);
        eg_test_stream_send(&stream, seconds, fields);
    }
    if (strcmp(stream.told, told) != 0) {
        fail_msg("%s\n%s\ntold '%s', not '%s'", yaml, events, stream.told, told);
    }
    eg_test_stream_done(&stream);
}
