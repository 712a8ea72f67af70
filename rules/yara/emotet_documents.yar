// SPDX-License-Identifier: Apache-2.0
// Documents that brought Emotet from 2020 to 2023, by the ways described in public that they were
// built. What lies in containers (macro source, macro sheets, members, texts of shortcuts) is seen
// unpacked, one by one, so a rule asks for one part: what it wants to see together lies in it.

rule emotet_2022_shortcut_powershell
{
    meta:
        id = "6a0d6bde-6a0c-4f86-9d6b-0b6c6f9a1c54"
        title = "Shortcut that starts a hidden or unreadable PowerShell command"
        description = "A Windows shortcut whose command line runs PowerShell on unreadable text, or writes a script that stands behind the shortcut itself with findstr and starts it, as in April 2022"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://www.binarydefense.com/resources/threat-watch/emotet-malware-infects-users-again-after-fixing-broken-installer/"
    strings:
        $powershell = "powershell" ascii wide nocase
        $encoded = / -e(c|nc|ncodedcommand)? {1,4}[A-Za-z0-9+\/]{60}/ ascii wide nocase
        $frombase64 = "FromBase64String" ascii wide nocase
        $hidden = /-w(indowstyle)? {1,4}hidden/ ascii wide nocase
        $download = /(DownloadFile|DownloadString|Invoke-WebRequest|\biwr )/ ascii wide nocase
        $findstr = /findstr[^\r\n]{1,80}\.lnk/ ascii wide nocase
        $script = /(wscript|cscript|\.vbs|\.js\b)/ ascii wide nocase
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
        date = "2026-11-23"
        level = "high"
        reference = "https://heimdalsecurity.com/blog/emotet-malware-microsoft-onenote-attachments/"
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

rule emotet_2023_onenote_lure
{
    meta:
        id = "1b7c9e52-6d4f-4e81-8a29-3c5b0f7d9e58"
        title = "OneNote page that asks for a double-click on a hidden script"
        description = "A OneNote file with an embedded file whose name ends like a script's (click.wsf), and a text that asks for a double-click on a button, whatever the script is made of, as in March 2023"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://heimdalsecurity.com/blog/emotet-malware-microsoft-onenote-attachments/"
    strings:
        $embedded = { E7 16 E3 BD 65 26 11 45 A4 C4 8D 4D 0B 7A 9E AC }
        $name = /[A-Za-z0-9_ -]{1,40}\.(wsf|vbs|vbe|jse|hta|cmd|bat)\x00/ wide nocase
        $click = /double.?click/ ascii wide nocase
        $protected = /document is protected/ ascii wide nocase
        $japanese = { C0 30 D6 30 EB 30 AF 30 EA 30 C3 30 AF 30 } // double-click, in katakana
    condition:
        uint32(0) == 0x7B5C52E4 and $embedded and $name and ($click or $protected or $japanese)
}

rule emotet_2021_excel4_regsvr32
{
    meta:
        id = "0b7de8f5-7d1d-4f4d-a9ac-7f6f8cf2b9d3"
        title = "Excel 4.0 macro that fetches a library and starts it"
        description = "A workbook with an Excel 4.0 macro sheet, a download function and regsvr32 or rundll32, as in 2021 and 2022"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://www.fortinet.com/blog/threat-research/Trends-in-the-recent-emotet-maldoc-outbreak"
    strings:
        // BIFF8 BOUNDSHEET records of a macro sheet: visible, hidden, very hidden
        $sheet = { 85 00 ?? 00 ?? ?? ?? ?? (00 | 01 | 02) 01 }
        $xml = "<xm:macrosheet"
        $urlmon = "urlmon" ascii wide nocase
        $fetch = "URLDownloadToFile" ascii wide nocase
        $start = /(regsvr32|rundll32)(\.exe)?/ ascii wide nocase
        $register = "DllRegisterServer" ascii wide nocase
    condition:
        filesize < 20MB and
        // a whole workbook, the records of one macro sheet, or one as XML
        ((uint32(0) == 0xE011CFD0 and $sheet) or
        (uint16(0) == 0x0809 and uint16(6) == 0x0040) or $xml in (0..1024)) and
        ($urlmon or $fetch) and ($start or $register)
}

rule emotet_2022_workbook_mshta
{
    meta:
        id = "2d9e0a63-7c5b-4f92-9b3a-4e6d1a8f0c6a"
        title = "Workbook that hides a call of mshta between carets"
        description = "A workbook that starts mshta on an address, both written with carets in between so that nobody finds them, as in January 2022"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://www.trendmicro.com/en_us/research/22/a/emotet-spam-abuses-unconventional-ip-address-formats-spread-malware.html"
    strings:
        $mshta1 = /m\^s\^?h\^?t\^?a/ ascii wide nocase
        $mshta2 = /ms\^h\^?t\^?a/ ascii wide nocase
        $mshta3 = /msh\^t\^?a/ ascii wide nocase
        $mshta4 = /msht\^a/ ascii wide nocase
        $http1 = /h\^t\^?t\^?p/ ascii wide nocase
        $http2 = /ht\^t\^?p/ ascii wide nocase
        $http3 = /htt\^p/ ascii wide nocase
    condition:
        filesize < 20MB and any of ($mshta*) and any of ($http*) and
        (uint32(0) == 0xE011CFD0 or uint16(0) == 0x0809 or uint32be(0) == 0x3C3F786D)
}

rule emotet_2022_templates_lure
{
    meta:
        id = "4f0b1c74-8d6a-4aa3-ac4b-5f7e2b901d7c"
        title = "Workbook that asks to be copied to a trusted folder"
        description = "A workbook whose text asks the reader to copy it to the Templates folder of Office and to start it again, where macros run unasked, as in November 2022"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://cloud7.news/security/emotet-botnet-is-active-once-again/"
    strings:
        $relaunch = /relaunch required/ ascii wide nocase
        $copy = /copy the file to the following folder/ ascii wide nocase
        $folder = /Microsoft Office[^\r\n<]{0,40}\\Templates/ ascii wide nocase
    condition:
        filesize < 20MB and 2 of them and
        (uint32(0) == 0xE011CFD0 or uint16(0) == 0x0809 or uint32be(0) == 0x3C3F786D)
}

rule emotet_2020_word_macro
{
    meta:
        id = "f4f3b1c5-8a46-4b5e-9d53-2f6a6f0a8e17"
        title = "Document macro that starts a program through WMI at once"
        description = "Macro source that runs when the document is opened, and starts a program through WMI or an unreadable PowerShell command, as in 2020"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://fastcall.medium.com/reverse-engineering-emotet-ec6fa55f334"
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

rule emotet_2023_word_macro_archive
{
    meta:
        id = "60c12d85-9e7b-4bb4-bd5c-608f3ca12e8e"
        title = "Document macro that unpacks an archive and registers what is in it"
        description = "Macro source that runs when the document is opened, takes a library out of an archive it fetched, and starts it with regsvr32, as in March 2023"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://www.deepinstinct.com/blog/emotet-again-the-first-malspam-wave-of-2023"
    strings:
        $module = "Attribute VB_"
        $auto = /(Sub (Document_Open|AutoOpen|Auto_Open|Workbook_Open)\b)/ nocase
        $unpack = /\.CopyHere\b/ nocase
        $folder = /\.Namespace ?\(/ nocase
        $register = "regsvr32" nocase
    condition:
        filesize < 20MB and $module at 0 and $auto and $register and ($unpack or $folder)
}
