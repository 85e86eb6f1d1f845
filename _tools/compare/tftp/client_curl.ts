import { CURL } from "../../../tests/tftp/_peers.ts";
import { measureClient, versionOf } from "./measure.ts";

await measureClient(
  CURL,
  await versionOf(CURL.command, "--version"),
  ({ hostname, port }, name, blockSize) => [
    ...["--silent", "--noproxy", "*", "--output", "/dev/null"],
    ...["--tftp-blksize", String(blockSize)],
    `tftp://${hostname}:${port}/${name}`,
  ],
);
