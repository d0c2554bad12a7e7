import { cpus, platform, release, totalmem } from 'node:os';
import type { RunReport } from '../../core/report.ts';

/** Returns the machine that measures, as reports name it. */
export function thisMachine(): RunReport['machine'] {
  const cores = cpus();
  return {
    cpus: cores.length,
    cpuModel: cores[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    node: process.versions.node,
    platform: `${platform()} ${release()}`,
  };
}
