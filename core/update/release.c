/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/release.h"

#include "core/base/clock.h"
#include "core/base/engine.h"
#include "core/base/status.h"
#include "core/update/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERMILLE 1000u

static int wrong(const eg_tuf_target *target, const char *what)
{
    return eg_fail(EG_E_INVALID, "target %.*s: %s", EG_STR_ARGS(target->path), what);
}

/* A member that may be missing; false when it is there and no number up to `max`. */
static bool read_number(yyjson_val *object, const char *key, uint64_t max, uint32_t *out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    uint64_t number = value && yyjson_is_uint(value) ? yyjson_get_uint(value) : 0;
    if ((value && !yyjson_is_uint(value)) || number > max) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

/* ---- reading ---- */

static int read_archive(yyjson_val *archive, eg_release *out)
{
    if (!yyjson_is_obj(archive) ||
        !eg_hex_decode(eg_json_get_str(archive, "sha256"), out->archive, sizeof(out->archive))) {
        return wrong(out->target, "\"archive\" has no \"sha256\"");
    }
    out->archive_size = eg_json_get_u64(archive, "length", 0);
    return out->archive_size == 0 || out->archive_size > EG_BUNDLE_ARCHIVE_MAX
               ? wrong(out->target, "\"archive\" has no \"length\" that may be")
               : EG_OK;
}

static int read_stage(yyjson_val *value, eg_release *out)
{
    eg_release_stage stage = {0, 0};
    if (!yyjson_is_obj(value) || !read_number(value, "permille", PERMILLE, &stage.permille) ||
        eg_time_parse(eg_json_get_str(value, "after"), &stage.after) != EG_OK) {
        return wrong(out->target, "a stage needs \"after\", a time, and \"permille\", 0 to 1000");
    }
    if (out->stage_count == EG_RELEASE_STAGES_MAX) {
        return wrong(out->target, "too many stages");
    }
    const eg_release_stage *last = out->stage_count > 0 ? &out->stages[out->stage_count - 1] : NULL;
    if (last && (stage.after < last->after || stage.permille < last->permille)) {
        return wrong(out->target, "the stages are not in order");
    }
    out->stages[out->stage_count++] = stage;
    return EG_OK;
}

static int read_rollout(yyjson_val *rollout, eg_release *out)
{
    yyjson_val *stages = yyjson_obj_get(rollout, "stages"), *value;
    yyjson_arr_iter iterator;
    int status = EG_OK;
    if (rollout && !yyjson_is_obj(rollout)) {
        return wrong(out->target, "\"rollout\" is no object");
    }
    if (stages && !yyjson_is_arr(stages)) {
        return wrong(out->target, "\"stages\" is no list");
    }
    out->emergency = eg_json_get_bool(rollout, "emergency", false);
    if (stages && yyjson_arr_iter_init(stages, &iterator)) {
        while (status == EG_OK && (value = yyjson_arr_iter_next(&iterator)) != NULL) {
            status = read_stage(value, out);
        }
    }
    return status;
}

static int read_guard(yyjson_val *guard, eg_release *out)
{
    if (!guard) {
        return EG_OK;
    }
    return yyjson_is_obj(guard) &&
                   read_number(guard, "max_hits_per_hour", UINT32_MAX,
                               &out->guard.max_hits_per_hour) &&
                   read_number(guard, "max_slowdown", UINT32_MAX, &out->guard.max_slowdown)
               ? EG_OK
               : wrong(out->target, "\"guard\" is wrong");
}

int eg_release_read(const eg_tuf_target *target, eg_release *out)
{
    yyjson_val *custom = target->custom;
    eg_release release = {.target = target};
    if (!custom || !yyjson_obj_get(custom, "serial")) {
        return eg_fail(EG_E_NOTFOUND, "target %.*s is no pack", EG_STR_ARGS(target->path));
    }
    release.serial = eg_json_get_u64(custom, "serial", 0);
    release.name = eg_json_get_str(custom, "name");
    release.engine_min = eg_json_get_str(custom, "engine_min");
    if (release.serial == 0 || release.name.len == 0) {
        return wrong(target, "\"serial\" or \"name\" is missing");
    }
    if (!read_number(custom, "spread_s", EG_RELEASE_SPREAD_MAX, &release.spread_s)) {
        return wrong(target, "\"spread_s\" is wrong");
    }
    int status = read_archive(yyjson_obj_get(custom, "archive"), &release);
    if (status == EG_OK) {
        status = read_rollout(yyjson_obj_get(custom, "rollout"), &release);
    }
    if (status == EG_OK) {
        status = read_guard(yyjson_obj_get(custom, "guard"), &release);
    }
    if (status == EG_OK) {
        *out = release;
    }
    return status;
}

/* ---- choosing ---- */

uint32_t eg_release_bucket(uint64_t serial, eg_str agent_id)
{
    char seed[24 + 128];
    uint8_t hash[EG_HASH256_SIZE];
    int length =
        snprintf(seed, sizeof(seed), "%" PRIu64 "%.*s", serial,
                 agent_id.len > 120 ? 120 : (int)agent_id.len, agent_id.ptr ? agent_id.ptr : "");
    eg_sha256((eg_str){seed, (size_t)length}, hash);
    uint32_t number = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 |
                      (uint32_t)hash[3];
    return number % PERMILLE;
}

bool eg_release_is_due(const eg_release *release, const eg_release_agent *agent, uint64_t now,
                       uint64_t *later)
{
    *later = 0;
    if (agent->hold > 0 && release->serial > agent->hold) {
        return false;
    }
    if (release->emergency || agent->canary || release->stage_count == 0) {
        return true;
    }
    uint32_t bucket = eg_release_bucket(release->serial, agent->id);
    for (size_t i = 0; i < release->stage_count; i++) {
        const eg_release_stage *stage = &release->stages[i];
        if (bucket < stage->permille) {
            *later = stage->after > now ? stage->after : 0;
            return stage->after <= now;
        }
    }
    return false;
}

static bool is_rejected(const eg_release *release, const eg_release_agent *agent)
{
    for (size_t i = 0; i < agent->rejected_count; i++) {
        if (memcmp(agent->rejected + i * EG_HASH256_SIZE, release->archive, EG_HASH256_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

int eg_release_choose(const eg_tuf_metadata *targets, const eg_release_agent *agent, uint64_t now,
                      eg_release *out, uint64_t *later, size_t *wrong_count)
{
    eg_release best = {0}, release;
    size_t bad = 0;
    uint64_t soonest = 0, when;
    for (size_t i = 0; i < targets->target_count; i++) {
        int status = eg_release_read(&targets->targets[i], &release);
        bad += status == EG_E_INVALID;
        if (status != EG_OK || is_rejected(&release, agent) ||
            eg_engine_check(release.engine_min) != EG_OK) {
            continue;
        }
        if (!eg_release_is_due(&release, agent, now, &when)) {
            soonest = when > 0 && (soonest == 0 || when < soonest) ? when : soonest;
        } else if (release.serial > best.serial) {
            best = release;
        }
    }
    if (wrong_count) {
        *wrong_count = bad;
    }
    *later = soonest;
    if (best.serial == 0) {
        return eg_fail(EG_E_NOTFOUND, "no pack is published for this PC now");
    }
    *out = best;
    return EG_OK;
}

static bool has_hash(yyjson_val *custom, const char *key, const uint8_t hash[EG_HASH256_SIZE])
{
    uint8_t told[EG_HASH256_SIZE];
    return eg_hex_decode(eg_json_get_str(custom, key), told, sizeof(told)) &&
           memcmp(told, hash, sizeof(told)) == 0;
}

const eg_tuf_target *eg_release_find_delta(const eg_tuf_metadata *targets,
                                           const uint8_t from[EG_HASH256_SIZE],
                                           const uint8_t to[EG_HASH256_SIZE])
{
    for (size_t i = 0; i < targets->target_count; i++) {
        const eg_tuf_target *target = &targets->targets[i];
        if (target->custom && has_hash(target->custom, "from", from) &&
            has_hash(target->custom, "to", to)) {
            return target;
        }
    }
    return NULL;
}
