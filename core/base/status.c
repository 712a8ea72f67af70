/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 1024

static EG_THREAD_LOCAL char last_message[MESSAGE_SIZE];

/* A cut inside a character would make the message invalid UTF-8: drop the incomplete tail. */
static void cut_at_character(char *text, size_t length)
{
    size_t at = length;
    while (at > 0 && length - at < 3 && ((unsigned char)text[at - 1] & 0xC0) == 0x80) {
        at--;
    }
    if (at > 0 && (unsigned char)text[at - 1] >= 0xC0) {
        text[at - 1] = '\0';
    }
}

int eg_fail(int status, const char *format, ...)
{
    /* Formatted aside, since the arguments may hold the previous message. */
    char text[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0) {
        text[0] = '\0';
    } else if ((size_t)length >= sizeof(text)) {
        cut_at_character(text, sizeof(text) - 1);
    }
    memcpy(last_message, text, strlen(text) + 1);
    return status;
}

const char *eg_error_message(void)
{
    return last_message;
}

const char *eg_status_name(int status)
{
    switch (status) {
    case EG_OK: return "ok";
    case EG_E_NOMEM: return "out of memory";
    case EG_E_INVALID: return "invalid";
    case EG_E_NOTFOUND: return "not found";
    case EG_E_EXISTS: return "exists";
    case EG_E_DENIED: return "denied";
    case EG_E_IO: return "input/output";
    case EG_E_LIMIT: return "limit";
    case EG_E_TIMEOUT: return "timeout";
    case EG_E_CLOSED: return "closed";
    case EG_E_UNSUPPORTED: return "unsupported";
    case EG_E_CORRUPT: return "corrupt";
    default: return "unknown status";
    }
}
