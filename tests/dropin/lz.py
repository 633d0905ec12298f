"""LZ-String (compressToEncodedURIComponent) as clients unpack it: an LZW over UTF-16 code units, its bits written as letters
of a URL. Written from the format, for the clients and the judge; shares nothing with the gateway or the simulator."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$"
VALUE = {letter: number for number, letter in enumerate(LETTERS)}
UNIT_OF_8_BITS, UNIT_OF_16_BITS, END = 0, 1, 2


class Broken(ValueError):
    """No LZ-String."""


class _Bits:
    """Six bits a letter, the highest first; values are written lowest bit first."""

    def __init__(self, text):
        try:
            self.bits = "".join(f"{VALUE[letter]:06b}" for letter in text)
        except KeyError as error:
            raise Broken(f"{error} is no letter of LZ-String") from None
        self.at = 0

    def take(self, count):
        piece = self.bits[self.at:self.at + count]
        if len(piece) < count:
            raise Broken("it ends before its end mark")
        self.at += count
        return int(piece[::-1], 2)


def unpack(text):
    bits = _Bits(text.replace(" ", "+"))
    phrases = [None, None, None]
    width, room = 2, 4  # codes below `room` fit the width
    out, before = [], None
    while True:
        code = bits.take(width)
        if code == END:
            break
        if code in (UNIT_OF_8_BITS, UNIT_OF_16_BITS):
            phrase = chr(bits.take(8 if code == UNIT_OF_8_BITS else 16))
            phrases.append(phrase)
        elif code < len(phrases):
            phrase = phrases[code]
        elif code == len(phrases) and before is not None:
            phrase = before + before[0]
        else:
            raise Broken(f"code {code} stands for nothing yet")
        out.append(phrase)
        if before is not None:
            phrases.append(before + phrase[0])
        before = phrase
        # The writer is one phrase ahead of the reader.
        while len(phrases) + 1 > room:
            width, room = width + 1, room * 2
    return "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def pack(text):
    """For planted answers and round trips alone."""
    units = text.encode("utf-16-le")
    units = [int.from_bytes(units[i:i + 2], "little") for i in range(0, len(units), 2)]
    bits, codes, untold = [], {}, set()
    following, width, countdown = 3, 2, 2

    def value(number, count):
        bits.append(f"{number:0{count}b}"[::-1])

    def told():
        nonlocal width, countdown
        countdown -= 1
        if countdown == 0:
            countdown, width = 2 ** width, width + 1

    def tell(phrase):
        if len(phrase) == 1 and phrase[0] in untold:
            untold.discard(phrase[0])
            narrow = phrase[0] < 256
            value(UNIT_OF_8_BITS if narrow else UNIT_OF_16_BITS, width)
            value(phrase[0], 8 if narrow else 16)
            told()
        else:
            value(codes[phrase], width)
        told()

    phrase = ()
    for unit in units:
        if (unit,) not in codes:
            codes[(unit,)] = following
            following += 1
            untold.add(unit)
        if (*phrase, unit) in codes:
            phrase = (*phrase, unit)
            continue
        tell(phrase)
        codes[(*phrase, unit)] = following
        following += 1
        phrase = (unit,)
    if phrase:
        tell(phrase)
    value(END, width)
    text_bits = "".join(bits) + "0"
    text_bits += "0" * (-len(text_bits) % 6)
    return "".join(LETTERS[int(text_bits[i:i + 6], 2)] for i in range(0, len(text_bits), 6))
