/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/xml.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <expat.h>

#include <string.h>

typedef struct reading {
    XML_Parser parser;
    const eg_xml_handler *handler;
    size_t depth;
    int status;
} reading;

static void stop_on_failure(reading *r, int status)
{
    if (status != EG_OK && r->status == EG_OK) {
        r->status = status;
        XML_StopParser(r->parser, XML_FALSE);
    }
}

/* Prefixes of namespaces do not matter here. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    reading *r = user;
    if (r->status != EG_OK) {
        return;
    }
    if (++r->depth > EG_XML_DEPTH_MAX) {
        stop_on_failure(r, eg_fail(EG_E_INVALID, "%s: nested more than %d deep", r->handler->what,
                                   EG_XML_DEPTH_MAX));
        return;
    }
    stop_on_failure(r, r->handler->start(r->handler->user, eg_str_from(local_name(name)),
                                         (const char *const *)attributes));
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    EG_UNUSED(name);
    reading *r = user;
    if (r->status == EG_OK) {
        r->depth--;
        stop_on_failure(r, r->handler->end(r->handler->user));
    }
}

static void XMLCALL on_text(void *user, const XML_Char *text, int length)
{
    reading *r = user;
    if (r->status == EG_OK) {
        stop_on_failure(r, r->handler->text(r->handler->user, (eg_str){text, (size_t)length}));
    }
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    EG_UNUSED(name);
    EG_UNUSED(system_id);
    EG_UNUSED(public_id);
    EG_UNUSED(has_internal_subset);
    reading *r = user;
    stop_on_failure(r,
                    eg_fail(EG_E_INVALID, "%s: a document type is not accepted", r->handler->what));
}

/*
 * The form of the bytes counts, not what the XML declaration says: texts that were copied out of
 * event logs are UTF-8 but still declare UTF-16.
 */
static const char *encoding_of(const unsigned char *bytes, size_t size)
{
    if (size < 2) {
        return "UTF-8";
    }
    if ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)) {
        return "UTF-16";
    }
    return bytes[0] == '<' && bytes[1] == 0 ? "UTF-16LE" : "UTF-8";
}

static void fail_by_code(reading *r)
{
    enum XML_Error code = XML_GetErrorCode(r->parser);
    if (code == XML_ERROR_NO_MEMORY) {
        r->status = eg_fail(EG_E_NOMEM, "%s: out of memory", r->handler->what);
    } else {
        r->status =
            eg_fail(EG_E_INVALID, "%s line %lu: %s", r->handler->what,
                    (unsigned long)XML_GetCurrentLineNumber(r->parser), XML_ErrorString(code));
    }
}

int eg_xml_read(const void *xml, size_t size, const eg_xml_handler *handler)
{
    static const XML_Memory_Handling_Suite memory = {eg_alloc, eg_realloc, eg_free};
    reading r = {.handler = handler};
    r.parser = XML_ParserCreate_MM(encoding_of(xml, size), &memory, NULL);
    if (!r.parser) {
        return eg_fail(EG_E_NOMEM, "%s: out of memory", handler->what);
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    enum XML_Status result = XML_Parse(r.parser, xml, (int)size, XML_TRUE);
    if (r.status == EG_OK && result != XML_STATUS_OK) {
        fail_by_code(&r);
    }
    XML_ParserFree(r.parser);
    return r.status;
}
