/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/file_facts.h"

#include "core/base/status.h"

#include <string.h>

/* Longer than "SHA1=..,MD5=..,SHA256=..,IMPHASH=..". */
#define HASHES_SIZE_MAX 256u

uint32_t eg_file_facts_of_field(eg_str name)
{
    static const struct {
        eg_field field;
        uint32_t facts;
    } fields[] = {
        {EG_FIELD_HASHES, EG_FACT_DIGESTS | EG_FACT_IMPHASH},
        {EG_FIELD_IMPHASH, EG_FACT_IMPHASH},
        {EG_FIELD_SIGNED, EG_FACT_SIGNATURE},
        {EG_FIELD_SIGNATURE, EG_FACT_SIGNATURE},
        {EG_FIELD_SIGNATURE_STATUS, EG_FACT_SIGNATURE},
    };
    for (size_t i = 0; i < EG_COUNT(fields); i++) {
        if (eg_str_equal(name, eg_str_from(eg_field_name(fields[i].field)))) {
            return fields[i].facts;
        }
    }
    return 0;
}

eg_field eg_file_facts_path_field(eg_kind kind)
{
    switch (kind) {
    case EG_KIND_PROCESS_START: return EG_FIELD_IMAGE;
    case EG_KIND_IMAGE_LOAD: return EG_FIELD_IMAGE_LOADED;
    default: return EG_FIELD_COUNT;
    }
}

static void append_digest(eg_buf *out, const char *name, const uint8_t *digest, size_t size)
{
    if (out->len > 0) {
        eg_buf_append_char(out, ',');
    }
    eg_buf_append_cstr(out, name);
    for (size_t i = 0; i < size; i++) {
        eg_buf_appendf(out, "%02X", digest[i]);
    }
}

/* Moves what was written to the arena and makes room for the next text. */
static eg_str take(eg_buf *text, eg_arena *arena)
{
    char *copy = text->status == EG_OK ? eg_arena_copy(arena, eg_buf_cstr(text), text->len) : NULL;
    eg_str taken = {copy, copy ? text->len : 0};
    eg_buf_clear(text);
    return taken;
}

static int fill_hashes(const eg_file_facts *facts, eg_arena *arena, eg_event *event)
{
    eg_buf text;
    eg_str imphash = EG_STR_NONE;
    eg_buf_init(&text, HASHES_SIZE_MAX);
    if (facts->known & EG_FACT_IMPHASH) {
        append_digest(&text, "", facts->imphash, sizeof(facts->imphash));
        imphash = take(&text, arena);
    }
    if (facts->known & EG_FACT_DIGESTS) {
        append_digest(&text, "SHA1=", facts->sha1, sizeof(facts->sha1));
        append_digest(&text, "MD5=", facts->md5, sizeof(facts->md5));
        append_digest(&text, "SHA256=", facts->sha256, sizeof(facts->sha256));
    }
    if (facts->known & EG_FACT_IMPHASH) {
        append_digest(&text, "IMPHASH=", facts->imphash, sizeof(facts->imphash));
    }
    eg_str hashes = take(&text, arena);
    eg_buf_done(&text);
    if (!hashes.ptr || (!imphash.ptr && facts->known & EG_FACT_IMPHASH)) {
        return EG_E_NOMEM;
    }
    event->field[EG_FIELD_HASHES] = hashes;
    event->field[EG_FIELD_IMPHASH] = imphash;
    return EG_OK;
}

/*
 * "Valid", "Expired" and "Unavailable", which stands for unsigned, are Sysmon's words. It has none
 * for the others in any record we have seen; a signature that proves nothing is not "Signed".
 */
static int fill_signature(const eg_signature *signature, eg_arena *arena, eg_event *event)
{
    static const struct {
        eg_str is_signed;
        eg_str status;
    } words[] = {
        [EG_SIGNATURE_NONE] = {EG_STR_INIT("false"), EG_STR_INIT("Unavailable")},
        [EG_SIGNATURE_VALID] = {EG_STR_INIT("true"), EG_STR_INIT("Valid")},
        [EG_SIGNATURE_EXPIRED] = {EG_STR_INIT("true"), EG_STR_INIT("Expired")},
        [EG_SIGNATURE_REVOKED] = {EG_STR_INIT("false"), EG_STR_INIT("Revoked")},
        [EG_SIGNATURE_UNTRUSTED] = {EG_STR_INIT("false"), EG_STR_INIT("Untrusted")},
        [EG_SIGNATURE_BAD] = {EG_STR_INIT("false"), EG_STR_INIT("Invalid")},
    };
    eg_str signer = EG_STR("-");
    if (signature->signer[0] != '\0') {
        size_t size = strlen(signature->signer);
        signer = (eg_str){eg_arena_copy(arena, signature->signer, size), size};
    }
    if (!signer.ptr) {
        return EG_E_NOMEM;
    }
    event->field[EG_FIELD_SIGNED] = words[signature->status].is_signed;
    event->field[EG_FIELD_SIGNATURE] = signer;
    event->field[EG_FIELD_SIGNATURE_STATUS] = words[signature->status].status;
    return EG_OK;
}

int eg_file_facts_fill(const eg_file_facts *facts, eg_arena *arena, eg_event *event)
{
    int status = EG_OK;
    if (facts->known & (EG_FACT_DIGESTS | EG_FACT_IMPHASH)) {
        status = fill_hashes(facts, arena, event);
    }
    if (status == EG_OK && facts->known & EG_FACT_SIGNATURE) {
        status = fill_signature(&facts->signature, arena, event);
    }
    return status;
}
