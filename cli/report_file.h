/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check report as a file, named as EmoCheck names its own: COMPUTER_yyyymmddhhmmss_emoguard.txt,
 * with the wall clock's time of the start of the check. A file is there with all its content or not
 * at all, and none that exists is ever replaced: a second one of that name becomes ..._2. One
 * thread at a time.
 */
#ifndef EG_CLI_REPORT_FILE_H
#define EG_CLI_REPORT_FILE_H

#include "cli/check_report.h"

typedef enum eg_report_form {
    EG_REPORT_TEXT, /* .txt */
    EG_REPORT_JSON, /* .json */
    EG_REPORT_HTML, /* .html */
} eg_report_form;

/*
 * Writes the report into a folder that exists and puts the path of the file in `path`, replacing
 * what is in it. The language matters not for JSON. EG_E_NOTFOUND, EG_E_DENIED, EG_E_IO,
 * EG_E_NOMEM.
 */
int eg_report_save(const eg_check_report *report, eg_report_form form, eg_language language,
                   const char *folder, eg_buf *path);

#endif
