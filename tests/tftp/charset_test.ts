import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeText, encodeText } from "../../tftp/charset.ts";

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values);
}

/** What a sequence means, or undefined when it is not exactly one character. */
function character(sequence: Uint8Array, encoding: string): string | undefined {
  const text = new TextDecoder(encoding).decode(sequence);
  const isOne = text !== "\ufffd" && [...text].length === 1;
  return isOne ? text : undefined;
}

Deno.test("encodeText() encodes UTF-8 by default", () => {
  assertEquals(encodeText("é中😀"), new TextEncoder().encode("é中😀"));
  assertEquals(encodeText(""), bytes());
});

Deno.test("encodeText() encodes GBK under all of its labels", () => {
  for (const label of ["gbk", "GB2312", "chinese", "x-gbk"]) {
    assertEquals(
      encodeText("a中文.bin", label),
      bytes(0x61, 0xd6, 0xd0, 0xce, 0xc4, 0x2e, 0x62, 0x69, 0x6e),
    );
  }
});

Deno.test("encodeText() encodes the usual legacy encodings", () => {
  assertEquals(encodeText("é€", "latin1"), bytes(0xe9, 0x80));
  assertEquals(encodeText("привет", "koi8-r").length, 6);
  assertEquals(encodeText("中文", "big5"), bytes(0xa4, 0xa4, 0xa4, 0xe5));
  assertEquals(encodeText("日本", "shift_jis"), bytes(0x93, 0xfa, 0x96, 0x7b));
  assertEquals(encodeText("日本", "euc-jp"), bytes(0xc6, 0xfc, 0xcb, 0xdc));
  assertEquals(encodeText("한", "euc-kr"), bytes(0xc7, 0xd1));
  assertEquals(encodeText("ｱ", "shift_jis"), bytes(0xb1));
});

Deno.test("encodeText() encodes a line feed and other ASCII as itself", () => {
  const ascii = Uint8Array.from({ length: 128 }, (_, i) => i);
  const text = String.fromCharCode(...ascii);
  for (const label of ["gbk", "big5", "shift_jis", "euc-kr", "windows-1251"]) {
    assertEquals(encodeText(text, label), ascii);
  }
});

Deno.test("encodeText() encodes a character of two UTF-16 units", () => {
  const text = decodeText(bytes(0x87, 0x45), "big5");
  assertEquals(text.length, 2);
  assertEquals(encodeText(text + "a", "big5"), bytes(0x87, 0x45, 0x61));
});

Deno.test("encodeText() puts a character where peers look for it", () => {
  assertEquals(encodeText("€", "gbk"), bytes(0x80));
  assertEquals(encodeText("€", "gb18030"), bytes(0xa2, 0xe3));
  assertEquals(encodeText("\u3000", "gbk"), bytes(0xa1, 0xa1));
  assertEquals(
    encodeText("十包═", "big5"),
    bytes(0xa4, 0x51, 0xa5, 0x5d, 0xf9, 0xf9),
  );
  assertEquals(encodeText("ⅰ∪", "shift_jis"), bytes(0xfa, 0x40, 0x81, 0xbe));
});

Deno.test("encodeText() encodes all of GBK that decodeText() decodes", () => {
  let count = 0;
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const sequence = bytes(lead, trail);
      const text = character(sequence, "gbk");
      if (text === undefined) continue;
      count++;
      // Two places of GBK hold characters that have a better one.
      if (text === "€" || text === "\u3000") continue;
      assertStrictEquals(decodeText(sequence, "gbk"), text);
      const encoded = encodeText(text, "gbk");
      if (encoded[0] !== lead || encoded[1] !== trail || encoded.length !== 2) {
        assertEquals(encoded, sequence, `encoding ${text}`);
      }
    }
  }
  assertEquals(count, 23_940);
});

Deno.test("encodeText() encodes whatever decodeText() makes of one or two bytes", () => {
  const labels = ["gb18030", "big5", "euc-jp", "shift_jis", "euc-kr", "ibm866"];
  labels.push("windows-1252", "iso-8859-8-i", "macintosh", "x-user-defined");
  for (const label of labels) {
    let text = "";
    for (let byte = 0; byte < 0x100; byte++) {
      text += character(bytes(byte), label) ?? "";
    }
    for (let lead = 0x80; lead < 0x100; lead++) {
      for (let trail = 0; trail < 0x100; trail++) {
        text += character(bytes(lead, trail), label) ?? "";
      }
    }
    assertStrictEquals(decodeText(encodeText(text, label), label), text, label);
  }
});

Deno.test("encodeText() encodes every character of a single-byte encoding", () => {
  const labels = [
    "iso-8859-2",
    "windows-1251",
    "koi8-r",
    "macintosh",
    "ibm866",
  ];
  for (const label of labels) {
    for (let byte = 0; byte < 0x100; byte++) {
      const text = character(bytes(byte), label);
      if (text !== undefined) {
        assertEquals(encodeText(text, label), bytes(byte));
      }
    }
  }
});

Deno.test("encodeText() names a character that the encoding lacks", () => {
  assertThrows(
    () => encodeText("boot中.img", "latin1"),
    RangeError,
    'Cannot encode "中": encoding "latin1" lacks it',
  );
  assertThrows(
    () => encodeText("😀", "gb2312"),
    RangeError,
    'Cannot encode "😀": encoding "gb2312" lacks it',
  );
});

Deno.test("encodeText() refuses U+FFFD in a legacy encoding", () => {
  assertThrows(() => encodeText("\ufffd", "gbk"), RangeError, "lacks it");
});

Deno.test("encodeText() refuses a lone surrogate", () => {
  for (const label of ["utf-8", "gbk"]) {
    assertThrows(() => encodeText("a\ud800", label), RangeError, "lacks it");
  }
});

Deno.test("encodeText() and decodeText() refuse an unknown label", () => {
  const message = 'Cannot use encoding "klingon": the label is unknown';
  assertThrows(() => encodeText("a", "klingon"), RangeError, message);
  assertThrows(() => decodeText(bytes(), "klingon"), RangeError, message);
});

Deno.test("encodeText() and decodeText() refuse UTF-16", () => {
  for (const label of ["utf-16", "utf-16le", "UTF-16BE", "unicode"]) {
    const message = `Cannot use encoding "${label}": its NUL bytes`;
    assertThrows(() => encodeText("a", label), RangeError, message);
    assertThrows(() => decodeText(bytes(), label), RangeError, message);
  }
});

Deno.test("encodeText() and decodeText() refuse ISO-2022-JP", () => {
  const message = 'Cannot use encoding "iso-2022-jp": its escape sequences';
  assertThrows(() => encodeText("a", "iso-2022-jp"), RangeError, message);
  assertThrows(() => decodeText(bytes(), "iso-2022-jp"), RangeError, message);
});

Deno.test("decodeText() decodes UTF-8 by default", () => {
  assertEquals(decodeText(new TextEncoder().encode("é中😀")), "é中😀");
  assertEquals(decodeText(bytes()), "");
});

Deno.test("decodeText() keeps a byte order mark", () => {
  assertEquals(decodeText(bytes(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
});

Deno.test("decodeText() refuses bytes that are not text", () => {
  assertThrows(
    () => decodeText(bytes(0x61, 0xff)),
    SyntaxError,
    'Cannot decode text: the bytes are not valid "utf-8"',
  );
  assertThrows(
    () => decodeText(bytes(0xd6), "gb2312"),
    SyntaxError,
    'Cannot decode text: the bytes are not valid "gb2312"',
  );
});

Deno.test("decodeText() replaces what is not text when lossy", () => {
  assertEquals(
    decodeText(bytes(0x61, 0xff, 0x62), "utf-8", { lossy: true }),
    "a\ufffdb",
  );
});
