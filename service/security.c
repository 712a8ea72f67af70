/* SPDX-License-Identifier: Apache-2.0 */
#include "service/security.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <aclapi.h>
#include <sddl.h>

int eg_security_from_sddl(const wchar_t *sddl, PSECURITY_DESCRIPTOR *out)
{
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, out, NULL)) {
        return eg_fail_os(GetLastError(), "read a security descriptor");
    }
    return EG_OK;
}

static bool is_own_account(PSID sid)
{
    HANDLE token = NULL;
    DWORD size = 0;
    bool own = false;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    GetTokenInformation(token, TokenUser, NULL, 0, &size);
    TOKEN_USER *user = size ? eg_alloc(size) : NULL;
    if (user && GetTokenInformation(token, TokenUser, user, size, &size)) {
        own = EqualSid(user->User.Sid, sid) != 0;
    }
    eg_free(user);
    CloseHandle(token);
    return own;
}

bool eg_security_owner_is_trusted(HANDLE handle)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    if (GetSecurityInfo(handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                        NULL, &descriptor) != ERROR_SUCCESS) {
        return false;
    }
    bool trusted =
        owner && (IsWellKnownSid(owner, WinLocalSystemSid) ||
                  IsWellKnownSid(owner, WinBuiltinAdministratorsSid) || is_own_account(owner));
    LocalFree(descriptor);
    return trusted;
}

int eg_security_set_dacl(HANDLE handle, const wchar_t *sddl)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    int status = eg_security_from_sddl(sddl, &descriptor);
    if (status != EG_OK) {
        return status;
    }
    PACL list = NULL;
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted) || !present) {
        status = eg_fail_os(GetLastError(), "read an access list");
    } else {
        DWORD error = SetSecurityInfo(
            handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            NULL, NULL, list, NULL);
        if (error != ERROR_SUCCESS) {
            status = eg_fail_os(error, "set access rights");
        }
    }
    LocalFree(descriptor);
    return status;
}

bool eg_security_is_administrator(void)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(sid);
    BOOL member = FALSE;
    return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &size) &&
           CheckTokenMembership(NULL, sid, &member) && member;
}
