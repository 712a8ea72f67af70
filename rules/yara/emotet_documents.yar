// SPDX-License-Identifier: Apache-2.0
// What the documents of the Emotet waves of 2020 to 2023 have in common. Macro source and
// members of archives are seen unpacked, one by one.

rule emotet_2022_shortcut_powershell
{
    meta:
        id = "6a0d6bde-6a0c-4f86-9d6b-0b6c6f9a1c54"
        title = "Shortcut that starts a hidden or unreadable PowerShell command"
        description = "A Windows shortcut whose command line runs PowerShell or a script host on text hidden in the shortcut, as in April 2022"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        level = "high"
        reference = "https://attack.mitre.org/software/S0367/"
    strings:
        $powershell = "powershell" ascii wide nocase
        $encoded = / -e(c|nc|ncodedcommand)? {1,4}[A-Za-z0-9+\/]{60}/ ascii wide nocase
        $frombase64 = "FromBase64String" ascii wide nocase
        $hidden = /-w(indowstyle)? {1,4}hidden/ ascii wide nocase
        $download = /(DownloadFile|DownloadString|Invoke-WebRequest|\biwr )/ ascii wide nocase
        $findstr = /findstr[^\r\n]{1,80}\.lnk/ ascii wide nocase
        $script = /(wscript|cscript)/ ascii wide nocase
    condition:
        uint32(0) == 0x4C and uint32(4) == 0x00021401 and filesize < 5MB and
        (($powershell and ($encoded or $frombase64 or ($hidden and $download))) or
        ($findstr and ($script or $powershell)))
}

rule emotet_2023_onenote_script
{
    meta:
        id = "c1f3a8f0-54d4-4d0e-8f1f-9b0a3b7f2e68"
        title = "OneNote page with a script behind a button"
        description = "A OneNote file that holds an embedded script (HTA, VBScript, JScript, command file), as in March 2023"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        level = "high"
        reference = "https://attack.mitre.org/software/S0367/"
    strings:
        // FileDataStoreObject: header GUID, then the length, unused and reserved, then the file
        $embedded = { E7 16 E3 BD 65 26 11 45 A4 C4 8D 4D 0B 7A 9E AC }
        $hta = /<(hta:application|script[^>]{0,80}(vbscript|jscript|javascript))/ ascii wide nocase
        $object = /(CreateObject|GetObject|new ActiveXObject) ?\(/ ascii wide nocase
        $run = /(WScript\.Shell|Shell\.Application|MSXML2\.(Server)?XMLHTTP|ADODB\.Stream)/ ascii wide nocase
        $start = /(powershell|regsvr32|rundll32|mshta|cmd(\.exe)?) {1,4}[\/-]/ ascii wide nocase
    condition:
        uint32(0) == 0x7B5C52E4 and $embedded and
        (($hta and ($object or $start)) or ($object and $run) or ($run and $start))
}

rule emotet_2021_excel4_regsvr32
{
    meta:
        id = "0b7de8f5-7d1d-4f4d-a9ac-7f6f8cf2b9d3"
        title = "Excel 4.0 macro that fetches a library and starts it"
        description = "A workbook with an Excel 4.0 macro sheet, a download function and regsvr32 or rundll32, as in 2021 and 2022"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        level = "high"
        reference = "https://attack.mitre.org/software/S0367/"
    strings:
        // BIFF8 BOUNDSHEET records of a macro sheet: visible, hidden, very hidden
        $sheet = { 85 00 ?? 00 ?? ?? ?? ?? (00 | 01 | 02) 01 }
        $urlmon = "urlmon" ascii wide nocase
        $fetch = "URLDownloadToFile" ascii wide nocase
        $start = /(regsvr32|rundll32)(\.exe)?/ ascii wide nocase
        $register = "DllRegisterServer" ascii wide nocase
    condition:
        uint32(0) == 0xE011CFD0 and filesize < 20MB and $sheet and
        ($urlmon or $fetch) and ($start or $register)
}

rule emotet_2020_word_macro
{
    meta:
        id = "f4f3b1c5-8a46-4b5e-9d53-2f6a6f0a8e17"
        title = "Document macro that starts a program through WMI at once"
        description = "Macro source that runs when the document is opened, and starts a program through WMI or an unreadable PowerShell command, as in 2020"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        level = "high"
        reference = "https://attack.mitre.org/software/S0367/"
    strings:
        $module = "Attribute VB_"
        $auto = /(Sub (Document_Open|AutoOpen|Auto_Open|Workbook_Open)\b)/ ascii wide nocase
        $wmi = /winmgmts:[^\r\n]{0,60}Win32_Process/ ascii wide nocase
        $startup = "Win32_ProcessStartup" ascii wide nocase
        $powershell = "powershell" ascii wide nocase
        // "p" & "ow" & "ers", or with other text in between
        $split = /"po?w?" {0,2}[&+] {0,2}"[ow]/ ascii wide nocase
        $encoded = / -e(c|nc|ncodedcommand)? {1,4}[A-Za-z0-9+\/]{20}/ ascii wide nocase
    condition:
        filesize < 20MB and (uint32(0) == 0xE011CFD0 or $module at 0) and $auto and
        ($wmi or $startup or (($powershell or $split) and $encoded))
}
