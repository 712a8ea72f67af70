/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/ordinary.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define COUNT_BITS 14

/* What a PC writes all day, by its own programs and those of an office. */
static const char *const sample[] = {
    "c:\\windows\\system32\\svchost.exe -k netsvcs -p -s schedule",
    "c:\\windows\\system32\\svchost.exe -k localservicenetworkrestricted -p",
    "c:\\windows\\system32\\cmd.exe /c c:\\users\\administrator\\desktop\\start.bat",
    "\"c:\\windows\\system32\\cmd.exe\"",
    "c:\\windows\\system32\\cmd.exe /d /c",
    "c:\\windows\\syswow64\\cmd.exe /c copy",
    "c:\\windows\\system32\\cmd.exe",
    "c:\\windows\\system32\\cmd.exe /s /c",
    "c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe -noprofile",
    "powershell.exe -executionpolicy bypass -command \"& {",
    "powershell -nop -w hidden -c",
    "\\??\\c:\\windows\\system32\\conhost.exe 0xffffffff -forcev1",
    "c:\\windows\\system32\\services.exe",
    "c:\\windows\\system32\\lsass.exe",
    "c:\\windows\\system32\\taskhostw.exe",
    "c:\\windows\\system32\\dllhost.exe /processid:{",
    "c:\\windows\\system32\\wbem\\wmiprvse.exe -secured -embedding",
    "c:\\windows\\system32\\rundll32.exe shell32.dll,",
    "c:\\windows\\system32\\regsvr32.exe /s",
    "c:\\windows\\system32\\msiexec.exe /v",
    "c:\\windows\\system32\\net1.exe user",
    "c:\\windows\\system32\\net.exe",
    "c:\\windows\\system32\\reg.exe add hklm\\software",
    "c:\\windows\\system32\\sc.exe start",
    "c:\\windows\\system32\\schtasks.exe /create /tn",
    "c:\\windows\\system32\\whoami.exe /all",
    "c:\\windows\\system32\\ntdll.dll",
    "c:\\windows\\system32\\kernel32.dll",
    "c:\\windows\\system32\\kernelbase.dll",
    "c:\\windows\\system32\\user32.dll",
    "c:\\windows\\system32\\advapi32.dll",
    "c:\\windows\\system32\\combase.dll",
    "c:\\windows\\syswow64\\ole32.dll",
    "c:\\windows\\syswow64\\wow64.dll",
    "c:\\windows\\microsoft.net\\framework64\\v4.0.30319\\clr.dll",
    "c:\\windows\\winsxs\\amd64_microsoft.windows.common-controls_",
    "c:\\windows\\explorer.exe",
    "c:\\windows\\temp\\",
    "c:\\windows\\",
    "c:\\program files\\google\\chrome\\application\\chrome.exe --type=renderer",
    "c:\\program files (x86)\\microsoft\\edge\\application\\msedge.exe --type=utility",
    "c:\\program files\\microsoft office\\root\\office16\\winword.exe /n",
    "c:\\program files\\microsoft office\\root\\office16\\excel.exe",
    "c:\\program files\\microsoft office\\root\\office16\\outlook.exe",
    "c:\\program files\\common files\\",
    "c:\\program files\\windows defender\\msmpeng.exe",
    "c:\\programdata\\microsoft\\windows\\start menu\\programs\\",
    "c:\\users\\user\\appdata\\local\\temp\\",
    "c:\\users\\user\\appdata\\roaming\\microsoft\\windows\\recent\\",
    "c:\\users\\user\\appdata\\local\\microsoft\\windows\\inetcache\\",
    "c:\\users\\user\\downloads\\document.docx",
    "c:\\users\\user\\desktop\\file.txt",
    "c:\\users\\public\\",
    "hklm\\system\\currentcontrolset\\services\\",
    "hklm\\system\\currentcontrolset\\control\\",
    "hklm\\software\\microsoft\\windows\\currentversion\\run\\",
    "hklm\\software\\microsoft\\windows nt\\currentversion\\",
    "hklm\\software\\classes\\clsid\\{",
    "hklm\\software\\wow6432node\\microsoft\\",
    "hklm\\software\\policies\\microsoft\\windows\\",
    "hku\\s-1-5-21-1234567890-1234567890-1234567890-1001\\software\\microsoft\\",
    "hku\\.default\\software\\microsoft\\windows\\currentversion\\explorer\\",
    "hkcr\\",
    "dword (0x00000001)",
    "binary data",
    "microsoft corporation",
    "microsoft\xc2\xae windows\xc2\xae operating system",
    "microsoft windows",
    "windows command processor",
    "windows powershell",
    "host process for windows services",
    "nt authority\\system",
    "desktop-user\\administrator",
    "10.0.19041.1 (winbuild.160101.0800)",
    "6.1.7601.17514 (win7sp1_rtm.101119-1850)",
    "md5=0123456789abcdef0123456789abcdef,sha256=0123456789abcdef,imphash=0123456789abcdef",
    "sha1=0123456789abcdef0123456789abcdef01234567",
    "microsoft-windows-sysmon/operational",
    "www.microsoft.com",
    "https://login.live.com/",
    "http://ocsp.digicert.com",
    "python.exe setup.py",
    "java.exe -jar",
};

struct eg_ordinary {
    uint8_t counts[1u << COUNT_BITS]; /* by hash: in how many lines of the sample */
};

static size_t place_of(const char *gram)
{
    uint32_t value;

    memcpy(&value, gram, sizeof(value));
    return value * UINT32_C(0x85EBCA6B) >> (32 - COUNT_BITS);
}

int eg_ordinary_create(eg_ordinary **out)
{
    eg_ordinary *ordinary = eg_alloc_zero(1, sizeof(*ordinary));
    size_t i, at;

    if (!ordinary) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < EG_COUNT(sample); i++) {
        size_t length = strlen(sample[i]);

        for (at = 0; at + EG_GRAM_BYTES <= length; at++) {
            uint8_t *count = &ordinary->counts[place_of(sample[i] + at)];

            *count = (uint8_t)(*count + (*count < EG_COUNT(sample)));
        }
    }
    *out = ordinary;
    return EG_OK;
}

void eg_ordinary_destroy(eg_ordinary *ordinary)
{
    eg_free(ordinary);
}

double eg_ordinary_share(const eg_ordinary *ordinary, const char *gram)
{
    return (double)ordinary->counts[place_of(gram)] / (double)EG_COUNT(sample);
}

double eg_ordinary_share_of_text(const eg_ordinary *ordinary, eg_str text)
{
    double least = 1;
    size_t at;

    for (at = 0; at + EG_GRAM_BYTES <= text.len; at++) {
        double share = eg_ordinary_share(ordinary, text.ptr + at);

        least = share < least ? share : least;
    }
    return least;
}
