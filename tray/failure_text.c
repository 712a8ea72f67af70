/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/failure_text.h"

const wchar_t *eg_check_failure_text(eg_arena *arena, eg_check_failure failure)
{
    static const unsigned failures[EG_CHECK_FAILURE_COUNT] = {
        [EG_CHECK_FAILURE_START] = EG_TEXT_CHECK_FAILURE_START,
        [EG_CHECK_FAILURE_STUCK] = EG_TEXT_CHECK_FAILURE_STUCK,
        [EG_CHECK_FAILURE_ENDED] = EG_TEXT_CHECK_FAILURE_ENDED,
        [EG_CHECK_FAILURE_REPORT] = EG_TEXT_CHECK_FAILURE_REPORT,
    };

    return failures[failure] ? eg_tray_text(arena, failures[failure]) : L"";
}

const wchar_t *eg_update_failure_text(eg_arena *arena, eg_update_failure failure)
{
    static const unsigned failures[EG_UPDATE_FAILURE_COUNT] = {
        [EG_UPDATE_FAILURE_NETWORK] = EG_TEXT_UPDATE_FAILURE_NETWORK,
        [EG_UPDATE_FAILURE_LOGIN] = EG_TEXT_UPDATE_FAILURE_LOGIN,
        [EG_UPDATE_FAILURE_MISSING] = EG_TEXT_UPDATE_FAILURE_MISSING,
        [EG_UPDATE_FAILURE_UNTRUSTED] = EG_TEXT_UPDATE_FAILURE_UNTRUSTED,
        [EG_UPDATE_FAILURE_CLOCK] = EG_TEXT_UPDATE_FAILURE_CLOCK,
        [EG_UPDATE_FAILURE_OTHER] = EG_TEXT_UPDATE_FAILURE_OTHER,
    };

    return failures[failure] ? eg_tray_text(arena, failures[failure]) : L"";
}
