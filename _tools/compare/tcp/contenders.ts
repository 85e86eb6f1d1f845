/** An echo server that is a program: it prints its port, and serves. */
export interface EchoServer {
  readonly id: string;
  readonly name: string;
  /** How to start it; `BUILD` stands for the folder of what was compiled. */
  readonly command: readonly string[];
}

const here = (file: string) => `_tools/compare/tcp/${file}`;
const deno = (file: string) => [
  Deno.execPath(),
  ...["run", "--quiet", "--no-check", "--allow-net=127.0.0.1", "--allow-read"],
  here(file),
];

/** Who takes part, in the order of the columns. */
export const SERVERS: readonly EchoServer[] = [
  { id: "lockstep", name: "TcpServer", command: deno("lockstep.ts") },
  { id: "raw", name: "Deno.listen()", command: deno("raw.ts") },
  { id: "node_deno", name: "node:net on Deno", command: deno("node_net.mjs") },
  {
    id: "node",
    name: "node:net on Node.js",
    command: ["node", here("node_net.mjs")],
  },
  {
    id: "asyncio",
    name: "asyncio streams",
    command: ["python3", "-B", here("asyncio_streams.py")],
  },
  {
    id: "socketserver",
    name: "socketserver threads",
    command: ["python3", "-B", here("socketserver_threads.py")],
  },
  { id: "c", name: "C, epoll", command: ["BUILD/echo_epoll"] },
];
