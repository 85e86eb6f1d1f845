import { assert, assertEquals } from "@std/assert";
import {
  decide,
  type Limits,
  offer,
  PLAIN_TERMS,
  readAnswer,
  type Terms,
  termsOf,
  windowLimit,
} from "../../tftp/_negotiation.ts";
import { optionsOf } from "./_fake_network.ts";

const LIMITS: Limits = {
  maxBlockSize: 65_464,
  maxWindowBlocks: 64,
  maxWindowBytes: 98_304,
  size: 1_000,
};

/** No decimal number in digits only, as the options want it. */
const NONSENSE = [
  ...["-5", "+8", " 8", "8 ", "0x10", "abc", "", "1e3", "8.0", "8\n", "８"],
  "12345678901234567890",
];

type Pairs = [name: string, value: string][];

/** What a server grants of these options. */
function granted(pairs: Pairs, limits: Partial<Limits> = {}): Pairs {
  return decide("rrq", optionsOf(pairs), { ...LIMITS, ...limits });
}

/** What an OACK with these options tells. */
function terms(pairs: Pairs): Terms {
  return termsOf(optionsOf(pairs));
}

Deno.test("decide() grants nothing of nothing, and then the plain terms", () => {
  for (const type of ["rrq", "wrq"] as const) {
    assertEquals(decide(type, new Map(), LIMITS), []);
  }
  assertEquals(terms([]), PLAIN_TERMS);
});

Deno.test("decide() leaves out options that it does not know", () => {
  const pairs: Pairs = [["multicast", ""], ["foo", "1"], ["blksize2", "1024"]];
  assertEquals(granted(pairs), []);
  assertEquals(granted([...pairs, ["blksize", "600"]]), [["blksize", "600"]]);
});

Deno.test("decide() echoes names as they were spelled", () => {
  const pairs: Pairs = [
    ["BlKsIzE", "1024"],
    ["WindowSize", "4"],
    ["TIMEOUT", "3"],
    ["Tsize", "0"],
  ];
  assertEquals(new Map(granted(pairs)), new Map([...pairs, ["Tsize", "1000"]]));
});

Deno.test("decide() grants blksize from 8 to 65464 and at most what is allowed", () => {
  for (const [asked, answer] of [[8, 8], [512, 512], [65_464, 65_464]]) {
    assertEquals(granted([["blksize", `${asked}`]]), [[
      "blksize",
      `${answer}`,
    ]]);
  }
  const limits = { maxBlockSize: 1_024 };
  assertEquals(granted([["blksize", "65464"]], limits), [["blksize", "1024"]]);
  assertEquals(granted([["blksize", "1023"]], limits), [["blksize", "1023"]]);
  for (const asked of ["0", "1", "7", "65465", "65536", ...NONSENSE]) {
    assertEquals(granted([["blksize", asked]]), [], asked);
  }
});

Deno.test("decide() grants windowsize from 1 to 65535 and at most what is allowed", () => {
  for (const [asked, answer] of [[1, 1], [64, 64], [65, 64], [65_535, 64]]) {
    const pairs: Pairs = [["windowsize", `${asked}`]];
    assertEquals(granted(pairs), [["windowsize", `${answer}`]]);
  }
  for (const asked of ["0", "65536", ...NONSENSE]) {
    assertEquals(granted([["windowsize", asked]]), [], asked);
  }
});

Deno.test("decide() limits a window by its octets, whatever the order of options", () => {
  for (const [blockSize, blocks] of [[1_536, 64], [8_192, 12], [65_464, 1]]) {
    const pairs: Pairs = [
      ["windowsize", "64"],
      ["blksize", `${blockSize}`],
    ];
    const expected = new Map([["windowsize", `${blocks}`], pairs[1]!]);
    assertEquals(new Map(granted(pairs)), expected);
    assertEquals(new Map(granted(pairs.reverse())), expected);
  }
});

Deno.test("decide() limits a window by the block size that it grants", () => {
  const pairs: Pairs = [["windowsize", "64"], ["blksize", "65464"]];
  const limits = { maxBlockSize: 1_024, maxWindowBytes: 10_240 };
  const { blockSize, windowBlocks } = terms(granted(pairs, limits));
  assertEquals([blockSize, windowBlocks], [1_024, 10]);
});

Deno.test("windowLimit() is never below one block", () => {
  const limits = { maxWindowBlocks: 64, maxWindowBytes: 1 };
  assertEquals(windowLimit(65_464, limits), 1);
  assertEquals(windowLimit(512, { ...limits, maxWindowBytes: 98_304 }), 64);
});

Deno.test("decide() echoes a timeout of 1 to 255 seconds", () => {
  for (const seconds of [1, 255]) {
    const pairs: Pairs = [["timeout", `${seconds}`]];
    assertEquals(decide("wrq", optionsOf(pairs), LIMITS), pairs);
    assertEquals(terms(pairs).retransmitMs, seconds * 1_000);
  }
  for (const asked of ["0", "256", ...NONSENSE]) {
    const options = optionsOf([["timeout", asked]]);
    assertEquals(decide("wrq", options, LIMITS), [], asked);
  }
});

Deno.test("decide() tells the size of a file that is read", () => {
  assertEquals(granted([["tsize", "0"]]), [["tsize", "1000"]]);
  const large = 2 ** 40 + 1;
  assertEquals(granted([["tsize", "0"]], { size: large }), [
    ["tsize", "1099511627777"],
  ]);
  for (const asked of NONSENSE) assertEquals(granted([["tsize", asked]]), []);
});

Deno.test("decide() leaves tsize out for an empty file and an unknown size", () => {
  assertEquals(granted([["tsize", "0"]], { size: 0 }), []);
  assertEquals(granted([["tsize", "0"]], { size: undefined }), []);
});

Deno.test("decide() echoes the size of a file that is written", () => {
  for (const size of ["0", "1", "4294967296", "9007199254740991"]) {
    const pairs: Pairs = [["tsize", size]];
    assertEquals(decide("wrq", optionsOf(pairs), LIMITS), pairs);
    assertEquals(terms(pairs).size, Number(size));
  }
  for (const size of NONSENSE) {
    const options = optionsOf([["tsize", size]]);
    assertEquals(decide("wrq", options, LIMITS), [], size);
  }
});

Deno.test("decide() takes no harm from options named like parts of an object", () => {
  const names = ["__proto__", "constructor", "retries", "maxBlockSize", "mode"];
  const pairs = names.map((name): [string, string] => [name, "9"]);
  assertEquals(granted(pairs), []);
  assertEquals(({} as Record<string, unknown>)["9"], undefined);
});

Deno.test("offer() asks for nothing that is the default", () => {
  assertEquals(offer(PLAIN_TERMS), []);
  assertEquals(offer({ ...PLAIN_TERMS, size: 0 }), [["tsize", "0"]]);
});

Deno.test("offer() asks for what differs, with a timeout in whole seconds", () => {
  const wishes = { blockSize: 1_428, windowBlocks: 32, size: 7 };
  assertEquals(
    new Map(offer({ ...wishes, retransmitMs: 2_000 })),
    new Map(Object.entries({
      tsize: "7",
      blksize: "1428",
      timeout: "2",
      windowsize: "32",
    })),
  );
  for (const retransmitMs of [100, 256_000]) {
    const names = offer({ ...wishes, retransmitMs }).map(([name]) => name);
    assert(!names.includes("timeout"), `${retransmitMs}`);
  }
});

Deno.test("offer() proposes no timeout other than the one that was asked for", () => {
  for (const retransmitMs of [500, 1_400, 1_600]) {
    assertEquals(offer({ ...PLAIN_TERMS, retransmitMs }), []);
  }
});

const OFFERED: Pairs = [
  ["tsize", "0"],
  ["blksize", "1428"],
  ["timeout", "2"],
  ["windowsize", "32"],
];

Deno.test("readAnswer() takes what a server may choose", () => {
  const answer: Pairs = [
    ["WINDOWSIZE", "16"],
    ["blksize", "1024"],
    ["Timeout", "2"],
    ["tsize", "1099511627777"],
  ];
  assertEquals(readAnswer(OFFERED, optionsOf(answer)), {
    options: {
      windowsize: "16",
      blksize: "1024",
      timeout: "2",
      tsize: "1099511627777",
    },
    rollover: undefined,
    blockSize: 1_024,
    windowBlocks: 16,
    size: 1_099_511_627_777,
    retransmitMs: 2_000,
  });
  assertEquals(readAnswer(OFFERED, optionsOf(OFFERED)), {
    options: Object.fromEntries(OFFERED),
    rollover: undefined,
    blockSize: 1_428,
    windowBlocks: 32,
    size: 0,
    retransmitMs: 2_000,
  });
});

Deno.test("readAnswer() keeps the default for what the server left out", () => {
  assertEquals(readAnswer(OFFERED, new Map()), PLAIN_TERMS);
  const answer = readAnswer(OFFERED, optionsOf([["windowsize", "2"]]));
  const options = { windowsize: "2" };
  assertEquals(answer, { ...PLAIN_TERMS, options, windowBlocks: 2 });
});

Deno.test("readAnswer() refuses options that were not asked for", () => {
  for (const name of ["multicast", "__proto__", "constructor", "utimeout"]) {
    const refusal = readAnswer(OFFERED, optionsOf([[name, "1"]]));
    assert(typeof refusal === "string" && refusal.includes(name), name);
  }
  assertEquals(
    typeof readAnswer([], optionsOf([["blksize", "512"]])),
    "string",
  );
});

Deno.test("readAnswer() refuses values above the request or out of range", () => {
  const wrong: Pairs = [
    ...["1429", "7", "0", "65464", ...NONSENSE].map((v) => ["blksize", v]),
    ...["33", "0", "65535", ...NONSENSE].map((v) => ["windowsize", v]),
    ...["1", "3", "0", ...NONSENSE].map((v) => ["timeout", v]),
    ...NONSENSE.map((v) => ["tsize", v]),
  ] as Pairs;
  for (const pair of wrong) {
    const refusal = readAnswer(OFFERED, optionsOf([pair]));
    assert(typeof refusal === "string", pair.join());
    assert(refusal.includes(pair[0]), refusal);
  }
});

Deno.test("decide() and readAnswer() know what follows block 65535", () => {
  for (const [value, rollover] of [["0", 0], ["1", 1]] as const) {
    const asked = optionsOf([["Rollover", value]]);
    assertEquals(decide("rrq", asked, LIMITS), [["Rollover", value]]);
    assertEquals(termsOf(asked).rollover, rollover);
    const answer = readAnswer([["rollover", "1"]], asked);
    assertEquals(typeof answer === "object" && answer.rollover, rollover);
  }
  for (const value of ["2", "-1", "65535", "", "one"]) {
    const asked = optionsOf([["rollover", value]]);
    assertEquals(decide("rrq", asked, LIMITS), []);
    assertEquals(typeof readAnswer([["rollover", "1"]], asked), "string");
  }
  assertEquals(offer({ ...PLAIN_TERMS, rollover: 1 }), [["rollover", "1"]]);
});

Deno.test("decide() leaves out what a client cannot do", () => {
  const pairs: Pairs = [["blksize", "1024"], ["TSIZE", "0"], ["timeout", "2"]];
  const limits = { omitOptions: ["tsize", "blksize"] };
  assertEquals(granted(pairs, limits), [["timeout", "2"]]);
});

Deno.test("decide() tells the size of an empty file if told so", () => {
  const asked = optionsOf([["tsize", "0"]]);
  const empty = { ...LIMITS, size: 0 };
  assertEquals(decide("rrq", asked, empty), []);
  const told = decide("rrq", asked, { ...empty, tellEmpty: true });
  assertEquals(told, [["tsize", "0"]]);
});
