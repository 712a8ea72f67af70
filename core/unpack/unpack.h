/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks into files that hold other files: Office documents, texts (RTF), mail, archives, notebooks,
 * shortcuts. What lies inside (macro source, macro sheets, embedded files, members) is handed on
 * part by part, so that a scanner sees what the container hides. Everything read is hostile: depth,
 * number, size, ratio and work are limited, and each place that could not be looked into is told
 * with its reason, also containers that are known and not opened; what can be read before and after
 * it is still handed on. Pure, any thread; nothing is kept after the call, and what a visitor is
 * given lives during its call only.
 */
#ifndef EG_UNPACK_UNPACK_H
#define EG_UNPACK_UNPACK_H

#include "core/base/str.h"

typedef enum eg_part_kind {
#define PART(id, name) EG_PART_##id,
#include "core/unpack/parts.def"
#undef PART
} eg_part_kind;

typedef struct eg_unpack_limits {
    uint32_t depth;      /* of containers in each other; the file itself is at 0 */
    uint32_t parts;      /* in all */
    uint32_t problems;   /* told one by one; then one more says that there are others */
    uint64_t part_bytes; /* of one part; what is longer is cut, and that is told */
    uint64_t all_bytes;  /* of all parts together */
    uint32_t ratio;      /* of unpacked to packed bytes, above the first MiB */
    uint64_t work;       /* bytes and entries looked at */
} eg_unpack_limits;

/* For one document on an office PC: a large one passes, a bomb ends within seconds. */
extern const eg_unpack_limits eg_unpack_usual;

typedef struct eg_unpack_part {
    eg_str name; /* path-like, printable UTF-8: "a.docm/word/vbaProject.bin/VBA/Module1" */
    eg_part_kind kind;
    eg_str bytes;
    uint32_t depth; /* of the container it lies in */
} eg_unpack_part;

/* Both return EG_OK to go on; anything else ends the walk and is what eg_unpack returns. */
typedef struct eg_unpack_visitor {
    void *user;
    int (*part)(void *user, const eg_unpack_part *part);
    /*
     * What could not be looked into, and why (one line, English). `status`: EG_E_INVALID damaged,
     * EG_E_LIMIT, EG_E_UNSUPPORTED encrypted or packed in a way that is not known.
     */
    int (*problem)(void *user, eg_str name, int status, const char *why);
} eg_unpack_visitor;

/*
 * Hands on what lies in `bytes`, not the bytes themselves; nothing for a file that is no container.
 * `name` begins the name of each part ("" for names within the file only). EG_OK also when
 * problems were told; else EG_E_NOMEM or what a visitor returned.
 */
int eg_unpack(eg_str bytes, eg_str name, const eg_unpack_limits *limits,
              const eg_unpack_visitor *visitor);

/* Stable name: "macro source", "archive member", ... Never NULL. */
const char *eg_part_kind_name(eg_part_kind kind);

#endif
