/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML from outside (task definitions, rendered events), read with expat and handed on element by
 * element: never a DTD, an entity of its own or more than EG_XML_DEPTH_MAX levels. Pure, any
 * thread.
 */
#ifndef EG_EVENT_XML_H
#define EG_EVENT_XML_H

#include "core/base/str.h"

#define EG_XML_DEPTH_MAX 32

/* What is called while reading; anything but EG_OK ends it and is what eg_xml_read returns. */
typedef struct eg_xml_handler {
    const char *what; /* "task definition": begins each message */
    void *user;
    /* `name` without its prefix; `attributes` are name and value in turn, NULL at the end. */
    int (*start)(void *user, eg_str name, const char *const *attributes);
    int (*end)(void *user);
    int (*text)(void *user, eg_str text); /* may come in pieces */
} eg_xml_handler;

/*
 * `xml` is UTF-8 or UTF-16 with a byte-order mark; its form counts, not what its declaration says.
 * EG_E_INVALID with line and reason. The size is the caller's to limit, below 2^31.
 */
int eg_xml_read(const void *xml, size_t size, const eg_xml_handler *handler);

#endif
