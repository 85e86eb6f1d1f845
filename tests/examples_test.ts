import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { DISCOVERY_PORT } from "../udp/discover.ts";
import { CONCURRENCIES } from "../tcp/concurrency.ts";
import { UdpSocket } from "../udp/socket.ts";

const root = fileURLToPath(import.meta.resolve("../"));

/** One phase of the traffic light. */
const LIGHT = `red\ngreen\n${"  a car drives on green\n".repeat(2)}`;

/** What each example must print; the file name without `.ts`. */
const EXPECTED: Record<string, string[]> = {
  demo: [
    "  downloaded 8.39 MB in ",
    "  SHA-256 matches\n",
    "  uploaded   8.39 MB in ",
    '  not-found: Cannot read "missing.img" from 127.0.0.1:',
    "  server: 2 transfers done, 1 failed\n",
    "  printer answers from 127.0.0.1:",
    "  camera answers from 127.0.0.1:",
    "  switch answers from 127.0.0.1:",
    ...CONCURRENCIES.map((model) => `  ${model.padEnd(12)} `),
  ],
  mux_echo_epoll: [
    "level: told, told\nedge: told, not told\nedge, five octets left: not told\n",
    "edge, one more came: told, not told\none-shot: told\n",
    "one-shot, one more came: not told\none-shot, modified: told\n",
    "echo: hello\necho: world\n",
  ],
  mux_echo_poll: [
    "nobody yet: 0\nlistener: POLLIN\nclient: POLLIN\nclient: POLLOUT\n",
    "echo: hello\nclient: POLLIN\nclient: POLLOUT\n",
    "echo: bye\nclient: POLLIN | POLLRDHUP\n",
  ],
  mux_echo_queues: [
    "quick: one\nquick: two\nquick: three\nlazy: all is sent, nothing read\n",
    "lazy: 16000000 octets came back\nmessages waited for the lazy one: true\n",
  ],
  mux_echo_select: [
    "echo: I am Ann\necho: I am Bob\necho: I am Cleo\n",
    "gone: 2 left\ngone: 1 left\ntyped: quit\n",
  ],
  mux_echo_selector: [
    "echo: hello from 1\necho: hello from 2\necho: hello from 3\n",
    "echo: 1000000 octets\nstop: 0 clients left\n",
  ],
  mux_models: [
    "blocking     slow, middle, quick; 3 calls, ",
    ...["nonBlocking  ", "multiplexed  ", "asynchronous ", "eventLoop    "],
  ],
  mux_round_robin: [
    "nobody there: ConnectionRefused\n",
    "echo for client 1\necho for client 2\necho for client 3\n",
    "it would have had to wait, and did not: true\n",
  ],
  sync_barrier: [
    "3 came: 2 gone, 1 waits\n4 came: 4 gone, 0 waits\nplaces: 0 0 1 1\n",
    "BrokenBarrierError: Cannot pass the Barrier: it is broken: TimeoutError\n",
    "after the reset: broken false, 5 gone\n",
  ],
  sync_condition: [
    "first: 4\nfirst: 5\nsecond: 1\nsecond: 2\n",
    "second: 4\nsecond: 5\nfirst: 6\nfirst: 7\nfirst: 8\nfirst: 9\nfirst: 10\n",
    "baked bun 1\nsold bun 1\nbaked bun 2\nsold bun 2\nbaked bun 3\nsold bun 3\n",
    "sold bun 3\nbaked bun 4\nsold bun 4\nbaked bun 5\nsold bun 5\n",
  ],
  sync_deadlock: [
    'gave way: DeadlockError\ngot both\nthread "left" holds Lock ',
    '\nthread "right" holds Lock ',
    " and waits for Lock ",
    "hasty gave way: TimeoutError\ncalm got both\n",
  ],
  sync_download: [
    "one after the other: at once: false\n",
    "tasks: at once: true, sooner: ", // whether sooner is a matter of time
    "two tasks: at once: true, more: false\n",
  ],
  sync_event: [
    `${LIGHT}${LIGHT}red\n`,
    "without clear: 5 waits took 1 x set()\n",
    "with clear: 5 waits took 5 x set()\n",
  ],
  sync_generators: [
    "Ann hears 15, and buys\nBob hears 15\nAnn hears 10, and buys\nBob hears 25\n",
    "Bob hears 12, and buys\nAnn paid 25, Bob paid 12\n",
  ],
  sync_lock: [
    "3 wanted 40 of 100: 2 got it, 20 are left\nforgotten: TimeoutError: ",
    "\nlocked: true, without waiting: undefined\nreleased: got it\n",
    "twice: TimeoutError: Cannot acquire the Lock: ",
    "free: TypeError: Cannot release the Lock: nobody holds it\n",
  ],
  sync_ordered: [
    `${"ABC".repeat(2)}\n6 threads\nheld: A false B true C true\n`,
  ],
  sync_pipe: [
    "1 + 2 + 3 = 6\nanswers: 30, 0.75\n",
    "16777216 octets went through a pipe of 65536\nthe clerk did 4 orders\n",
    "the guest: hello\nthe guest: I must go\nthe guest: bye\nthe end: null\n",
    "BrokenPipe: Cannot send to the PipeEnd: ",
  ],
  sync_pool: [
    "wave 1: 3 run, 5 wait\nwave 2: 3 run, 2 wait\nwave 3: 2 run, 0 wait\n",
    "8 done, at most 3 at once\nreported: RangeError: no square has a side of -1\n",
    "asynchronous: 4 cm²\nblocking: 9 cm²\nmap: 16 cm², 25 cm², 36 cm²\nby source: 343\n",
    "closed: 13 done, 1 failed\nTypeError: Cannot submit a task: the pool is closed\n",
    "PoolError: Cannot run the task: the pool was terminated\n",
  ],
  sync_queue: [
    "2 producers, 3 consumers: 200 items, none twice: true, never over 10: true\n",
    "QueueFullError: Cannot put into the Queue: no room within 0 ms\n",
    "QueueEmptyError: Cannot get from the LifoQueue: nothing came within 5 ms\n",
    "3 plates: the last is the first: c b a\n",
    "by priority: fire, mail, tidy up\n",
    "QueueShutDownError: Cannot put into the Queue: it was shut down\n",
  ],
  sync_rlock: [
    "held inside: 2\nheld inside: 2\ntotal: 2000\n",
    "count 2, for others: TypeError: Cannot release the RLock: ",
    "count 1, for others: TypeError: Cannot release the RLock: ",
    "count 0, for others: free\n",
    "a, count 1\na, count 2\nb, count 1\nb, count 2\n",
  ],
  sync_rw_lock: [
    "readers at a time: 3\none more may read: true\na late reader waits: true\n",
    "early: 0 and 0\nearly: 0 and 0\nearly: 0 and 0\nlate: 1 and 1\n",
  ],
  sync_semaphore: [
    "4 wait for the restaurant to open\n4 ate, at most 2 at a time\n",
    "the consumer took 3, and stopped\nit ran on, and took 8\n",
    "RangeError: Cannot release the BoundedSemaphore: ",
  ],
  sync_shared_value: [
    "without a lock, some were lost: true\nwith a lock: 200000\n",
    "with add(): 200000 = 100000 + 100000\n",
  ],
  sync_sleep: [
    "others went on while I slept\nnobody moved while I blocked\n",
    "tea is ready\ncalled: [ true, false ]\n",
  ],
  sync_switch: [
    'reader: has "roses are red"\nprinter: ROSES ARE RED\nreader: has "violets are blue"\n',
    "29 letters; reader done, printer suspended\n",
    "TypeError: Cannot switch to the coroutine: it is done\n",
  ],
  sync_thread: [
    Array.from({ length: 3 }, (_, i) => `worker ${i}: 2 ** ${i} = ${2 ** i}\n`)
      .join(""),
    "RangeError: Division by zero\nTimeoutError, alive: true\n",
    "hello from the greeter\n",
    'TypeError: Cannot start the thread "greeter": it was started before\n',
  ],
  sync_thread_life: [
    "new -> runnable -> running -> blocked -> dead\n",
    "daemons: parent false, child false\nalive: main, child\n",
    "the child went on without its parent\n",
    "daemons: parent true, child true\nalive: main, child\n",
  ],
  sync_thread_local: [
    "room 1 sees Ann: 1, 2\nroom 2 sees Bob: 5\nmain sees nobody in main: 3\n",
  ],
  sync_timer: [
    "not started, rings: 0\ncalled: true too early: false\n",
    "rings, once only: 1\ncancelled, called: false\nsilence\n",
    "failed: the spring is broken\n",
    "Cannot start the timer: it was started before\n",
  ],
  tcp_backlog: [
    "client 1 waits\nclient 2 waits\n",
    " does not get in: TimeoutError\naccepted: client 1\nclient ",
  ],
  tcp_chat: [
    'Bob hears "Ann: hello all"\nCleo hears "Ann: hello all"\n',
    'Ann hears "Cleo: who is there?"\nBob hears "Cleo: who is there?"\n',
    'Ann hears "Bob has left"\nCleo hears "Bob has left"\n',
  ],
  tcp_echo: [
    "hello -> HELLO\ngrüße -> GRÜSSE\n",
    "1000000 octets came back, then the end\n",
    "after the shutdown: ECONNREFUSED\n",
  ],
  tcp_hand_over: [
    "TypeError: Cannot share the value[0]: a TcpSocket belongs to its thread; ",
    "4 primes below 10\n168 primes below 1000\n1229 primes below 10000\n",
  ],
  tcp_many: [
    "quick: answered quick\nslow: answered slow\n",
    "gone: ECONNREFUSED\n",
    "mute: TimeoutError\n",
  ],
  tcp_messages: [
    "nothing: hellobye\nhand-shake: hello, bye\nlength: hello, bye\n",
    "JSON: a.txt: hello\nJSON: b.txt: bye\n",
  ],
  tcp_models: [
    "20 clients, 20 messages of 64 octets each\n",
    ...CONCURRENCIES.map((model) => `  ${model.padEnd(12)} `),
  ],
  tcp_struct: [
    "17 octets: 0001746573742e6a7067006f6374657400\n",
    "opcode 1, name test.jpg, mode octet\n",
    "big endian:    00010102deadbeef\nlittle endian: 01000201efbeadde\n",
    "258, read in the other order: 513\nwith gaps 16, without 9\n",
    "the largest of 8 octets: 18446744073709551615\n",
    "at 3, 4\nat -5, 12\n",
    'RangeError: Cannot pack values[1] as "B": it is 256, not an integer from 0 to 255\n',
  ],
  tftp_files: [
    "size: 8\n",
    "read: Welcome\n",
    "written: vlan 7\n",
    'server answered error 1 "File not found"\n',
  ],
  tftp_struggle: ["141 blocks arrived, ", "intact: true\n"],
  tftp_virtual: [
    "kernel for 127.0.0.1\n",
    "boot.log: 12 octets\n",
    "PXELINUX.CFG/default done, 1 block\n",
    "boot.txt: access-violation\nbig.log: disk-full\n",
  ],
  udp_chat: [
    'Bob hears "hello Bob"\n',
    'Bob hears "are you there?"\n',
    'Ann hears "Ann, I have news"\n',
    'Ann hears "bye"\n',
    'Bob hears "bye"\n',
  ],
  udp_discover: [
    "attic at 127.0.0.1:9100, black\n",
    "kitchen at 127.0.0.1:9101, black\n",
    "cellar at 127.0.0.1:9102, colour\n",
    "3 found\n",
  ],
  udp_echo_counter: [
    "ann #1\nann #2\nann #3\nbob #1\nbob #2\n",
    "5 datagrams, 2 clients\n",
  ],
  udp_request: [
    "answer 1 is lost\nanswer 2 is lost\nquestion 3 was answered: 42\n",
  ],
  udp_rtt: ["seq=3 lost\n", "seq=7 lost\n", "min/avg/max/stddev = "],
  udp_upper: ["hello -> HELLO\ndatagram -> DATAGRAM\ngrüße -> GRÜSSE\n"],
};

const examples: string[] = [];
for (const { name } of Deno.readDirSync(`${root}examples`)) {
  if (name.endsWith(".ts")) examples.push(name.slice(0, -3));
}

/** How to run an example; one with a task is run as the task says. */
function argsOf(name: string): string[] {
  const path = `examples/${name}.ts`;
  for (const { command } of Object.values(config.tasks)) {
    const [deno, ...args] = command.split(" ");
    if (deno === "deno" && args.at(-1) === path) return args;
  }
  const allowed = ["--allow-net", "--allow-read", "--allow-write"];
  return ["run", "--quiet", ...allowed, path];
}

/** Runs an example, and requires what it must print, and nothing on stderr. */
async function check(name: string): Promise<void> {
  const expected = EXPECTED[name];
  assert(expected !== undefined, `EXPECTED has no entry for ${name}`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: argsOf(name),
    cwd: root,
    stdin: "null",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertEquals([new TextDecoder().decode(stderr), code], ["", 0], output);
  for (const text of expected) assertStringIncludes(output, text);
}

for (const name of examples.sort()) {
  Deno.test(`examples/${name}.ts shows what it says`, async () => {
    using _held = hold(DISCOVERY_PORT); // no example needs it
    await check(name);
  });
}

Deno.test("examples/demo.ts runs with the permissions of its task", () => {
  const args = argsOf("demo");
  assert(args.some((arg) => arg.startsWith("--allow-net=")), args.join(" "));
});

/** Takes a port and does not share it, unless somebody else does that. */
function hold(port: number): Disposable {
  try {
    return UdpSocket.bind({ hostname: "0.0.0.0", port });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return new DisposableStack();
  }
}

Deno.test("every expected example exists", () => {
  assertEquals(
    Object.keys(EXPECTED).filter((name) => !examples.includes(name)),
    [],
  );
});
