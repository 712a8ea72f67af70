/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library that the drill puts into AppData and has "registered". It does nothing at all; the
 * text is there for whoever finds the file and wonders.
 */
#include <windows.h>

__declspec(dllexport) extern const char eg_drill_marker[];
const char eg_drill_marker[] = "EmoGuard drill: harmless test library, safe to delete. "
                               /* what rules/yara/drill_marker.yar looks for */
                               "EMOGUARD-DRILL-MARKER:9e1f7c52-harmless-test-file";

__declspec(dllexport) HRESULT WINAPI DllRegisterServer(void);

HRESULT WINAPI DllRegisterServer(void)
{
    return S_OK;
}
