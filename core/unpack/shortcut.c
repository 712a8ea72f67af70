/* SPDX-License-Identifier: Apache-2.0 */
/* A shortcut as one part of text: what it would start, a line each, so that rules can read it. */
#include "core/base/status.h"
#include "core/unpack/shell_link.h"
#include "core/unpack/walk.h"

void eg_unpack_shortcut(eg_walk *walk, eg_str bytes)
{
    eg_shell_link link;
    eg_buf text;
    eg_shell_link_init(&link);
    eg_buf_init(&text, (size_t)2 * EG_SHELL_LINK_MAX);
    int status = eg_shell_link_parse(bytes.ptr, bytes.len, &link);
    if (status == EG_E_NOMEM) {
        eg_walk_fail(walk, status);
    } else if (status != EG_OK) {
        eg_walk_tell(walk, EG_STR(""), status, "%s", eg_error_message());
    }
    eg_buf_appendf(&text, "target: %s\narguments: %s\nfolder: %s\nicon: %s\n",
                   eg_buf_cstr(&link.target), eg_buf_cstr(&link.arguments),
                   eg_buf_cstr(&link.working_directory), eg_buf_cstr(&link.icon));
    if (text.status != EG_OK) {
        eg_walk_fail(walk, text.status);
    }
    eg_walk_part(walk, EG_STR("shortcut"), EG_PART_SHORTCUT, eg_buf_str(&text));
    eg_buf_done(&text);
    eg_shell_link_done(&link);
}
