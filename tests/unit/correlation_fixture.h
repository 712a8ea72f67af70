/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events through the rules of one YAML text, for the tests of correlations. */
#ifndef EG_TESTS_CORRELATION_FIXTURE_H
#define EG_TESTS_CORRELATION_FIXTURE_H

#include "core/event/event_json.h"
#include "core/sigma/correlator.h"

#define EG_TEST_STREAM_START UINT64_C(133000000000000000)

/* A rule that is met by events with this text in field E. */
#define EG_TEST_BASE(id) \
    "---\ntitle: t\nid: " id "\nlogsource: {product: windows}\n" \
    "detection: {s: {E: '" id "'}, condition: s}\n"
/* A correlation; `what` is YAML in the form of {a: b}, without its braces. */
#define EG_TEST_CORRELATION(id, what) "---\ntitle: t\nid: " id "\ncorrelation: {" what "}\n"

typedef struct eg_test_stream {
    eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_sigma_correlator *correlator;
    eg_event_reader *reader;
    char told[2048]; /* "5:many=3[tanaka] ": at second 5 `many` counted 3 for that group */
} eg_test_stream;

/* The rules must be without fault. NULL limits: the default ones. */
void eg_test_stream_open(eg_test_stream *stream, const char *yaml,
                         const eg_correlator_limits *limits);
void eg_test_stream_done(eg_test_stream *stream);
/* One event `seconds` after the start (negative: before), given by its fields as JSON. */
void eg_test_stream_send(eg_test_stream *stream, double seconds, const char *fields);
/* The same, with flags (EG_EVENT_...); returns what correlating it gave. */
int eg_test_stream_send_flagged(eg_test_stream *stream, double seconds, uint32_t flags,
                                const char *fields);
/* Opens, sends {"E": name} for each "second:name" of `events`, and compares what was told. */
void eg_test_stream_check(const char *yaml, const char *events, const char *told);

#endif
