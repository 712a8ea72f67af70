/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tray says: string resources of one language, chosen once at start, and texts from
 * outside made fit for a window. Results live in the caller's arena, or in the program's resources.
 * After eg_tray_text_use any thread may read.
 */
#ifndef EG_TRAY_TEXT_H
#define EG_TRAY_TEXT_H

#include "core/base/mem.h"
#include "core/detect/text.h"
#include "tray/resource.h"

#include <wchar.h>

/* From now on texts come from `module`'s resources (NULL: this program's) in this language. */
void eg_tray_text_use(void *module, eg_language language);
eg_language eg_tray_text_language(void);

/* The string `id`, copied and NUL-terminated; "" when memory ran out. */
const wchar_t *eg_tray_text(eg_arena *arena, unsigned id);
/* The same with %1, %2 ... replaced by `values`. Values are inserted as they are. */
const wchar_t *eg_tray_text_format(eg_arena *arena, unsigned id, const wchar_t *const *values,
                                   size_t count);
/* The one-value and two-value forms of eg_tray_text_format. */
const wchar_t *eg_tray_text_format1(eg_arena *arena, unsigned id, const wchar_t *value);
const wchar_t *eg_tray_text_format2(eg_arena *arena, unsigned id, const wchar_t *first,
                                    const wchar_t *second);
/* Those of the parts that are not "", with `between` between them. */
const wchar_t *eg_tray_text_join(eg_arena *arena, const wchar_t *const *parts, size_t count,
                                 const wchar_t *between);

/* With every "&" doubled, for places where one marks a letter of the keyboard. */
const wchar_t *eg_tray_text_unmarked(eg_arena *arena, const wchar_t *text);

/*
 * Text from outside as UTF-16, with control and bidirectional characters made visible. Line ends
 * survive as CR LF when `lines`, and become blanks otherwise. Cut at `limit` units with "…" behind.
 */
const wchar_t *eg_tray_text_safe(eg_arena *arena, eg_str text, bool lines, size_t limit);
const wchar_t *eg_tray_text_number(eg_arena *arena, uint64_t number);
/* Local time "10:42", with the date before it when that is not today. */
const wchar_t *eg_tray_text_time(eg_arena *arena, uint64_t filetime);
/* Local time "10:42:03" alone. */
const wchar_t *eg_tray_text_clock(eg_arena *arena, uint64_t filetime);

/*
 * Copies as much of `text` as fits into out[size] and ends it with "…" when something was left out;
 * never cuts a surrogate pair. For the fixed fields of the notification area.
 */
void eg_tray_text_cut(wchar_t *out, size_t size, const wchar_t *text);

#endif
