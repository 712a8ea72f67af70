/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check report in its three forms: text and HTML for people, JSON for programs (described in
 * docs/check-report.md). Each appends to a buffer of the caller, who gives it room
 * (EG_REPORT_BYTES_MAX is enough) and frees it; the report is only read. EG_E_NOMEM or EG_E_LIMIT.
 */
#ifndef EG_CLI_REPORT_FORMAT_H
#define EG_CLI_REPORT_FORMAT_H

#include "cli/check_report.h"

#define EG_REPORT_SCHEMA 1 /* of the JSON; grows when a reader of the old one would be misled */
#define EG_REPORT_BYTES_MAX ((size_t)512 * 1024 * 1024)

int eg_report_write_text(const eg_check_report *report, eg_language language, eg_buf *out);
/* Every language is in it. One line, UTF-8 without a byte-order mark. */
int eg_report_write_json(const eg_check_report *report, eg_buf *out);
/* One page that needs no other file, runs nothing and asks the network for nothing. */
int eg_report_write_html(const eg_check_report *report, eg_language language, eg_buf *out);

#endif
