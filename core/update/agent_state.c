/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/agent_state.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/update/bundle.h"

#include <string.h>

/* On disk: the SHA-256 of what follows as hexadecimal, a line end, then the JSON object. */
#define HEX_SIZE (2 * EG_HASH256_SIZE)
#define HEAD_SIZE (HEX_SIZE + 1)

void eg_agent_state_reject(eg_agent_state *state, const eg_agent_pack *pack, uint64_t now,
                           const char *reason)
{
    if (state->rejected_count == EG_AGENT_STATE_REJECTED_MAX) {
        state->rejected_count--;
        memmove(state->rejected, state->rejected + 1,
                state->rejected_count * sizeof(state->rejected[0]));
    }
    eg_agent_rejected *entry = &state->rejected[state->rejected_count++];
    memset(entry, 0, sizeof(*entry));
    memcpy(entry->archive, pack->archive, sizeof(entry->archive));
    entry->serial = pack->serial;
    entry->time = now;
    eg_utf8_copy(entry->reason, sizeof(entry->reason), eg_str_from(reason));
}

const eg_agent_rejected *eg_agent_state_refused(const eg_agent_state *state)
{
    const eg_agent_rejected *newest = NULL;
    uint64_t good = state->on_trial ? state->last_good.serial : state->current.serial;
    for (size_t i = 0; i < state->rejected_count; i++) {
        const eg_agent_rejected *entry = &state->rejected[i];
        if (entry->serial > good && (!newest || entry->serial >= newest->serial)) {
            newest = entry;
        }
    }
    return newest;
}

/* ---- writing ---- */

static void put_hash(eg_json *json, const uint8_t hash[EG_HASH256_SIZE])
{
    char hex[HEX_SIZE + 1];
    eg_hex_encode(hash, EG_HASH256_SIZE, hex);
    eg_json_put_str(json, "archive", eg_str_from(hex));
}

static void put_pack(eg_json *json, const char *key, const eg_agent_pack *pack)
{
    eg_json_key(json, key);
    if (pack->serial == 0) {
        eg_json_null(json);
        return;
    }
    eg_json_object(json);
    eg_json_put_u64(json, "serial", pack->serial);
    put_hash(json, pack->archive);
    eg_json_put_u64(json, "size", pack->size);
    eg_json_put_u64(json, "max_hits_per_hour", pack->guard.max_hits_per_hour);
    eg_json_put_u64(json, "max_slowdown", pack->guard.max_slowdown);
    eg_json_object_end(json);
}

static void put_pace(eg_json *json, const eg_guard_pace *pace)
{
    eg_json_key(json, "pace");
    eg_json_array(json);
    for (int i = 0; i < EG_GUARD_WORKS; i++) {
        eg_json_u64(json, pace->ns[i]);
    }
    eg_json_array_end(json);
}

static void put_rejected(eg_json *json, const eg_agent_rejected *entry)
{
    eg_json_object(json);
    eg_json_put_u64(json, "serial", entry->serial);
    put_hash(json, entry->archive);
    eg_json_put_u64(json, "time", entry->time);
    eg_json_put_str(json, "reason", eg_str_from(entry->reason));
    eg_json_object_end(json);
}

int eg_agent_state_encode(const eg_agent_state *state, eg_buf *out)
{
    uint8_t checksum[EG_HASH256_SIZE];
    char hex[HEAD_SIZE + 1] = {0};
    eg_json json;
    size_t start = out->len;
    eg_buf_append(out, hex, HEAD_SIZE);
    eg_json_begin(&json, out);
    eg_json_object(&json);
    put_pack(&json, "current", &state->current);
    put_pack(&json, "last_good", &state->last_good);
    eg_json_put_bool(&json, "on_trial", state->on_trial);
    eg_json_put_u64(&json, "trial_since", state->trial_since);
    eg_json_put_u64(&json, "crashes", state->crashes);
    put_pace(&json, &state->pace);
    put_pack(&json, "tested", &state->tested);
    eg_json_put_bool(&json, "testing", state->testing);
    eg_json_put_u64(&json, "test_crashes", state->test_crashes);
    eg_json_put_bool(&json, "running", state->running);
    eg_json_key(&json, "rejected");
    eg_json_array(&json);
    for (size_t i = 0; i < state->rejected_count; i++) {
        put_rejected(&json, &state->rejected[i]);
    }
    eg_json_array_end(&json);
    eg_json_object_end(&json);
    if (out->status != EG_OK) {
        return out->status;
    }
    size_t body = start + HEAD_SIZE;
    eg_sha256((eg_str){out->data + body, out->len - body}, checksum);
    eg_hex_encode(checksum, sizeof(checksum), hex);
    hex[HEX_SIZE] = '\n';
    memcpy(out->data + start, hex, HEAD_SIZE);
    return EG_OK;
}

/* ---- reading ---- */

static int wrong(const char *what)
{
    return eg_fail(EG_E_CORRUPT, "state of the packs: %s", what);
}

static bool take_number(yyjson_val *object, const char *key, uint64_t max, uint64_t *out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) > max) {
        return false;
    }
    *out = yyjson_get_uint(value);
    return true;
}

static bool take_hash(yyjson_val *object, uint8_t out[EG_HASH256_SIZE])
{
    return eg_hex_decode(eg_json_get_str(object, "archive"), out, EG_HASH256_SIZE);
}

static bool take_flag(yyjson_val *object, const char *key, bool *out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    *out = yyjson_is_true(value);
    return yyjson_is_bool(value);
}

static bool take_pack(yyjson_val *object, const char *key, eg_agent_pack *out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    uint64_t hits = 0, slowdown = 0;
    if (yyjson_is_null(value)) {
        return true;
    }
    if (!yyjson_is_obj(value) || !take_hash(value, out->archive) ||
        !take_number(value, "serial", UINT64_MAX, &out->serial) || out->serial == 0 ||
        !take_number(value, "size", EG_BUNDLE_ARCHIVE_MAX, &out->size) ||
        !take_number(value, "max_hits_per_hour", UINT32_MAX, &hits) ||
        !take_number(value, "max_slowdown", UINT32_MAX, &slowdown)) {
        return false;
    }
    out->guard = (eg_release_guard){(uint32_t)hits, (uint32_t)slowdown};
    return true;
}

static bool take_pace(yyjson_val *list, eg_guard_pace *out)
{
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) != EG_GUARD_WORKS) {
        return false;
    }
    for (size_t i = 0; i < EG_GUARD_WORKS; i++) {
        yyjson_val *value = yyjson_arr_get(list, i);
        if (!yyjson_is_uint(value)) {
            return false;
        }
        out->ns[i] = yyjson_get_uint(value);
    }
    return true;
}

static bool take_rejected(yyjson_val *list, eg_agent_state *out)
{
    yyjson_arr_iter iterator;
    yyjson_val *value;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > EG_AGENT_STATE_REJECTED_MAX) {
        return false;
    }
    yyjson_arr_iter_init(list, &iterator);
    while ((value = yyjson_arr_iter_next(&iterator)) != NULL) {
        eg_agent_rejected *entry = &out->rejected[out->rejected_count++];
        eg_str reason = yyjson_is_obj(value) ? eg_json_get_str(value, "reason") : EG_STR_NONE;
        if (!reason.ptr || !take_hash(value, entry->archive) ||
            !take_number(value, "serial", UINT64_MAX, &entry->serial) ||
            !take_number(value, "time", UINT64_MAX, &entry->time)) {
            return false;
        }
        eg_utf8_copy(entry->reason, sizeof(entry->reason), reason);
    }
    return true;
}

static int read_object(yyjson_val *object, eg_agent_state *out)
{
    eg_agent_state state = {0};
    uint64_t crashes = 0, test_crashes = 0;
    if (!yyjson_is_obj(object) || !take_pack(object, "current", &state.current) ||
        !take_pack(object, "last_good", &state.last_good) ||
        !take_pack(object, "tested", &state.tested)) {
        return wrong("a pack in it is malformed");
    }
    if (!take_flag(object, "on_trial", &state.on_trial) ||
        !take_number(object, "trial_since", UINT64_MAX, &state.trial_since) ||
        !take_number(object, "crashes", UINT32_MAX, &crashes) ||
        !take_flag(object, "testing", &state.testing) ||
        !take_number(object, "test_crashes", UINT32_MAX, &test_crashes) ||
        !take_pace(yyjson_obj_get(object, "pace"), &state.pace) ||
        !take_flag(object, "running", &state.running)) {
        return wrong("its trial or test is malformed");
    }
    if (!take_rejected(yyjson_obj_get(object, "rejected"), &state)) {
        return wrong("its list of rejected packs is malformed");
    }
    state.crashes = (uint32_t)crashes;
    state.test_crashes = (uint32_t)test_crashes;
    *out = state;
    return EG_OK;
}

int eg_agent_state_decode(eg_str bytes, eg_agent_state *out)
{
    uint8_t told[EG_HASH256_SIZE], checksum[EG_HASH256_SIZE];
    yyjson_doc *document = NULL;
    if (bytes.len <= HEAD_SIZE || bytes.ptr[HEX_SIZE] != '\n' ||
        !eg_hex_decode((eg_str){bytes.ptr, HEX_SIZE}, told, sizeof(told))) {
        return wrong("it does not begin as one");
    }
    eg_str body = {bytes.ptr + HEAD_SIZE, bytes.len - HEAD_SIZE};
    eg_sha256(body, checksum);
    if (memcmp(checksum, told, sizeof(told)) != 0) {
        return wrong("its checksum does not fit");
    }
    int status = eg_json_parse(body, &document);
    if (status == EG_E_INVALID) {
        return wrong("it is no JSON");
    }
    if (status == EG_OK) {
        status = read_object(yyjson_doc_get_root(document), out);
        yyjson_doc_free(document);
    }
    return status;
}

int eg_agent_state_load(const char *path, eg_agent_state *out)
{
    eg_buf bytes;
    eg_buf_init(&bytes, EG_AGENT_STATE_BYTES_MAX);
    int status = eg_file_read(path, EG_AGENT_STATE_BYTES_MAX, &bytes);
    if (status == EG_E_LIMIT) {
        status = wrong("it is larger than any we write");
    }
    if (status == EG_OK) {
        status = eg_agent_state_decode(eg_buf_str(&bytes), out);
    }
    eg_buf_done(&bytes);
    return status;
}

int eg_agent_state_save(const char *path, const eg_agent_state *state)
{
    eg_buf bytes;
    eg_buf_init(&bytes, EG_AGENT_STATE_BYTES_MAX);
    int status = eg_agent_state_encode(state, &bytes);
    if (status == EG_OK) {
        status = eg_file_write_atomic(path, bytes.data, bytes.len);
    }
    eg_buf_done(&bytes);
    return status;
}
