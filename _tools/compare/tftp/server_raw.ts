import { measureServer } from "./measure.ts";

await measureServer(Deno.version.deno, Deno.execPath(), ({ port }, root) => [
  ...["run", "--quiet", "--allow-net", "--allow-read"],
  ...["_tools/compare/tftp/raw_server.ts", String(port), root],
]);
