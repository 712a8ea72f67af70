/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security identifiers as bytes and as text ("S-1-5-21-..."). Pure functions, any thread.
 */
#ifndef EG_DECODE_SID_H
#define EG_DECODE_SID_H

#include "core/base/str.h"

#define EG_SID_SIZE_MAX 68 /* revision, count, authority and 15 sub-authorities */
#define EG_SID_TEXT_SIZE 192

/* Bytes the SID at the start of `bytes` takes; 0 when there is none within `size`. */
size_t eg_sid_size(const uint8_t *bytes, size_t size);

/*
 * Writes the text form, NUL-terminated, and returns its length; 0 and "" when `bytes` does not
 * start with a SID. An identifier authority above 32 bits is written in hexadecimal, as Windows
 * does.
 */
size_t eg_sid_format(const uint8_t *bytes, size_t size, char out[EG_SID_TEXT_SIZE]);

/*
 * Sysmon's IntegrityLevel for a mandatory label ("S-1-16-8192" gives "Medium"); EG_STR_NONE for
 * any other SID. Levels between the named ones take the name below them.
 */
eg_str eg_sid_integrity_level(const uint8_t *bytes, size_t size);
eg_str eg_integrity_level_name(uint32_t rid);

#endif
