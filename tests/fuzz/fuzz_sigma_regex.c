/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a regular expression, a line end, the text it is tried on. */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/sigma/regex.h"
#include "core/sigma/regex_literal.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_sigma_regex(const uint8_t *data, size_t size);

static bool contains_folded(eg_str text, eg_str literal)
{
    eg_buf a, b;
    eg_buf_init(&a, 64 * 1024);
    eg_buf_init(&b, 64 * 1024);
    bool known = eg_fold_str(&a, text) == EG_OK && eg_fold_str(&b, literal) == EG_OK;
    bool found = !known;
    for (size_t i = 0; !found && i + b.len <= a.len; i++) {
        found = b.len == 0 || memcmp(a.data + i, b.data, b.len) == 0;
    }
    eg_buf_done(&b);
    eg_buf_done(&a);
    return found;
}

/* What the expression finds holds one of the literals that are said to be necessary. */
int eg_fuzz_sigma_regex(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";
    const char *end = memchr(text, '\n', size);
    eg_regex *regex = NULL;
    eg_regex_scratch *scratch = NULL;
    eg_arena *arena = NULL;
    const eg_str *literals = NULL;
    size_t count = 0;
    bool found = false, held = false;

    if (!end || size > 4096 || !eg_utf8_valid((eg_str){text, size})) {
        return 0;
    }
    const eg_str pattern = {text, (size_t)(end - text)};
    const eg_str subject = {end + 1, size - pattern.len - 1};
    if (eg_arena_create(&arena, 4096) == EG_OK && eg_regex_scratch_create(&scratch) == EG_OK &&
        eg_regex_compile(pattern, 0, &regex) == EG_OK &&
        eg_regex_literals(arena, pattern, &literals, &count) == EG_OK &&
        eg_regex_search(regex, scratch, subject, &found) == EG_OK && found && count > 0) {
        for (size_t i = 0; !held && i < count; i++) {
            held = contains_folded(subject, literals[i]);
        }
        EG_FUZZ_CHECK(held);
    }
    eg_regex_destroy(regex);
    eg_regex_scratch_destroy(scratch);
    eg_arena_destroy(arena);
    return 0;
}
