/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/proxy_login.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <wincred.h>

#define TARGET_MAX 4200u

/* The blob is UTF-16 without a terminator, as cmdkey and the control panel write it. */
static int append_login(eg_buf *out, const CREDENTIALW *credential)
{
    uint16_t password[CRED_MAX_CREDENTIAL_BLOB_SIZE / sizeof(uint16_t)];
    DWORD size = credential->CredentialBlobSize;
    size = size < sizeof(password) ? size : sizeof(password);
    memcpy(password, credential->CredentialBlob, size);
    int status = credential->UserName
                     ? eg_utf8_from_utf16(out, (const uint16_t *)credential->UserName,
                                          wcslen(credential->UserName))
                     : EG_OK;
    if (status == EG_OK) {
        status = eg_buf_append_char(out, ':');
    }
    if (status == EG_OK) {
        status = eg_utf8_from_utf16(out, password, size / sizeof(uint16_t));
    }
    SecureZeroMemory(password, sizeof(password));
    return status;
}

static int read_stored(eg_str proxy, eg_buf *out)
{
    CREDENTIALW *credential = NULL;
    wchar_t *target = NULL;
    eg_buf name;
    eg_buf_init(&name, TARGET_MAX);
    int status = eg_buf_appendf(&name, "EmoGuard:%.*s", EG_STR_ARGS(proxy));
    if (status == EG_OK) {
        target = (wchar_t *)eg_utf16_copy(eg_buf_str(&name));
        status = target ? EG_OK : EG_E_NOMEM;
    }
    if (status == EG_OK) {
        status = CredReadW(target, CRED_TYPE_GENERIC, 0, &credential)
                     ? append_login(out, credential)
                     : eg_fail(EG_E_NOTFOUND, "no login for this proxy is kept in Windows");
    }
    if (credential) {
        SecureZeroMemory(credential->CredentialBlob, credential->CredentialBlobSize);
        CredFree(credential);
    }
    eg_free(target);
    eg_buf_done(&name);
    return status;
}

int eg_proxy_login_get(eg_str proxy, bool stored, eg_buf *out)
{
    int status = stored ? read_stored(proxy, out) : EG_E_NOTFOUND;
    return status == EG_E_NOTFOUND ? eg_buf_append_char(out, ':') : status;
}
