/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/show_file.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#define FILE_SIZE_MAX (1024u * 1024)

static int read_line(eg_message_decoder *decoder, eg_str line, eg_notice_list *list,
                     eg_service_view *service)
{
    eg_message message;
    eg_tray_notice *notice = NULL;
    eg_service_info *info = NULL;
    eg_service_news *news = NULL;
    int status = eg_message_decode(decoder, line, &message);

    if (status != EG_OK) {
        return status;
    }
    if (message.type == EG_MESSAGE_WELCOME) {
        status = eg_service_info_create(&message.body.welcome, &info);
        if (status == EG_OK) {
            eg_service_view_connected(service, info);
        }
        return status;
    }
    if (message.type == EG_MESSAGE_STATE || message.type == EG_MESSAGE_CHECK_STATE ||
        message.type == EG_MESSAGE_UPDATE_STATE) {
        status = eg_service_news_create(&message, &news);
        if (status == EG_OK) {
            eg_service_view_take(service, news);
        }
        return status;
    }
    if (message.type != EG_MESSAGE_HIT) {
        return eg_fail(EG_E_INVALID, "neither a hit nor what a service tells of itself");
    }
    status = eg_tray_notice_create(&message.body.hit, &notice);
    if (status != EG_OK) {
        return status;
    }
    if (eg_notice_list_news(list, eg_notice_story(&notice->hit)) != EG_NOTICE_NEW) {
        eg_tray_notice_destroy(notice);
        return eg_fail(EG_E_INVALID, "a hit of this incident stands in an earlier line");
    }
    eg_notice_list_take(list, notice);
    return EG_OK;
}

static int read_lines(const char *path, eg_str text, eg_notice_list *list, eg_service_view *service)
{
    eg_message_decoder *decoder = NULL;
    unsigned number = 0;
    eg_str line;
    int status = eg_message_decoder_create(&decoder);

    while (status == EG_OK && eg_str_split(&text, '\n', &line)) {
        number++;
        line = eg_str_trim(line);
        if (line.len == 0) {
            continue;
        }
        status = read_line(decoder, line, list, service);
        if (status != EG_OK) {
            eg_buf reason;
            eg_buf_init(&reason, 1024);
            eg_buf_append_cstr(&reason, eg_error_message());
            eg_fail(status, "%s, line %u: %s", path, number, eg_buf_cstr(&reason));
            eg_buf_done(&reason);
        }
    }
    eg_message_decoder_destroy(decoder);
    return status;
}

int eg_show_file_read(const wchar_t *path, eg_notice_list *list, eg_service_view *service)
{
    eg_buf name, text;
    int status;

    eg_buf_init(&name, 128u * 1024);
    eg_buf_init(&text, FILE_SIZE_MAX);
    status = eg_utf8_from_utf16(&name, (const uint16_t *)path, wcslen(path));
    if (status == EG_OK) {
        status = eg_file_read(eg_buf_cstr(&name), FILE_SIZE_MAX, &text);
    }
    if (status == EG_OK) {
        status = read_lines(eg_buf_cstr(&name), eg_buf_str(&text), list, service);
    }
    if (status == EG_OK && list->count == 0 && !service->check) {
        status =
            eg_fail(EG_E_INVALID, "%s: neither a hit nor a check in this file", eg_buf_cstr(&name));
    }
    eg_buf_done(&name);
    eg_buf_done(&text);
    return status;
}
