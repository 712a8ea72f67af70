/* SPDX-License-Identifier: Apache-2.0 */
/* Input: rules as YAML, a NUL, the JSON object of an event's fields. */
#include "core/base/status.h"
#include "core/event/event_json.h"
#include "core/sigma/set.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define RULES_MAX 16
#define RULE(id, source, detection) \
    "---\ntitle: t\nid: " id "\nlogsource: {product: windows" source "}\ndetection:\n" detection

int eg_fuzz_sigma_match(const uint8_t *data, size_t size);

/* Rules that share questions, fields and log sources with whatever else is there. */
static const char strangers[] = RULE(
    "\"\\0\"", "", "  s: [a, b, .exe]\n  t: {Image|contains: [m, cmd, a]}\n  condition: s or t\n")
    RULE("\"\\0\\0\"", ", category: process_creation",
         "  s: {Image|endswith: .exe, CommandLine|re: 'a+'}\n  condition: not s\n");

typedef struct rules {
    const eg_sigma_rule *items[RULES_MAX];
    size_t count;
} rules;

static int keep(void *user, eg_sigma_rule *rule)
{
    rules *r = user;

    if (r->count == RULES_MAX) {
        eg_sigma_rule_destroy(rule);
        return EG_E_LIMIT;
    }
    r->items[r->count++] = rule;
    return EG_OK;
}

/* Bit n: the rule with the n-th of these ids is met. */
static uint64_t verdicts(const rules *compiled, const rules *asked, const eg_event *event)
{
    eg_sigma_matcher *matcher = NULL;
    eg_sigma_set *set = NULL;
    const uint32_t *met;
    uint64_t bits = 0;
    size_t count, i, j;

    if (eg_sigma_compile(compiled->items, compiled->count, NULL, NULL, &set) == EG_OK &&
        eg_sigma_matcher_create(set, &matcher) == EG_OK &&
        eg_sigma_match(matcher, event, &met, &count) == EG_OK) {
        for (i = 0; i < count; i++) {
            for (j = 0; j < asked->count; j++) {
                if (eg_str_equal(eg_sigma_set_rule(set, met[i])->id,
                                 eg_sigma_rule_info(asked->items[j])->id))
                    bits |= UINT64_C(1) << j;
            }
        }
    }
    eg_sigma_matcher_destroy(matcher);
    eg_sigma_set_destroy(set);
    return bits;
}

/* Other rules beside them never change a verdict. */
int eg_fuzz_sigma_match(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    rules own = {{NULL}, 0}, all;
    eg_event_reader *reader = NULL;
    eg_event event;
    eg_buf line;
    size_t i;

    if (!end || eg_event_reader_create(&reader) != EG_OK)
        return 0;
    eg_buf_init(&line, 1 << 20);
    (void)eg_buf_appendf(&line,
                         "{\"channel\":\"" EG_CHANNEL_SYSMON "\",\"event_id\":1,\"fields\":%.*s}",
                         (int)(size - (size_t)(end - data) - 1), (const char *)end + 1);
    (void)eg_sigma_parse((eg_str){(const char *)data, (size_t)(end - data)}, "f.yml", NULL, keep,
                         &own);
    all = own;
    (void)eg_sigma_parse(eg_str_from(strangers), "s.yml", NULL, keep, &all);
    if (own.count > 0 && eg_event_read_json(reader, eg_buf_str(&line), &event) == EG_OK)
        EG_FUZZ_CHECK(verdicts(&own, &own, &event) == verdicts(&all, &own, &event));
    for (i = 0; i < all.count; i++)
        eg_sigma_rule_destroy((eg_sigma_rule *)all.items[i]);
    eg_buf_done(&line);
    eg_event_reader_destroy(reader);
    return 0;
}
