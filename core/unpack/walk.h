/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of eg_unpack: its limits, what of them is used, and where it is. Each kind of container
 * has one function that is given its bytes, hands on its parts and tells its problems. `status` is
 * sticky, like that of eg_buf: once memory ran out or a visitor said no, nothing more happens.
 */
#ifndef EG_UNPACK_WALK_H
#define EG_UNPACK_WALK_H

#include "core/unpack/unpack.h"

typedef struct eg_walk {
    const eg_unpack_limits *limits;
    const eg_unpack_visitor *visitor;
    eg_buf name; /* of the container being read */
    uint32_t depth;
    uint32_t parts;
    uint32_t problems;
    uint64_t bytes;
    uint64_t work;
    bool over; /* a limit of the whole walk is reached, and was told */
    int status;
} eg_walk;

/* False when nothing more is to be read. */
bool eg_walk_goes(const eg_walk *walk);
/* Ends the walk: memory ran out. */
void eg_walk_fail(eg_walk *walk, int status);
/* Takes `amount` from the work that is left; false, and told once, when it is spent. */
bool eg_walk_spend(eg_walk *walk, uint64_t amount);
/* Could not look into `name` ("" for the container itself): tells why. */
void eg_walk_tell(eg_walk *walk, eg_str name, int status, const char *format, ...) EG_PRINTF(4, 5);
/* Bytes that a part may have which is unpacked from `packed` bytes. */
size_t eg_walk_room(const eg_walk *walk, size_t packed);
/* Tells that `name` was longer than that room. */
void eg_walk_tell_room(eg_walk *walk, eg_str name, size_t packed);
/* Hands on a part, then opens it when it is a container itself. */
void eg_walk_part(eg_walk *walk, eg_str name, eg_part_kind kind, eg_str bytes);

/* ---- the containers ---- */
void eg_unpack_ole(eg_walk *walk, eg_str bytes);
void eg_unpack_zip(eg_walk *walk, eg_str bytes);
void eg_unpack_notebook(eg_walk *walk, eg_str bytes);
void eg_unpack_shortcut(eg_walk *walk, eg_str bytes);
void eg_unpack_rtf(eg_walk *walk, eg_str bytes);
void eg_unpack_mime(eg_walk *walk, eg_str bytes);
void eg_unpack_activemime(eg_walk *walk, eg_str bytes);
void eg_unpack_closed(eg_walk *walk, eg_str bytes); /* tells that it is not opened */
/* The macro sheets of a workbook stream, `name`: records, not a file of its own. */
void eg_unpack_workbook(eg_walk *walk, eg_str name, eg_str bytes);
/* The file in what the object packager made, `name`: part of an object or stream. */
void eg_unpack_package(eg_walk *walk, eg_str name, eg_str bytes);

/* Also an archive behind something else, such as a program that unpacks itself. */
bool eg_zip_recognise(eg_str bytes);
/* A mail message, or a web page saved as one file; also behind lines that are none of it. */
bool eg_mime_recognise(eg_str bytes);
/* What a container is that we know and do not open ("RAR archive"); NULL: none of those. */
const char *eg_closed_name(eg_str bytes);

#endif
