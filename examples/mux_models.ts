/**
 * The models of input and output side by side: three peers answer, the first in
 * the list last. What differs is who waits for what, and how often one asks.
 *
 *     deno run --allow-net=127.0.0.1 --allow-read examples/mux_models.ts
 *
 * The fifth model of the textbooks is driven by signals: the kernel interrupts the
 * program by SIGIO, whose handler reads (`fcntl(fd, F_SETFL, O_ASYNC)`). Deno has
 * no way to ask for that signal, and handles others in the event loop like any
 * event: so here it would be the asynchronous model by another name.
 */
import { EVENT_READ, select, Selector } from "@lockstep/lockstep/mux";
import { Pipe, type PipeEnd, sleep, Thread } from "@lockstep/lockstep/sync";
import { connect, listen, type TcpSocket } from "@lockstep/lockstep/tcp";

const NAMES = ["slow", "middle", "quick"];
const STEP_MS = 20;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** What a model did: the answers as they came, and how often it asked. */
interface Outcome {
  readonly answers: string[];
  readonly calls: number;
}

type Model = (sockets: readonly TcpSocket[]) => Promise<Outcome>;

/**
 * Each answer is waited for by a call that does not return before. That takes a
 * thread: one that blocks could not take the octets off the wires meanwhile.
 */
async function startBlocking(): Promise<Model> {
  const pipes = NAMES.map(() => Pipe());
  const thread = Thread.fromFunction((ends: PipeEnd[]) => {
    ends[0]!.sendSync("ready");
    return ends.map((end) => end.receiveSync() as string);
  }, [pipes.map(([, end]) => end)]);
  await pipes[0]![0].receive();
  return async function blocking(sockets) {
    for (const [i, socket] of sockets.entries()) {
      socket.receive().then((it) => pipes[i]![0].send(text.decode(it!)));
    }
    return { answers: await thread.join(), calls: sockets.length };
  };
}

/** Each peer is asked again and again, and answers "not yet" most of the time. */
async function nonBlocking(sockets: readonly TcpSocket[]): Promise<Outcome> {
  const answers: string[] = [];
  let calls = 0;
  while (answers.length < sockets.length) {
    for (const socket of sockets) {
      calls++;
      const octets = socket.tryReceive();
      if (octets) answers.push(text.decode(octets));
    }
    await sleep(1);
  }
  return { answers, calls };
}

/** One call waits for all; what is ready is taken without waiting. */
async function multiplexed(sockets: readonly TcpSocket[]): Promise<Outcome> {
  const answers: string[] = [];
  let calls = 0;
  while (answers.length < sockets.length) {
    const [readable] = await select(sockets);
    calls++;
    for (const socket of readable) {
      answers.push(text.decode(socket.tryReceive()!));
    }
  }
  return { answers, calls };
}

/** All is begun at once, and what is to be done then is said beforehand. */
async function asynchronous(sockets: readonly TcpSocket[]): Promise<Outcome> {
  const answers: string[] = [];
  await Promise.all(sockets.map(async (socket) => {
    const octets = await socket.receive();
    answers.push(text.decode(octets!));
  }));
  return { answers, calls: sockets.length };
}

/** An event loop of one's own: ready sources put handlers into a queue. */
async function eventLoop(sockets: readonly TcpSocket[]): Promise<Outcome> {
  const answers: string[] = [];
  const queue: (() => void)[] = [];
  let calls = 0;
  using selector = new Selector<() => void>();
  for (const socket of sockets) {
    selector.register(socket, EVENT_READ, () => {
      selector.unregister(socket);
      answers.push(text.decode(socket.tryReceive()!));
    });
  }
  while (selector.map.size > 0) {
    calls++;
    for (const [{ data }] of await selector.select()) queue.push(data);
    for (let handler; (handler = queue.shift());) handler();
  }
  return { answers, calls };
}

/** Gives a model three connections, whose other ends answer in turn. */
async function measure(model: Model): Promise<void> {
  using listener = listen();
  using sockets = new DisposableStack();
  const ours: TcpSocket[] = [];
  const theirs: TcpSocket[] = [];
  for (let i = 0; i < NAMES.length; i++) {
    ours.push(sockets.use(await connect(listener.addr)));
    theirs.push(sockets.use(await listener.accept()));
  }
  const start = performance.now();
  const modelled = model(ours);
  for (const [i, socket] of [...theirs.entries()].reverse()) {
    await sleep(STEP_MS);
    await socket.sendAll(utf8.encode(NAMES[i]!));
  }
  const { answers, calls } = await modelled;
  const ms = Math.round(performance.now() - start);
  console.log(
    `${model.name.padEnd(12)} ${answers.join(", ")}; ${calls} calls, ${ms} ms`,
  );
}

await measure(await startBlocking());
for (const model of [nonBlocking, multiplexed, asynchronous, eventLoop]) {
  await measure(model);
}
