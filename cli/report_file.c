/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_file.h"

#include "cli/report_format.h"
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define COMPUTER_MAX_BYTES 100
#define SAME_NAME_MAX 1000
#define NAME_MAX_BYTES 256

static const char *const extensions[] = {"txt", "json", "html"};

/* What Windows refuses in a name, and what would not be seen, becomes '_'. */
static void put_computer(eg_buf *name, eg_str computer)
{
    char piece[EG_UTF8_SAFE_MAX];
    computer = eg_utf8_cut(computer, COMPUTER_MAX_BYTES);
    for (size_t at = 0; at < computer.len;) {
        size_t from = at;
        size_t length = eg_utf8_safe_next(computer, &at, piece);
        bool same = length == at - from && memcmp(piece, computer.ptr + from, length) == 0;
        bool refused = length == 1 && strchr("\\/:*?\"<>| ", piece[0]) != NULL;
        if (same && !refused) {
            eg_buf_append(name, piece, length);
        } else {
            eg_buf_append_char(name, '_');
        }
    }
}

static int put_name(eg_buf *name, const eg_check_report *report, eg_report_form form, int number)
{
    char time[EG_TIME_TEXT_SIZE];
    eg_buf_clear(name);
    put_computer(name, report->computer);
    eg_time_format(eg_clock_local(report->started), time);
    eg_buf_appendf(name, "_%.4s%.2s%.2s%.2s%.2s%.2s_emoguard", time, time + 5, time + 8, time + 11,
                   time + 14, time + 17);
    if (number > 1) {
        eg_buf_appendf(name, "_%d", number);
    }
    return eg_buf_appendf(name, ".%s", extensions[form]);
}

static int put_content(const eg_check_report *report, eg_report_form form, eg_language language,
                       eg_buf *content)
{
    switch (form) {
    case EG_REPORT_JSON: return eg_report_write_json(report, content);
    case EG_REPORT_HTML: return eg_report_write_html(report, language, content);
    default: return eg_report_write_text(report, language, content);
    }
}

int eg_report_save(const eg_check_report *report, eg_report_form form, eg_language language,
                   const char *folder, eg_buf *path)
{
    eg_buf content;
    eg_buf name;
    eg_buf_init(&content, EG_REPORT_BYTES_MAX);
    eg_buf_init(&name, NAME_MAX_BYTES);
    int status = put_content(report, form, language, &content);
    bool taken = status == EG_OK;
    for (int number = 1; taken && number <= SAME_NAME_MAX; number++) {
        status = put_name(&name, report, form, number);
        if (status == EG_OK) {
            status = eg_path_join(path, folder, eg_buf_cstr(&name));
        }
        if (status == EG_OK) {
            status = eg_file_write_new(eg_buf_cstr(path), content.data, content.len);
        }
        taken = status == EG_E_EXISTS;
    }
    eg_buf_done(&name);
    eg_buf_done(&content);
    return status;
}
