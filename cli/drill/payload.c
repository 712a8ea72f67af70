/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library that the drill puts into AppData and has "registered". It does nothing at all; the
 * text is there for whoever finds the file and wonders.
 */
#include <windows.h>

__declspec(dllexport) extern const char eg_drill_marker[];
const char eg_drill_marker[] = "EmoGuard drill: harmless test library, safe to delete.";

__declspec(dllexport) HRESULT WINAPI DllRegisterServer(void);

HRESULT WINAPI DllRegisterServer(void)
{
    return S_OK;
}
