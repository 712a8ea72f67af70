/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who signed a program: the signature in the file, or a catalog of this computer that lists it,
 * which is how Windows signs most of its own. Nothing is fetched from the network: no revocation
 * lists, no missing certificates. Stateless; the calls of Windows come as a table, so that tests
 * can give the documented answers.
 */
#ifndef EG_WORKER_SIGNATURE_H
#define EG_WORKER_SIGNATURE_H

#include "core/detect/file_facts.h"

#include <windows.h>

#include <wincrypt.h>
#include <wintrust.h>

#include <mscat.h>

typedef struct eg_trust_calls {
    LONG(WINAPI *verify)(HWND window, GUID *action, LPVOID data);
    /* The name of who signed, out of the state that verify left; false when there is none. */
    bool (*signer)(HANDLE state, WCHAR *name, DWORD units);
    BOOL(WINAPI *acquire)(HCATADMIN *admin, const GUID *subsystem, DWORD flags);
    BOOL(WINAPI *hash)(HANDLE file, DWORD *size, BYTE *hash, DWORD flags);
    /* For SHA-256; NULL where Windows does not have them. */
    BOOL(WINAPI *acquire2)
    (HCATADMIN *admin, const GUID *subsystem, const WCHAR *algorithm,
     const CERT_STRONG_SIGN_PARA *policy, DWORD flags);
    BOOL(WINAPI *hash2)(HCATADMIN admin, HANDLE file, DWORD *size, BYTE *hash, DWORD flags);
    HCATINFO(WINAPI *find)(HCATADMIN admin, BYTE *hash, DWORD size, DWORD flags, HCATINFO *after);
    BOOL(WINAPI *info)(HCATINFO catalog, CATALOG_INFO *info, DWORD flags);
    BOOL(WINAPI *release_catalog)(HCATADMIN admin, HCATINFO catalog, DWORD flags);
    BOOL(WINAPI *release)(HCATADMIN admin, DWORD flags);
} eg_trust_calls;

void eg_trust_calls_of_system(eg_trust_calls *out);

/* EG_E_IO when Windows could not say: that is not the same as unsigned. */
int eg_signature_check(const eg_trust_calls *calls, HANDLE file, const WCHAR *path,
                       eg_signature *out);

#endif
