// The local cloud's process as tests run it: it writes down what the vendors' interfaces answer.
import { join } from 'node:path';
import { runDaemon } from '../../src/local/run-daemon.ts';
import { answersFile, recordAnswers } from './openapi/answer-check.ts';

process.exit(await runDaemon((stateDir) => recordAnswers(join(stateDir, answersFile))));
