/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ipc/message.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"

#include <stddef.h>
#include <string.h>

typedef enum value_type {
    TEXT,
    JSON,
    U32,
    U64,
    ID,
    LEVEL,
    KIND,
    LANGUAGE,
    ANSWER,
    STEPS,
    IDS,
    BOOL
} value_type;

const char *const eg_answer_names[] = {"did_it", "unknown", "call"};
_Static_assert(EG_COUNT(eg_answer_names) == EG_ANSWER_COUNT, "answers");

/*
 * One member of a message: encoding and decoding follow the same table, so they cannot differ. A
 * text of `max` bytes takes at most twice that in a frame, since characters that JSON would write
 * longer are not let in; all texts of a message together stay far below EG_FRAME_MAX.
 */
typedef struct member {
    const char *key;
    value_type type;
    size_t offset;
    size_t max; /* texts: bytes */
} member;

#define AT(field) offsetof(eg_message, body.field)
#define MEMBERS_MAX 22
#define STEP_NAME_MAX 160

static const struct {
    const char *name;
    member members[MEMBERS_MAX]; /* key NULL ends them; "protocol" first */
} types[EG_MESSAGE_COUNT] = {
    [EG_MESSAGE_HELLO] = {"hello",
                          {{"protocol", U32, AT(hello.protocol), 0},
                           {"client", TEXT, AT(hello.client), 32},
                           {"version", TEXT, AT(hello.version), 64},
                           {"pid", U32, AT(hello.pid), 0},
                           {"session", U32, AT(hello.session), 0},
                           {"language", LANGUAGE, AT(hello.language), 0}}},
    [EG_MESSAGE_WELCOME] = {"welcome",
                            {{"protocol", U32, AT(welcome.protocol), 0},
                             {"version", TEXT, AT(welcome.version), 64},
                             {"computer", TEXT, AT(welcome.computer), 256},
                             {"contact", TEXT, AT(welcome.contact), 1024},
                             {"pack", TEXT, AT(welcome.pack), 256},
                             {"pack_serial", U64, AT(welcome.pack_serial), 0},
                             {"rules", U64, AT(welcome.rules), 0}}},
    [EG_MESSAGE_HIT] = {"hit",
                        {{"id", ID, AT(hit.id), 0},
                         {"time", U64, AT(hit.time), 0},
                         {"level", LEVEL, AT(hit.level), 0},
                         {"kind", KIND, AT(hit.kind), 0},
                         {"title", TEXT, AT(hit.text.title), 512},
                         {"meaning", TEXT, AT(hit.text.meaning), 2048},
                         {"advice", TEXT, AT(hit.text.advice), 2048},
                         {"rule", TEXT, AT(hit.rule_id), 128},
                         {"rule_title", TEXT, AT(hit.rule_title), 512},
                         {"rule_author", TEXT, AT(hit.rule_author), 256},
                         {"program", TEXT, AT(hit.program), 1024},
                         {"command_line", TEXT, AT(hit.command_line), 4096},
                         {"parent", TEXT, AT(hit.parent), 1024},
                         {"user", TEXT, AT(hit.user), 256},
                         {"pid", U32, AT(hit.pid), 0},
                         {"target", TEXT, AT(hit.target), 1024},
                         {"incident", U64, AT(hit.incident_id), 0},
                         {"incident_hits", U64, AT(hit.incident_hits), 0},
                         {"steps", STEPS, AT(hit.steps), 0},
                         {"absorbed", IDS, AT(hit.absorbed), 0},
                         {"reminder", BOOL, AT(hit.reminder), 0}}},
    [EG_MESSAGE_ANSWER] = {"answer",
                           {{"incident", ID, AT(answer.incident_id), 0},
                            {"answer", ANSWER, AT(answer.answer), 16}}},
    [EG_MESSAGE_ANSWERED] = {"answered",
                             {{"incident", ID, AT(answered.incident_id), 0},
                              {"kept", BOOL, AT(answered.kept), 0}}},
    [EG_MESSAGE_RESOLVE] = {"resolve", {{"incident", ID, AT(resolve.incident_id), 0}}},
    [EG_MESSAGE_RESOLVED] = {"resolved", {{"incident", ID, AT(resolved.incident_id), 0}}},
    [EG_MESSAGE_SHOWN] = {"shown",
                          {{"id", ID, AT(shown.hit_id), 0}, {"title", TEXT, AT(shown.title), 512}}},
    [EG_MESSAGE_STATUS_ASK] = {"status_ask", {{NULL, TEXT, 0, 0}}},
    [EG_MESSAGE_STATUS] = {"status", {{"json", JSON, AT(status.json), 30000}}},
    [EG_MESSAGE_ERROR] = {"error", {{"reason", TEXT, AT(error.reason), 1024}}},
};

/* The members of a type; *count how many. */
static const member *members_of(eg_message_type type, size_t *count)
{
    const member *members = types[type].members;
    for (*count = 0; *count < MEMBERS_MAX && members[*count].key;) {
        ++*count;
    }
    return members;
}

/* ---- texts ---- */

/* Characters that a person can see, and white space. */
static bool is_allowed(uint32_t code)
{
    if (code < 0x20) {
        return code == '\t' || code == '\n' || code == '\r';
    }
    return (code < 0x7F || code > 0x9F) && (code < 0xD800 || code > 0xDFFF);
}

static bool is_clean(eg_str text)
{
    for (size_t at = 0; at < text.len;) {
        if (!is_allowed(eg_utf8_next(text, &at))) {
            return false;
        }
    }
    return eg_utf8_valid(text);
}

/* `text` with U+FFFD for what is not allowed; cut to `max` bytes with an ellipsis. */
static int clean(eg_buf *out, eg_str text, size_t max)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    size_t cut = 0; /* where the ellipsis still fits */
    eg_buf_clear(out);
    for (size_t at = 0; at < text.len;) {
        uint32_t code = eg_utf8_next(text, &at);
        char bytes[4];
        size_t size = eg_utf8_encode(is_allowed(code) ? code : 0xFFFD, bytes);
        if (out->len + sizeof(ellipsis) - 1 <= max) {
            cut = out->len;
        }
        if (out->len + size > max) {
            out->len = cut;
            return eg_buf_append(out, ellipsis, sizeof(ellipsis) - 1);
        }
        if (eg_buf_append(out, bytes, size) != EG_OK) {
            return out->status;
        }
    }
    return EG_OK;
}

static int check_json(eg_str text, const member *wanted)
{
    if (text.len > wanted->max) {
        return eg_fail(EG_E_LIMIT, "%s: %zu bytes, at most %zu are allowed", wanted->key, text.len,
                       wanted->max);
    }
    if (!is_clean(text)) {
        return eg_fail(EG_E_INVALID, "%s: a control character or malformed UTF-8", wanted->key);
    }
    yyjson_doc *document = NULL;
    int status = eg_json_parse(text, &document);
    if (status == EG_OK && !yyjson_is_obj(yyjson_doc_get_root(document))) {
        status = eg_fail(EG_E_INVALID, "%s: not a JSON object", wanted->key);
    }
    yyjson_doc_free(document);
    return status;
}

/* ---- encoding ---- */

static const void *value_in(const eg_message *message, const member *of)
{
    return (const char *)message + of->offset;
}

static int put_text(eg_json *json, const member *of, eg_str text, eg_buf *scratch)
{
    if (of->type == JSON) {
        int status = check_json(text, of);
        if (status == EG_OK) {
            eg_json_put_str(json, of->key, text);
        }
        return status;
    }
    int status = clean(scratch, text, of->max);
    eg_json_put_str(json, of->key, eg_buf_str(scratch));
    return status;
}

static int put_steps(eg_json *json, const member *of, const eg_notice_steps *steps, eg_buf *scratch)
{
    int status = EG_OK;
    eg_json_key(json, of->key);
    eg_json_array(json);
    for (size_t i = 0; status == EG_OK && i < steps->count && i < EG_NOTICE_STEPS_MAX; i++) {
        const eg_notice_step *step = &steps->step[i];
        status = clean(scratch, step->name, STEP_NAME_MAX);
        eg_json_object(json);
        eg_json_put_str(json, "role", eg_str_from(eg_role_name(step->role)));
        eg_json_put_u64(json, "time", step->time);
        eg_json_put_bool(json, "suspicious", step->suspicious);
        eg_json_put_str(json, "name", eg_buf_str(scratch));
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
    return status;
}

static void put_ids(eg_json *json, const member *of, const eg_notice_ids *ids)
{
    eg_json_key(json, of->key);
    eg_json_array(json);
    for (size_t i = 0; i < ids->count && i < EG_NOTICE_ABSORBED_MAX; i++) {
        eg_json_i64(json, ids->id[i]);
    }
    eg_json_array_end(json);
}

static int put_member(eg_json *json, const eg_message *message, const member *of, eg_buf *scratch)
{
    const void *value = value_in(message, of);
    const char *name = NULL;
    switch (of->type) {
    case TEXT:
    case ANSWER:
    case JSON: return put_text(json, of, *(const eg_str *)value, scratch);
    case STEPS: return put_steps(json, of, value, scratch);
    case IDS: put_ids(json, of, value); return EG_OK;
    case BOOL: eg_json_put_bool(json, of->key, *(const bool *)value); return EG_OK;
    case U32: eg_json_put_u64(json, of->key, *(const uint32_t *)value); return EG_OK;
    case U64: eg_json_put_u64(json, of->key, *(const uint64_t *)value); return EG_OK;
    case ID:
        eg_json_key(json, of->key);
        eg_json_i64(json, *(const int64_t *)value);
        return EG_OK;
    case LEVEL: name = eg_level_name(*(const eg_level *)value); break;
    case KIND: name = eg_kind_name(*(const eg_kind *)value); break;
    case LANGUAGE: name = eg_language_code(*(const eg_language *)value); break;
    }
    eg_json_put_str(json, of->key, eg_str_from(name));
    return EG_OK;
}

static int write_payload(const eg_message *message, eg_buf *payload)
{
    size_t count = 0;
    const member *members = members_of(message->type, &count);
    eg_buf scratch;
    eg_buf_init(&scratch, EG_FRAME_MAX);
    eg_json json;
    eg_json_begin(&json, payload);
    eg_json_object(&json);
    eg_json_put_str(&json, "type", eg_str_from(types[message->type].name));
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < count; i++) {
        status = put_member(&json, message, &members[i], &scratch);
    }
    eg_json_object_end(&json);
    eg_buf_done(&scratch);
    return status == EG_OK ? payload->status : status;
}

int eg_message_encode(eg_buf *out, const eg_message *message)
{
    if ((unsigned)message->type >= EG_MESSAGE_COUNT) {
        return eg_fail(EG_E_INVALID, "message: there is no type %d", (int)message->type);
    }
    eg_buf payload;
    eg_buf_init(&payload, EG_FRAME_MAX);
    int status = write_payload(message, &payload);
    if (status == EG_OK) {
        status = eg_frame_write(out, eg_buf_str(&payload));
    }
    eg_buf_done(&payload);
    return status;
}

/* ---- decoding ---- */

struct eg_message_decoder {
    yyjson_doc *document; /* of the last message: its texts are in here */
};

int eg_message_decoder_create(eg_message_decoder **out)
{
    eg_message_decoder *decoder = eg_alloc_zero(1, sizeof(*decoder));
    if (!decoder) {
        return EG_E_NOMEM;
    }
    *out = decoder;
    return EG_OK;
}

void eg_message_decoder_destroy(eg_message_decoder *decoder)
{
    if (!decoder) {
        return;
    }
    yyjson_doc_free(decoder->document);
    eg_free(decoder);
}

static void *value_of(eg_message *message, const member *of)
{
    return (char *)message + of->offset;
}

static int refuse(const member *of, const char *reason)
{
    return eg_fail(EG_E_INVALID, "message: \"%s\" %s", of->key, reason);
}

static int take_text(yyjson_val *value, const member *of, eg_str *out)
{
    if (!yyjson_is_str(value)) {
        return refuse(of, "is missing or not a text");
    }
    eg_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    if (of->type == JSON) {
        int status = check_json(text, of);
        if (status != EG_OK) {
            return status == EG_E_NOMEM ? status : refuse(of, "is not a short JSON object");
        }
    } else if (text.len > of->max) {
        return refuse(of, "is too long");
    } else if (!is_clean(text)) {
        return refuse(of, "holds a control character or malformed UTF-8");
    }
    *out = text;
    return EG_OK;
}

bool eg_answer_from_name(eg_str name, eg_answer_kind *out)
{
    for (int i = 0; i < EG_ANSWER_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(eg_answer_names[i]))) {
            *out = (eg_answer_kind)i;
            return true;
        }
    }
    return false;
}

static int take_number(yyjson_val *value, const member *of, uint64_t max, uint64_t *out)
{
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) > max) {
        return refuse(of, "is missing, not a number or out of range");
    }
    *out = yyjson_get_uint(value);
    return EG_OK;
}

static int take_step(yyjson_val *value, const member *of, eg_notice_step *out)
{
    const member name = {"name", TEXT, 0, STEP_NAME_MAX};
    const member time = {"time", U64, 0, 0};
    if (!eg_role_from_name(eg_json_get_str(value, "role"), &out->role)) {
        return refuse(of, "holds an unknown role");
    }
    out->suspicious = eg_json_get_bool(value, "suspicious", false);
    int status = take_number(yyjson_obj_get(value, "time"), &time, UINT64_MAX, &out->time);
    return status == EG_OK ? take_text(yyjson_obj_get(value, "name"), &name, &out->name) : status;
}

static int take_ids(yyjson_val *array, const member *of, eg_notice_ids *out)
{
    const member id = {"id", ID, 0, 0};
    size_t index, count;
    yyjson_val *value;
    eg_notice_ids ids = {.count = yyjson_arr_size(array)};
    int status = EG_OK;
    if (!yyjson_is_arr(array) || ids.count > EG_NOTICE_ABSORBED_MAX) {
        return refuse(of, "is missing, no list or too long");
    }
    yyjson_arr_foreach(array, index, count, value) {
        uint64_t number = 0;
        if (status == EG_OK) {
            status = take_number(value, &id, INT64_MAX, &number);
            ids.id[index] = (int64_t)number;
        }
    }
    *out = ids;
    return status;
}

static int take_bool(yyjson_val *value, const member *of, bool *out)
{
    if (!yyjson_is_bool(value)) {
        return refuse(of, "is missing or not true or false");
    }
    *out = yyjson_get_bool(value);
    return EG_OK;
}

static int take_steps(yyjson_val *array, const member *of, eg_notice_steps *out)
{
    size_t index, count;
    yyjson_val *value;
    eg_notice_steps steps = {.count = yyjson_arr_size(array)};
    int status = EG_OK;
    if (!yyjson_is_arr(array) || steps.count > EG_NOTICE_STEPS_MAX) {
        return refuse(of, "is missing, no list or too long");
    }
    yyjson_arr_foreach(array, index, count, value) {
        if (status == EG_OK) {
            status = take_step(value, of, &steps.step[index]);
        }
    }
    *out = steps;
    return status;
}

static bool find_name(yyjson_val *value, const member *of, eg_message *message)
{
    eg_str name = {yyjson_get_str(value), yyjson_get_len(value)};
    if (!name.ptr) {
        return false;
    }
    if (of->type == LEVEL) {
        return eg_level_from_name(name, value_of(message, of));
    }
    if (of->type == KIND) {
        return eg_kind_from_name(name, value_of(message, of));
    }
    return eg_language_from_code(name, value_of(message, of));
}

static int take_member(yyjson_val *object, const member *of, eg_message *message)
{
    yyjson_val *value = yyjson_obj_get(object, of->key);
    void *out = value_of(message, of);
    eg_answer_kind answer;
    uint64_t number = 0;
    int status = EG_OK;
    switch (of->type) {
    case TEXT:
    case JSON: return take_text(value, of, out);
    case STEPS: return take_steps(value, of, out);
    case IDS: return take_ids(value, of, out);
    case BOOL: return take_bool(value, of, out);
    case ANSWER:
        status = take_text(value, of, out);
        return status == EG_OK && !eg_answer_from_name(*(eg_str *)out, &answer)
                   ? refuse(of, "is no answer")
                   : status;
    case U32:
        status = take_number(value, of, UINT32_MAX, &number);
        *(uint32_t *)out = (uint32_t)number;
        return status;
    case U64:
        status = take_number(value, of, UINT64_MAX, &number);
        *(uint64_t *)out = number;
        return status;
    case ID:
        status = take_number(value, of, INT64_MAX, &number);
        *(int64_t *)out = (int64_t)number;
        return status == EG_OK && number == 0 ? refuse(of, "is no hit") : status;
    case LEVEL:
    case KIND:
    case LANGUAGE: break;
    }
    return find_name(value, of, message) ? EG_OK : refuse(of, "is missing or an unknown name");
}

static int find_type(yyjson_val *root, eg_message_type *out)
{
    eg_str name = eg_json_get_str(root, "type");
    for (int i = 0; name.ptr && i < EG_MESSAGE_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(types[i].name))) {
            *out = (eg_message_type)i;
            return EG_OK;
        }
    }
    return eg_fail(EG_E_INVALID, "message: \"type\" is missing or unknown");
}

/* What another version says beyond its number is not ours to judge: the texts are "" then. */
static bool is_foreign(const eg_message *message)
{
    if (message->type == EG_MESSAGE_HELLO) {
        return message->body.hello.protocol != EG_PROTOCOL_VERSION;
    }
    return message->type == EG_MESSAGE_WELCOME &&
           message->body.welcome.protocol != EG_PROTOCOL_VERSION;
}

static int read_message(yyjson_val *root, eg_message *message)
{
    int status = find_type(root, &message->type);
    if (status != EG_OK) {
        return status;
    }
    size_t count = 0;
    const member *members = members_of(message->type, &count);
    for (size_t i = 0; i < count; i++) {
        if (members[i].type == TEXT || members[i].type == ANSWER) {
            *(eg_str *)value_of(message, &members[i]) = EG_STR("");
        }
    }
    for (size_t i = 0; status == EG_OK && i < count; i++) {
        if (i > 0 && is_foreign(message)) {
            break;
        }
        status = take_member(root, &members[i], message);
    }
    return status;
}

int eg_message_decode(eg_message_decoder *decoder, eg_str payload, eg_message *out)
{
    if (payload.len > EG_FRAME_MAX) {
        return eg_fail(EG_E_INVALID, "message: %zu bytes are too many", payload.len);
    }
    yyjson_doc_free(decoder->document);
    decoder->document = NULL;
    int status = eg_json_parse(payload, &decoder->document);
    if (status != EG_OK) {
        return status;
    }
    eg_message message;
    memset(&message, 0, sizeof(message));
    status = read_message(yyjson_doc_get_root(decoder->document), &message);
    if (status == EG_OK) {
        *out = message;
    }
    return status;
}
