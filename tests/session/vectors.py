"""Signed cookies as Node's crypto, Buffer and encodeURIComponent make them.

Printed by a program of six lines for the ids and secrets here; the first is the example in the
documentation of express's `cookie-signature`.
"""

# id, secret, signed id, cookie value
VECTORS = [
    (
        "hello",
        "tobiiscool",
        "hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI",
        "s%3Ahello.DGDUkGlIkCzPz%2BC0B064FNgHdEjox7ch8tOBGslZ5QI",
    ),
    (
        "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS",
        "keyboard cat",
        "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS.mT0Hl+/iErIQWm3R8av5HCI33jhfyqFAzOr6deW/w5E",
        "s%3AMZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS.mT0Hl%2B%2FiErIQWm3R8av5HCI33jhfyqFAzOr6deW%2Fw5E",
    ),
    (
        "a/b+c d%é",
        "a secret of thirty-two bytes, ok",
        "a/b+c d%é.PLysagqBmWBmb5r0LS4PKh2R+uQh4vCkPapOBvgf5KY",
        "s%3Aa%2Fb%2Bc%20d%25%C3%A9.PLysagqBmWBmb5r0LS4PKh2R%2BuQh4vCkPapOBvgf5KY",
    ),
    (
        "with.dots.in.it",
        "schlüssel",
        "with.dots.in.it.MHd5Vp2NWqrIwkiOD2m31vubDshDP+WKjRs6LT+uZFQ",
        "s%3Awith.dots.in.it.MHd5Vp2NWqrIwkiOD2m31vubDshDP%2BWKjRs6LT%2BuZFQ",
    ),
    (
        "x🍪",
        "s",
        "x🍪.V9QBZ4NLoAibcrgVyIbjpD3YwqFV+bZytlzL3PO4Yms",
        "s%3Ax%F0%9F%8D%AA.V9QBZ4NLoAibcrgVyIbjpD3YwqFV%2BbZytlzL3PO4Yms",
    ),
    (
        "!~*()'id",
        "s2",
        "!~*()'id.RiKab/cA1Gdh4uw6PN8gDcUgt9U1stuoFC04d7o9jXY",
        "s%3A!~*()'id.RiKab%2FcA1Gdh4uw6PN8gDcUgt9U1stuoFC04d7o9jXY",
    ),
]

BINARY_SECRET = (bytes([0, 255, 16, 128]), "id", "id.Tew0UWrNDdpSNm85Xaz1NVLmffZw3SssQy9EeEDBnLE")
