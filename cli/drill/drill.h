/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that the drill, its stand-in programs and its library agree on. Everything the drill makes
 * carries the word EmoGuardDrill, so that anybody who meets it knows what it is.
 */
#ifndef EG_CLI_DRILL_DRILL_H
#define EG_CLI_DRILL_DRILL_H

#define EG_DRILL_NAME L"EmoGuardDrill"

/* Below %LOCALAPPDATA%. */
#define EG_DRILL_STAGE_FOLDER L"\\Temp\\" EG_DRILL_NAME
#define EG_DRILL_DLL_FOLDER L"\\" EG_DRILL_NAME
#define EG_DRILL_DLL L"kqzwx.dll"

/* The stand-in is copied under these names; each starts the next. */
#define EG_DRILL_STAGE_1 L"winword.exe"
#define EG_DRILL_STAGE_2 L"powershell.exe"
#define EG_DRILL_STAGE_3 L"regsvr32.exe"

/* `echo "EmoGuard drill"` as powershell wants its encoded commands: UTF-16LE, base64. */
#define EG_DRILL_ENCODED L"ZQBjAGgAbwAgACIARQBtAG8ARwB1AGEAcgBkACAAZAByAGkAbABsACIA"

/* How long the last stand-in stays, so that a sensor that polls can see it too. */
#define EG_DRILL_LINGER_MS 1500

#endif
