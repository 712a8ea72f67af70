@echo off
rem SPDX-License-Identifier: Apache-2.0
rem Builds the MSI on Windows with WiX 3 (candle and light on PATH):  build-msi.cmd BUILD_FOLDER OUTPUT.msi VERSION
if "%~3"=="" (
    echo usage: build-msi.cmd BUILD_FOLDER OUTPUT.msi VERSION
    exit /b 2
)
setlocal
set SOURCE=%~dp0..
set SCRATCH=%TEMP%\emoguard-msi-%RANDOM%
mkdir "%SCRATCH%" || exit /b 1
python "%SOURCE%\installer\list_rules.py" "%SOURCE%\rules" "%SCRATCH%\rules.wxs" || exit /b 1
candle -nologo -arch x64 -dVersion=%~3 "-dBuildDir=%~1" "-dRulesDir=%SOURCE%\rules" "-dPolicyDir=%SOURCE%\installer\policy" ^
    "-dIconFile=%SOURCE%\tray\res\fine.ico" ^
    -out "%SCRATCH%\\" "%SOURCE%\installer\emoguard.wxs" "%SCRATCH%\rules.wxs" || exit /b 1
light -nologo -out "%~2" "%SCRATCH%\emoguard.wixobj" "%SCRATCH%\rules.wixobj" || exit /b 1
rmdir /s /q "%SCRATCH%"
