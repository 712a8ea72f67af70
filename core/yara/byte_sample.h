/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample for a YARA rule, described in text so that no virus scanner takes the pack for what its
 * rules look for. One thing a line, put together in their order:
 *
 *     # a remark
 *     name Invoice.doc            what rules are told of the file (sample.bin)
 *     hex D0CF11E0 A1B11AE1       bytes
 *     text "Sub Auto" "Open()\r\n" pieces of text, with \r \n \t \\ \" and \x41
 *     wide "text"                 the same in UTF-16
 *     fill 100 FF                 so many bytes of one value (00)
 *     noise 5000                  bytes without pattern, the same each time
 *
 * One thread; who reads a sample frees it with eg_byte_sample_done.
 */
#ifndef EG_YARA_BYTE_SAMPLE_H
#define EG_YARA_BYTE_SAMPLE_H

#include "core/base/str.h"

#define EG_BYTE_SAMPLE_MAX ((size_t)64 * 1024 * 1024)

typedef struct eg_byte_sample {
    eg_buf bytes;
    eg_buf name;
} eg_byte_sample;

/* EG_E_INVALID with the line, EG_E_LIMIT above EG_BYTE_SAMPLE_MAX, EG_E_NOMEM. */
int eg_byte_sample_parse(eg_str text, eg_byte_sample *out);
void eg_byte_sample_done(eg_byte_sample *sample);

#endif
