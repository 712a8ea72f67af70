// SPDX-License-Identifier: Apache-2.0
// Libraries that put Emotet into memory, by how they were described from 2020 to 2023: what they
// export, and what they hide. The packers changed every few hours; what is asked for here changed
// seldom, but a loader packed in another way meets none of these rules.
import "math"
import "pe"

rule emotet_2020_loader_one_export
{
    meta:
        id = "3a5e1c7f-9b0d-4a6e-8c1e-5d2f7b9a4c10"
        title = "Library whose one export is RunDLL, with packed code"
        description = "A DLL that exports nothing but RunDLL or Control_RunDLL and holds a large part without pattern, unpacked in memory, as from December 2020 on"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://github.com/cecio/EMOTET-2020-Reversing"
    condition:
        pe.is_dll() and filesize < 5MB and pe.number_of_exports == 1 and
        (pe.exports("RunDLL") or pe.exports("Control_RunDLL")) and
        (for any s in pe.sections : (s.raw_data_size > 48KB and
            math.entropy(s.raw_data_offset, s.raw_data_size) > 7.0) or
        for any r in pe.resources : (r.length > 48KB and math.entropy(r.offset, r.length) > 7.0))
}

rule emotet_2021_loader_encrypted_resource
{
    meta:
        id = "5c8d2e4a-1f7b-4d39-9a60-7e3b8c5d1f22"
        title = "Library that registers nothing and carries an encrypted resource"
        description = "A DLL that regsvr32 or rundll32 can start, which is no COM server, and whose largest part is a resource without pattern, as from November 2021 on"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://www.deepinstinct.com/blog/the-re-emergence-of-emotet"
    condition:
        pe.is_dll() and filesize < 64MB and
        (pe.exports("DllRegisterServer") or pe.exports("Control_RunDLL")) and
        not pe.exports("DllGetClassObject") and not pe.exports("DllUnregisterServer") and
        not pe.exports("CPlApplet") and
        // encrypted, not a picture or an archive, which are as dense
        for any r in pe.resources : (r.length > 64KB and
            math.entropy(r.offset, r.length) > 7.5 and
            uint32be(r.offset) != 0x89504E47 and uint32be(r.offset) != 0x504B0304 and
            uint32be(r.offset) != 0x4D534346 and uint16be(r.offset) != 0xFFD8 and
            uint16be(r.offset) != 0x1F8B and uint32be(r.offset) != 0x377ABCAF)
}

rule emotet_payload_without_imports
{
    meta:
        id = "7e1b4f90-2c6d-4b85-a3f7-0d9c6e8b3a34"
        title = "Library that imports nothing and exports one way to start it"
        description = "A small DLL without a single import whose one export is RunDLL, Control_RunDLL or DllRegisterServer: Emotet itself, as it lies unpacked in memory"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "high"
        reference = "https://github.com/cecio/EMOTET-2020-Reversing"
    condition:
        pe.is_dll() and filesize < 2MB and pe.number_of_imports == 0 and
        pe.number_of_delayed_imports == 0 and pe.number_of_exports == 1 and
        (pe.exports("RunDLL") or pe.exports("Control_RunDLL") or pe.exports("DllRegisterServer"))
}

rule emotet_2023_padded_with_zeros
{
    meta:
        id = "9d2f6a81-4e3c-4c70-b5d8-1f0a7e9c5b46"
        title = "Program or document made large with zeros"
        description = "A program or an Office document of more than 60 MB whose second half, as far as it is read, is zeros: too large for some scanners, as the 500 MB files of March 2023"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        date = "2026-11-23"
        level = "medium"
        reference = "https://www.deepinstinct.com/blog/emotet-again-the-first-malspam-wave-of-2023"
    condition:
        // the first 64 MB are what is read of a file or of an archive's member
        filesize > 60MB and (uint16(0) == 0x5A4D or uint32(0) == 0xE011CFD0) and
        for all i in (1..120) : (uint32(filesize - i * 256KB) == 0 and
            uint32(filesize - i * 256KB + 65521) == 0) and
        math.entropy(filesize - 16MB, 16MB) == 0
}
