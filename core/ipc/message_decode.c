/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/base64.h"
#include "core/base/status.h"
#include "core/ipc/frame.h"
#include "core/ipc/message_table.h"

#include <string.h>

struct eg_message_decoder {
    yyjson_doc *document; /* of the last message: its texts are in here */
    eg_buf bytes;         /* of the last message: no message has two such members */
};

int eg_message_decoder_create(eg_message_decoder **out)
{
    eg_message_decoder *decoder = eg_alloc_zero(1, sizeof(*decoder));
    if (!decoder) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&decoder->bytes, EG_FRAME_MAX);
    *out = decoder;
    return EG_OK;
}

void eg_message_decoder_destroy(eg_message_decoder *decoder)
{
    if (!decoder) {
        return;
    }
    yyjson_doc_free(decoder->document);
    eg_buf_done(&decoder->bytes);
    eg_free(decoder);
}

static void *value_of(eg_message *message, const eg_message_member *of)
{
    return (char *)message + of->offset;
}

static int refuse(const eg_message_member *of, const char *reason)
{
    return eg_fail(EG_E_INVALID, "message: \"%s\" %s", of->key, reason);
}

static int take_text(yyjson_val *value, const eg_message_member *of, eg_str *out)
{
    if (!yyjson_is_str(value)) {
        return refuse(of, "is missing or not a text");
    }
    eg_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    if (of->type == EG_MEMBER_JSON) {
        int status = eg_message_check_json(text, of);
        if (status != EG_OK) {
            return status == EG_E_NOMEM ? status
                                        : refuse(of, "is not a short EG_MEMBER_JSON object");
        }
    } else if (text.len > of->max) {
        return refuse(of, "is too long");
    } else if (!eg_message_is_clean(text)) {
        return refuse(of, "holds a control character or malformed UTF-8");
    }
    *out = text;
    return EG_OK;
}

static int take_bytes(eg_message_decoder *decoder, yyjson_val *value, const eg_message_member *of,
                      eg_str *out)
{
    eg_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    if (!text.ptr || text.len > EG_BASE64_SIZE(of->max)) {
        return refuse(of, "is missing, no text or too long");
    }
    eg_buf_clear(&decoder->bytes);
    int status = eg_base64_read(&decoder->bytes, text);
    if (status != EG_OK) {
        return status == EG_E_INVALID ? refuse(of, "is not base64") : status;
    }
    *out = eg_buf_str(&decoder->bytes);
    return out->len > of->max ? refuse(of, "is too long") : EG_OK;
}

static int take_number(yyjson_val *value, const eg_message_member *of, uint64_t max, uint64_t *out)
{
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) > max) {
        return refuse(of, "is missing, not a number or out of range");
    }
    *out = yyjson_get_uint(value);
    return EG_OK;
}

static int take_step(yyjson_val *value, const eg_message_member *of, eg_notice_step *out)
{
    const eg_message_member name = {"name", EG_MEMBER_TEXT, 0, EG_STEP_NAME_MAX, NULL};
    const eg_message_member time = {"time", EG_MEMBER_U64, 0, 0, NULL};
    if (!eg_role_from_name(eg_json_get_str(value, "role"), &out->role)) {
        return refuse(of, "holds an unknown role");
    }
    out->suspicious = eg_json_get_bool(value, "suspicious", false);
    int status = take_number(yyjson_obj_get(value, "time"), &time, UINT64_MAX, &out->time);
    return status == EG_OK ? take_text(yyjson_obj_get(value, "name"), &name, &out->name) : status;
}

static int take_ids(yyjson_val *array, const eg_message_member *of, eg_notice_ids *out)
{
    const eg_message_member id = {"id", EG_MEMBER_ID, 0, 0, NULL};
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

static int take_bool(yyjson_val *value, const eg_message_member *of, bool *out)
{
    if (!yyjson_is_bool(value)) {
        return refuse(of, "is missing or not true or false");
    }
    *out = yyjson_get_bool(value);
    return EG_OK;
}

static int take_steps(yyjson_val *array, const eg_message_member *of, eg_notice_steps *out)
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

static bool find_choice(yyjson_val *value, const eg_message_choice *choice, int *out)
{
    eg_str name = {yyjson_get_str(value), yyjson_get_len(value)};
    for (size_t i = 0; name.ptr && i < choice->count; i++) {
        if (eg_str_equal(name, eg_str_from(choice->names[i]))) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static int take_concern(yyjson_val *value, const eg_message_member *of, eg_attention *out)
{
    const eg_message_choice ids = {eg_attention_names, EG_ATTENTION_COUNT};
    const eg_message_member text = {"text", EG_MEMBER_TEXT, 0, EG_ATTENTION_TEXT_MAX, NULL};
    const eg_message_member number = {"number", EG_MEMBER_U64, 0, 0, NULL};
    int id = 0;
    if (!find_choice(yyjson_obj_get(value, "id"), &ids, &id)) {
        return refuse(of, "holds an unknown id");
    }
    out->id = (eg_attention_id)id;
    int status = take_number(yyjson_obj_get(value, "number"), &number, UINT64_MAX, &out->number);
    return status == EG_OK ? take_text(yyjson_obj_get(value, "text"), &text, &out->text) : status;
}

static int take_attention(yyjson_val *array, const eg_message_member *of, eg_attention_list *out)
{
    size_t index, count;
    yyjson_val *value;
    eg_attention_list list = {.count = yyjson_arr_size(array)};
    int status = EG_OK;
    if (!yyjson_is_arr(array) || list.count > EG_ATTENTION_MAX) {
        return refuse(of, "is missing, no list or too long");
    }
    yyjson_arr_foreach(array, index, count, value) {
        if (status == EG_OK) {
            status = take_concern(value, of, &list.item[index]);
        }
    }
    *out = list;
    return status;
}

static bool find_name(yyjson_val *value, const eg_message_member *of, eg_message *message)
{
    eg_str name = {yyjson_get_str(value), yyjson_get_len(value)};
    if (!name.ptr) {
        return false;
    }
    if (of->type == EG_MEMBER_CHOICE) {
        return find_choice(value, of->choice, value_of(message, of));
    }
    if (of->type == EG_MEMBER_LEVEL) {
        return eg_level_from_name(name, value_of(message, of));
    }
    if (of->type == EG_MEMBER_KIND) {
        return eg_kind_from_name(name, value_of(message, of));
    }
    return eg_language_from_code(name, value_of(message, of));
}

static int take_member(eg_message_decoder *decoder, yyjson_val *object, const eg_message_member *of,
                       eg_message *message)
{
    yyjson_val *value = yyjson_obj_get(object, of->key);
    void *out = value_of(message, of);
    eg_answer_kind answer;
    uint64_t number = 0;
    int status = EG_OK;
    switch (of->type) {
    case EG_MEMBER_TEXT:
    case EG_MEMBER_JSON: return take_text(value, of, out);
    case EG_MEMBER_BYTES: return take_bytes(decoder, value, of, out);
    case EG_MEMBER_STEPS: return take_steps(value, of, out);
    case EG_MEMBER_IDS: return take_ids(value, of, out);
    case EG_MEMBER_ATTENTION: return take_attention(value, of, out);
    case EG_MEMBER_BOOL: return take_bool(value, of, out);
    case EG_MEMBER_ANSWER:
        status = take_text(value, of, out);
        return status == EG_OK && !eg_answer_from_name(*(eg_str *)out, &answer)
                   ? refuse(of, "is no answer")
                   : status;
    case EG_MEMBER_U32:
        status = take_number(value, of, of->max > 0 ? of->max : UINT32_MAX, &number);
        *(uint32_t *)out = (uint32_t)number;
        return status;
    case EG_MEMBER_U64:
        status = take_number(value, of, UINT64_MAX, &number);
        *(uint64_t *)out = number;
        return status;
    case EG_MEMBER_ID:
        status = take_number(value, of, INT64_MAX, &number);
        *(int64_t *)out = (int64_t)number;
        return status == EG_OK && number == 0 ? refuse(of, "is no hit") : status;
    case EG_MEMBER_CHOICE:
    case EG_MEMBER_LEVEL:
    case EG_MEMBER_KIND:
    case EG_MEMBER_LANGUAGE: break;
    }
    return find_name(value, of, message) ? EG_OK : refuse(of, "is missing or an unknown name");
}

static int find_type(yyjson_val *root, eg_message_type *out)
{
    eg_str name = eg_json_get_str(root, "type");
    for (int i = 0; name.ptr && i < EG_MESSAGE_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(eg_message_type_name((eg_message_type)i)))) {
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

static int read_message(eg_message_decoder *decoder, yyjson_val *root, eg_message *message)
{
    int status = find_type(root, &message->type);
    if (status != EG_OK) {
        return status;
    }
    size_t count = 0;
    const eg_message_member *members = eg_message_members(message->type, &count);
    for (size_t i = 0; i < count; i++) {
        if (members[i].type == EG_MEMBER_TEXT || members[i].type == EG_MEMBER_ANSWER) {
            *(eg_str *)value_of(message, &members[i]) = EG_STR("");
        }
    }
    for (size_t i = 0; status == EG_OK && i < count; i++) {
        if (i > 0 && is_foreign(message)) {
            break;
        }
        status = take_member(decoder, root, &members[i], message);
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
    status = read_message(decoder, yyjson_doc_get_root(decoder->document), &message);
    if (status == EG_OK) {
        *out = message;
    }
    return status;
}
