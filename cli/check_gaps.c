/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_gaps.h"

#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

#define ARENA_BLOCK ((size_t)16 * 1024)
#define NAMES_FIRST ((size_t)8)

static const eg_check_how way_of[EG_CHECK_REASON_COUNT] = {
#define REASON(id, name, way) EG_CHECK_HOW_##way,
#include "cli/check_reasons.def"
#undef REASON
};

/* None for what nobody knows a way to. */
static const char *const ways[EG_LANGUAGE_COUNT][EG_CHECK_HOW_COUNT] = {
#define WORD_TEXT(id, text)
#define AREA_TEXT(id, text)
#define REASON_TEXT(id, text)
#define WAY_TEXT(how, text) [LANGUAGE_ID][EG_CHECK_HOW_##how] = (text),
/* Blanks would be part of the name. */
/* clang-format off */
#define LANGUAGE_TEXTS(code) EG_QUOTE(cli/texts.code.def)
/* clang-format on */
#include "core/detect/languages.def"
#undef LANGUAGE_TEXTS
#undef WAY_TEXT
#undef REASON_TEXT
#undef AREA_TEXT
#undef WORD_TEXT
};

int eg_check_gaps_init(eg_check_gaps *gaps)
{
    memset(gaps, 0, sizeof(*gaps));
    return eg_arena_create(&gaps->arena, ARENA_BLOCK);
}

void eg_check_gaps_done(eg_check_gaps *gaps)
{
    for (size_t i = 0; i < gaps->count; i++) {
        eg_free(gaps->groups[i].names);
    }
    eg_arena_destroy(gaps->arena);
    memset(gaps, 0, sizeof(*gaps));
}

/* The last group takes what has no group of its own, when there are too many reasons. */
static eg_check_group *find_group(eg_check_gaps *gaps, eg_check_area_id area,
                                  eg_check_reason reason, eg_str why)
{
    for (size_t i = 0; i < gaps->count; i++) {
        eg_check_group *group = &gaps->groups[i];
        if (group->area == area && group->reason == reason &&
            eg_str_equal(eg_str_from(group->why), why)) {
            return group;
        }
    }
    if (gaps->count == EG_CHECK_GROUPS_MAX) {
        return &gaps->groups[EG_CHECK_GROUPS_MAX - 1];
    }
    const char *kept = eg_arena_copy(gaps->arena, why.ptr, why.len);
    if (!kept) {
        return NULL;
    }
    gaps->groups[gaps->count] = (eg_check_group){.area = area, .reason = reason, .why = kept};
    return &gaps->groups[gaps->count++];
}

static int add_name(eg_check_gaps *gaps, eg_check_group *group, eg_str what)
{
    if (group->count == EG_CHECK_NAMES_MAX) {
        group->left_out++;
        return EG_OK;
    }
    if (group->count == group->capacity) {
        size_t capacity = group->capacity > 0 ? group->capacity * 2 : NAMES_FIRST;
        eg_check_name *grown = eg_realloc(group->names, capacity * sizeof(*grown));
        if (!grown) {
            return EG_E_NOMEM;
        }
        group->names = grown;
        group->capacity = capacity;
    }
    const char *kept = eg_arena_copy(gaps->arena, what.ptr, what.len);
    if (!kept) {
        return EG_E_NOMEM;
    }
    group->names[group->count++] = (eg_check_name){kept, 1};
    return EG_OK;
}

int eg_check_gaps_add(eg_check_gaps *gaps, eg_check_area_id area, eg_str what,
                      eg_check_reason reason, eg_str why)
{
    eg_check_group *group = find_group(gaps, area, reason, why);
    for (size_t i = 0; group && i < group->count; i++) {
        if (eg_str_equal(eg_str_from(group->names[i].text), what)) {
            group->names[i].count++;
            return EG_OK;
        }
    }
    return group ? add_name(gaps, group, what) : EG_E_NOMEM;
}

int eg_check_gaps_add_path(eg_check_gaps *gaps, eg_check_area_id area, eg_str path,
                           eg_check_reason reason, eg_str why)
{
    for (size_t at = 0; path.len > 0 && at + path.len <= why.len; at++) {
        if (eg_str_equal_nocase((eg_str){why.ptr + at, path.len}, path)) {
            eg_str rest = {why.ptr + at + path.len, why.len - at - path.len};
            while (rest.len > 0 && (rest.ptr[0] == ':' || rest.ptr[0] == ' ')) {
                rest = (eg_str){rest.ptr + 1, rest.len - 1};
            }
            why = rest.len > 0 ? rest : why;
            break;
        }
    }
    return eg_check_gaps_add(gaps, area, path, reason, why);
}

static int tell_group(const eg_check_group *group, eg_check_report *report)
{
    eg_check_gap gap = {
        .area = group->area, .reason = group->reason, .why = eg_str_from(group->why)};
    eg_buf what;
    eg_buf_init(&what, EG_CHECK_TEXT_MAX);
    for (size_t i = 0; i < group->count; i++) {
        eg_buf_appendf(&what, "%s%s", i > 0 ? ", " : "", group->names[i].text);
        if (group->names[i].count > 1) {
            eg_buf_appendf(&what, " (%" PRIu64 ")", group->names[i].count);
        }
    }
    if (group->left_out > 0) {
        eg_buf_appendf(&what, ", +%" PRIu64, group->left_out);
    }
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        gap.how[i] = eg_str_from(ways[i][way_of[group->reason]]);
    }
    gap.what = eg_buf_str(&what); /* what did not fit is cut */
    int status = what.status == EG_E_NOMEM ? EG_E_NOMEM : eg_check_report_add_gap(report, &gap);
    eg_buf_done(&what);
    return status;
}

int eg_check_gaps_tell(const eg_check_gaps *gaps, eg_check_report *report)
{
    int status = EG_OK;
    for (size_t i = 0; i < gaps->count && status == EG_OK; i++) {
        status = tell_group(&gaps->groups[i], report);
    }
    return status;
}
