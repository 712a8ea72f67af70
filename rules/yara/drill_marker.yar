// SPDX-License-Identifier: Apache-2.0
rule emoguard_drill_marker
{
    meta:
        id = "b2f0f1f6-3d0c-4c4f-9f0e-6a1d2c7b5e31"
        title = "EmoGuard drill marker"
        description = "The harmless text by which EmoGuard's own tests and drills are found"
        author = "EmoGuard contributors"
        license = "Apache-2.0"
        level = "low"
    strings:
        $marker = /EMOGUARD-DRILL-MARKER:9e1f7c52[-]harmless-test-file/ ascii wide
    condition:
        $marker
}
