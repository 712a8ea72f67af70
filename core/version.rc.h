/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version resource of every EmoGuard binary. A resource script defines EG_RC_FILENAME,
 * EG_RC_DESCRIPTION and EG_RC_FILETYPE (VFT_APP or VFT_DLL), includes <winver.h> before this file,
 * and gets one neutral VERSIONINFO block. For example:
 *
 *     #include <winver.h>
 *     #define EG_RC_FILENAME "emoguard.exe"
 *     #define EG_RC_DESCRIPTION "EmoGuard command line"
 *     #define EG_RC_FILETYPE VFT_APP
 *     #include "core/version.rc.h"
 *     1 24 "cli.manifest"
 */
#include "core/version.h"

VS_VERSION_INFO VERSIONINFO
FILEVERSION EG_VERSION_MAJOR, EG_VERSION_MINOR, EG_VERSION_PATCH, 0
PRODUCTVERSION EG_VERSION_MAJOR, EG_VERSION_MINOR, EG_VERSION_PATCH, 0
FILEFLAGSMASK VS_FFI_FILEFLAGSMASK
#ifdef NDEBUG
FILEFLAGS 0
#else
FILEFLAGS VS_FF_DEBUG
#endif
FILEOS VOS_NT_WINDOWS32
FILETYPE EG_RC_FILETYPE
FILESUBTYPE VFT2_UNKNOWN
BEGIN
    BLOCK "StringFileInfo"
    BEGIN
        BLOCK "040904B0"
        BEGIN
            VALUE "CompanyName", EG_COMPANY_NAME
            VALUE "FileDescription", EG_RC_DESCRIPTION
            VALUE "FileVersion", EG_VERSION_STRING
            VALUE "InternalName", EG_RC_FILENAME
            VALUE "LegalCopyright", EG_COPYRIGHT
            VALUE "OriginalFilename", EG_RC_FILENAME
            VALUE "ProductName", EG_PRODUCT_NAME
            VALUE "ProductVersion", EG_VERSION_STRING
        END
    END
    BLOCK "VarFileInfo"
    BEGIN
        VALUE "Translation", 0x0409, 0x04B0
    END
END
