// The local cloud's own process: `node daemon.ts --state-dir DIR [--engines JSON]`. It writes its log to stdout.
import { runDaemon } from './run-daemon.ts';

process.exit(await runDaemon());
