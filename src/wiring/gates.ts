import { echoSockets } from '../adapters/web/echo-sockets.ts';
import { webClient } from '../adapters/web/web-client.ts';
import { createRedactor } from '../core/redaction.ts';
import { guardProduction } from '../core/guard.ts';
import type { WebTarget } from '../core/ports/web.ts';
import type { LoadDetails, PerfDetails, SmokeDetails } from '../core/report.ts';
import { outsideExpectation } from '../core/smoke/checks.ts';
import type { SmokeCheck } from '../core/smoke/smoke.ts';
import type { WatchDetails } from '../core/smoke/watch.ts';
import type { StageRun } from '../core/run/stage.ts';
import { afterLocating } from '../stages/after-locating.ts';
import { locateStep } from '../stages/locate.ts';
import type { Resources } from '../stages/resources.ts';
import type { PerfDeps } from '../stages/perf/state.ts';
import { smokeRun } from '../stages/smoke/smoke.ts';
import { parseAddress } from './address.ts';
import type { LoadChoice, PerfChoice, SmokeChoice, WatchChoice } from './choices.ts';
import type { Context } from './context.ts';
import type { Deps, SmokeOn } from './deps.ts';
import { commandsOf, gaugesOf, insideOf, loadGate, loadScript, type MeasuringParts, perfGate } from './measuring-gates.ts';
import { perfBaseline } from './perf-baseline.ts';
import { withPart } from './parts.ts';
import { fullInput, type LiveRelease, smokeParts, targetOf } from './smoke-parts.ts';
import { signInsOf } from './sign-ins.ts';
import { type Smokes, watchOf, watchTimes } from './watch.ts';

/** The three gates, on the environment's own address or on one that was named. */
export interface Gates {
  smoke(choice: SmokeChoice): StageRun<SmokeDetails>;
  /** Smokes again and again, and keeps what it sees as the run's. */
  watch(choice: WatchChoice, runId: string): StageRun<WatchDetails>;
  perf(choice: PerfChoice): StageRun<PerfDetails>;
  load(choice: LoadChoice): StageRun<LoadDetails | null>;
  loadScript(choice: LoadChoice): string;
  /** Smokes an address of the environment, expecting this commit; the resources are known by then. */
  readonly smokeOn: SmokeOn;
  close(): Promise<void>;
}

/** Returns the gates for one command. */
export function gatesOf(context: Context, deps: Deps, resources: Resources): Gates {
  const { clock } = context;
  const web = webClient();
  const opened: { close(): Promise<void> }[] = [web];
  const signIns = (lastingMs: number) => signInsOf(context, deps, web, lastingMs);
  // Sent to the address under test alone, and over TLS alone: it passes Vercel's deployment protection (contracts.md §1.3, read 2026-11-22).
  const bypassSecret = context.secrets.read({ kind: 'env', name: 'VERCEL_AUTOMATION_BYPASS_SECRET' });
  const withBypass = (target: WebTarget): WebTarget => (target.origin.startsWith('https:') ? { ...target, bypassSecret } : target);
  const own = (origin: string) => withBypass(targetOf(origin, deps));
  const target = (url: string | undefined) => (url === undefined ? own(deps.appOrigin()) : withBypass(guarded(namedTarget(url), context)));
  const fullSmoke = (
    address: WebTarget,
    live: LiveRelease,
    choice: { readonly only?: readonly string[] | undefined; readonly checks?: readonly SmokeCheck[] | undefined } = {},
  ): Smokes => {
    const parts = smokeParts(context, deps, resources, { web, clock });
    opened.push(parts);
    return { deps: parts.deps, input: fullInput(context, resources, { target: address, live, ...choice }) };
  };
  const smoked = <Details>({ url, only }: SmokeChoice, open: (smokes: Smokes) => StageRun<Details>): StageRun<Details> => {
    if (url !== undefined && context.loaded === undefined) {
      return open({
        deps: { web, clock, sockets: echoSockets() },
        input: { target: target(url), checks: [], profile: 'outside', expected: outsideExpectation, only },
      });
    }
    return afterLocating(deps.locating(), resources, (live) => {
      const expected = url === undefined ? { gitSha: live?.gitSha, deploymentId: live?.vercelDeploymentId } : {};
      return open({ ...fullSmoke(target(url), expected, { only }), live: url === undefined ? live : undefined });
    });
  };

  return {
    smokeOn: (origin, gitSha, deploymentId, { checks, settles } = {}) => {
      const smokes = fullSmoke(own(origin), { gitSha, deploymentId }, { checks });
      return smokeStage(context, { ...smokes, input: { ...smokes.input, settles } });
    },
    smoke: (choice) => smoked(choice, (smokes) => smokeStage(context, smokes)),
    watch: (choice, runId) => {
      const times = watchTimes(choice);
      return smoked(choice, (smokes) =>
        watchOf(context, { ...smokes, times, runId, redact: (text) => createRedactor([...deps.secrets()])(text) }),
      );
    },
    perf: (choice) => perfStageOf(context, deps, resources, { choice, opened, parts: { target: target(choice.url), web, signIns, clock } }),
    load: (choice) => {
      const parts = { target: target(choice.url), web, signIns, clock };
      if (choice.url !== undefined) return loadGate(context, choice, parts);
      return loadGate(context, choice, {
        ...parts,
        locate: locateStep(deps.locating(), resources),
        gauges: () => gaugesOf(context, resources, parts),
        commands: commandsOf(context, (signal) => deps.platforms().caches.monthlyCommands(resources.cache.get().id, signal)),
      });
    },
    loadScript: (choice) => loadScript(context, choice, target(choice.url ?? domainUrl(context))),
    close: () => Promise.allSettled(opened.map((one) => one.close())).then(() => undefined),
  };
}

/** At the vendors the address is known without asking them, so no credential is needed; undefined on the local target. */
function domainUrl(context: Context): string | undefined {
  return context.target === 'cloud' ? `https://${context.settings().domain}` : undefined;
}

/** Returns the perf stage; on the environment's own address it also looks at connections and database from inside. */
function perfStageOf(
  context: Context,
  deps: Deps,
  resources: Resources,
  { choice, parts, opened }: { readonly choice: PerfChoice; readonly parts: MeasuringParts; readonly opened: { close(): Promise<void> }[] },
): StageRun<PerfDetails> {
  const open = (inside?: PerfDeps['inside']) => {
    const { stage, audit } = perfGate(context, choice, { ...parts, inside, baseline: () => perfBaseline(context, parts.target, choice) });
    opened.push(audit);
    return stage;
  };
  if (choice.url !== undefined) return open();
  return afterLocating(deps.locating(), resources, () => {
    const inside = insideOf(resources);
    opened.push(inside);
    return open(inside);
  });
}

/** Returns the target of an address that the user named. Throws `URL_INVALID` (exit 2). */
function namedTarget(url: string): WebTarget {
  return { origin: parseAddress(url).origin, resolve: {} };
}

/** Refuses a named address that the configuration calls production's. */
function guarded(target: WebTarget, context: Context): WebTarget {
  if (context.loaded === undefined) return target;
  guardProduction({ what: 'domain', identities: [new URL(target.origin).hostname] }, context.loaded.settings.production);
  return target;
}

/** Installed within a check, the browser's packages would take the time that the check has: they are a step before it. */
function smokeStage({ parts }: Context, { deps, input }: Smokes): StageRun<SmokeDetails> {
  const run = smokeRun(deps, input);
  const opensPages = input.checks.some((check) => check.kind === 'page' && check.browser === true);
  return opensPages ? withPart(parts, 'browser', run) : run;
}
