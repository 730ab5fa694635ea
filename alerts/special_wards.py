"""The 23 special wards by the five digits of their codes (JIS X 0402): lists write the one or the other. Pure."""

SPECIAL_WARDS = {
    f"131{number:02d}": name
    for number, name in enumerate(
        (
            "千代田区", "中央区", "港区", "新宿区", "文京区", "台東区", "墨田区", "江東区", "品川区", "目黒区",
            "大田区", "世田谷区", "渋谷区", "中野区", "杉並区", "豊島区", "北区", "荒川区", "板橋区", "練馬区",
            "足立区", "葛飾区", "江戸川区",
        ),
        start=1,
    )
}  # fmt: skip


def ward_said(written: str) -> str:
    """Return the name of the ward that a list wrote as five, six or seven digits; anything else as it is written."""
    return SPECIAL_WARDS.get(written[:5], written) if written.isdecimal() and 5 <= len(written) <= 7 else written
