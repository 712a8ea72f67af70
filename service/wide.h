/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 <-> UTF-16 at the Win32 edge of the service. wchar_t is a UTF-16 unit here, so this is only
 * the cast around core/base/utf.h, in one place. What eg_wide_copy returns is freed with eg_free.
 */
#ifndef EG_SERVICE_WIDE_H
#define EG_SERVICE_WIDE_H

#include "core/base/mem.h"
#include "core/base/utf.h"

#include <wchar.h>

/* 0-terminated heap copy; NULL on no memory. */
static inline wchar_t *eg_wide_copy(eg_str text)
{
    return (wchar_t *)eg_utf16_copy(text);
}

static inline int eg_wide_append_utf8(eg_buf *out, const wchar_t *text)
{
    return eg_utf8_from_utf16(out, (const uint16_t *)text, wcslen(text));
}

#endif
