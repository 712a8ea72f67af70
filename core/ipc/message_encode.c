/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/base64.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"
#include "core/ipc/message_table.h"

/* `text` with U+FFFD for what is not allowed; cut to `max` bytes with an ellipsis. */
static int clean(eg_buf *out, eg_str text, size_t max)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    size_t cut = 0; /* where the ellipsis still fits */
    eg_buf_clear(out);
    for (size_t at = 0; at < text.len;) {
        uint32_t code = eg_utf8_next(text, &at);
        char bytes[4];
        size_t size = eg_utf8_encode(eg_message_is_allowed(code) ? code : 0xFFFD, bytes);
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

static const void *value_in(const eg_message *message, const eg_message_member *of)
{
    return (const char *)message + of->offset;
}

static int put_text(eg_json *json, const eg_message_member *of, eg_str text, eg_buf *scratch)
{
    if (of->type == EG_MEMBER_JSON) {
        int status = eg_message_check_json(text, of);
        if (status == EG_OK) {
            eg_json_put_str(json, of->key, text);
        }
        return status;
    }
    int status = clean(scratch, text, of->max);
    eg_json_put_str(json, of->key, eg_buf_str(scratch));
    return status;
}

static int put_steps(eg_json *json, const eg_message_member *of, const eg_notice_steps *steps,
                     eg_buf *scratch)
{
    int status = EG_OK;
    eg_json_key(json, of->key);
    eg_json_array(json);
    for (size_t i = 0; status == EG_OK && i < steps->count && i < EG_NOTICE_STEPS_MAX; i++) {
        const eg_notice_step *step = &steps->step[i];
        status = clean(scratch, step->name, EG_STEP_NAME_MAX);
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

static void put_ids(eg_json *json, const eg_message_member *of, const eg_notice_ids *ids)
{
    eg_json_key(json, of->key);
    eg_json_array(json);
    for (size_t i = 0; i < ids->count && i < EG_NOTICE_ABSORBED_MAX; i++) {
        eg_json_i64(json, ids->id[i]);
    }
    eg_json_array_end(json);
}

static int put_attention(eg_json *json, const eg_message_member *of, const eg_attention_list *list,
                         eg_buf *scratch)
{
    int status = EG_OK;
    eg_json_key(json, of->key);
    eg_json_array(json);
    for (size_t i = 0; status == EG_OK && i < list->count && i < EG_ATTENTION_MAX; i++) {
        const eg_attention *item = &list->item[i];
        status = clean(scratch, item->text, EG_ATTENTION_TEXT_MAX);
        eg_json_object(json);
        eg_json_put_str(json, "id", eg_str_from(eg_attention_names[item->id]));
        eg_json_put_str(json, "text", eg_buf_str(scratch));
        eg_json_put_u64(json, "number", item->number);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
    return status;
}

static int put_bytes(eg_json *json, const eg_message_member *of, eg_str bytes, eg_buf *scratch)
{
    if (bytes.len > of->max) {
        return eg_fail(EG_E_LIMIT, "message: %zu bytes in \"%s\" are too many", bytes.len, of->key);
    }
    eg_buf_clear(scratch);
    int status = eg_base64_write(scratch, bytes);
    eg_json_put_str(json, of->key, eg_buf_str(scratch));
    return status;
}

static int put_member(eg_json *json, const eg_message *message, const eg_message_member *of,
                      eg_buf *scratch)
{
    const void *value = value_in(message, of);
    const char *name = NULL;
    switch (of->type) {
    case EG_MEMBER_TEXT:
    case EG_MEMBER_ANSWER:
    case EG_MEMBER_JSON: return put_text(json, of, *(const eg_str *)value, scratch);
    case EG_MEMBER_BYTES: return put_bytes(json, of, *(const eg_str *)value, scratch);
    case EG_MEMBER_STEPS: return put_steps(json, of, value, scratch);
    case EG_MEMBER_IDS: put_ids(json, of, value); return EG_OK;
    case EG_MEMBER_ATTENTION: return put_attention(json, of, value, scratch);
    case EG_MEMBER_BOOL: eg_json_put_bool(json, of->key, *(const bool *)value); return EG_OK;
    case EG_MEMBER_U32: eg_json_put_u64(json, of->key, *(const uint32_t *)value); return EG_OK;
    case EG_MEMBER_U64: eg_json_put_u64(json, of->key, *(const uint64_t *)value); return EG_OK;
    case EG_MEMBER_ID:
        eg_json_key(json, of->key);
        eg_json_i64(json, *(const int64_t *)value);
        return EG_OK;
    case EG_MEMBER_CHOICE: name = of->choice->names[*(const int *)value]; break;
    case EG_MEMBER_LEVEL: name = eg_level_name(*(const eg_level *)value); break;
    case EG_MEMBER_KIND: name = eg_kind_name(*(const eg_kind *)value); break;
    case EG_MEMBER_LANGUAGE: name = eg_language_code(*(const eg_language *)value); break;
    }
    eg_json_put_str(json, of->key, eg_str_from(name));
    return EG_OK;
}

static int write_payload(const eg_message *message, eg_buf *payload)
{
    size_t count = 0;
    const eg_message_member *members = eg_message_members(message->type, &count);
    eg_buf scratch;
    eg_buf_init(&scratch, EG_FRAME_MAX);
    eg_json json;
    eg_json_begin(&json, payload);
    eg_json_object(&json);
    eg_json_put_str(&json, "type", eg_str_from(eg_message_type_name(message->type)));
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
