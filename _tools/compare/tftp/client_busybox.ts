import { BUSYBOX } from "../../../tests/tftp/_peers.ts";
import { measureClient, versionOf } from "./measure.ts";

await measureClient(
  BUSYBOX,
  await versionOf(BUSYBOX.command, "--help"),
  ({ hostname, port }, name, blockSize) => [
    ...["tftp", "-b", String(blockSize), "-g", "-r", name],
    ...["-l", "/dev/null", hostname, String(port)],
  ],
);
