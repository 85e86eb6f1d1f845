import { ATFTP } from "../../../tests/tftp/_peers.ts";
import { measureClient, versionOf } from "./measure.ts";

await measureClient(
  ATFTP,
  await versionOf(ATFTP.command, "-V"),
  ({ hostname, port }, name, blockSize) => [
    ...["--option", `blksize ${blockSize}`, "--get", "-r", name],
    ...["-l", "/dev/null", hostname, String(port)],
  ],
);
