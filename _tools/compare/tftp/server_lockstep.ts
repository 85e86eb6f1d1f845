import config from "../../../deno.json" with { type: "json" };
import { measureServer } from "./measure.ts";

await measureServer(config.version, Deno.execPath(), ({ port }, root) => [
  ...["run", "--quiet", "--allow-net", "--allow-read", "main.ts"],
  ...["tftp", "serve", root, "--port", String(port), "--quiet"],
]);
