/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client_user.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <sddl.h>

#define NAME_UNITS 256u

/* The client's token; the thread is itself again. */
static int open_token(HANDLE pipe, HANDLE *out)
{
    if (!ImpersonateNamedPipeClient(pipe)) {
        return eg_fail_os(GetLastError(), "ask who the client is");
    }
    BOOL opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, out);
    DWORD error = GetLastError();
    if (!RevertToSelf()) {
        /* Nothing may run on with the rights of somebody else. */
        eg_log(EG_LOG_ERROR, "pipe", "the service cannot act as itself again (%lu)",
               (unsigned long)GetLastError());
        TerminateProcess(GetCurrentProcess(), 1);
    }
    return opened ? EG_OK : eg_fail_os(error, "open the token of the client");
}

static int append_wide(eg_buf *out, const wchar_t *text)
{
    return eg_utf8_from_utf16(out, (const uint16_t *)text, wcslen(text));
}

static int append_account(eg_buf *name, PSID sid)
{
    wchar_t account[NAME_UNITS], domain[NAME_UNITS];
    DWORD account_size = NAME_UNITS, domain_size = NAME_UNITS;
    SID_NAME_USE use;
    wchar_t *text = NULL;
    int status;
    if (LookupAccountSidW(NULL, sid, account, &account_size, domain, &domain_size, &use)) {
        status = append_wide(name, domain);
        if (status == EG_OK) {
            status = eg_buf_append_char(name, '\\');
        }
        return status == EG_OK ? append_wide(name, account) : status;
    }
    if (!ConvertSidToStringSidW(sid, &text)) {
        return eg_fail_os(GetLastError(), "write the SID of the client");
    }
    status = append_wide(name, text);
    LocalFree(text);
    return status;
}

int eg_client_user_name(HANDLE pipe, eg_buf *name)
{
    union {
        TOKEN_USER user;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } token_user;
    HANDLE token = NULL;
    DWORD size = 0;
    int status = open_token(pipe, &token);
    if (status != EG_OK) {
        return status;
    }
    if (GetTokenInformation(token, TokenUser, &token_user, sizeof(token_user), &size)) {
        status = append_account(name, token_user.user.User.Sid);
    } else {
        status = eg_fail_os(GetLastError(), "read the token of the client");
    }
    CloseHandle(token);
    return status;
}

static int is_member(HANDLE token, WELL_KNOWN_SID_TYPE group, bool *out)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(sid);
    BOOL member = FALSE;
    if (!CreateWellKnownSid(group, NULL, sid, &size) ||
        !CheckTokenMembership(token, sid, &member)) {
        return eg_fail_os(GetLastError(), "check the rights of the client");
    }
    *out = member;
    return EG_OK;
}

int eg_client_user_check_admin(HANDLE pipe)
{
    HANDLE token = NULL;
    bool member = false;
    int status = open_token(pipe, &token);
    if (status != EG_OK) {
        return status;
    }
    status = is_member(token, WinBuiltinAdministratorsSid, &member);
    if (status == EG_OK && !member) {
        status = eg_fail(EG_E_DENIED, "only an administrator may do that; run it as one");
    }
    CloseHandle(token);
    return status;
}

int eg_client_user_check_interactive(HANDLE pipe)
{
    HANDLE token = NULL;
    bool interactive = false, guest = false;
    int status = open_token(pipe, &token);
    if (status != EG_OK) {
        return status;
    }
    status = is_member(token, WinInteractiveSid, &interactive);
    if (status == EG_OK) {
        status = is_member(token, WinBuiltinGuestsSid, &guest);
    }
    if (status == EG_OK && (!interactive || guest)) {
        status = eg_fail(EG_E_DENIED, "only for somebody who is signed in, and no guest");
    }
    CloseHandle(token);
    return status;
}
