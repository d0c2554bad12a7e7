import { StagingError } from '../core/errors.ts';
import { accountFindings, dnsFinding } from '../core/doctor/accounts.ts';
import { isolationFinding, workflowFinding } from '../core/doctor/checklist.ts';
import type { Accounts } from '../core/ports/accounts.ts';
import { foundAt } from '../core/init/env-template.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Toolbox, ToolState } from '../core/ports/toolbox.ts';
import type { SecretPlace } from '../core/secrets/secrets.ts';
import type { EnvReference, StagingSettings } from '../core/settings.ts';
import { slot } from '../core/run/slot.ts';
import { failingFindings, type StageRun } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { Step } from '../core/run/step.ts';
import type { Finding, StageResult } from '../core/verdict.ts';

const credentialPrefix = 'credential-';

/** What the doctor needs. */
export interface DoctorDeps {
  readonly clock: Clock;
  readonly toolbox: Toolbox;
  /** Undefined when there is no configuration here. */
  readonly settings: StagingSettings | undefined;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  /** Returns the vendors to ask, or why none is asked; undefined when that goes without saying. */
  readonly accounts: () => Promise<Accounts | string | undefined>;
  /** Where the workflow of `ci init` lies or would lie from the repository's root, and whether it is there; undefined outside of one. */
  readonly workflow: () => Promise<{ readonly path: string; readonly isThere: boolean } | undefined>;
  /** Returns where each secret lives; none without a configuration. */
  readonly secretPlaces: () => Promise<readonly SecretPlace[]>;
  /** Installs something before looking; undefined when that was not asked for. */
  readonly install?: Installation | undefined;
}

/** Something that is installed. */
export interface Installation {
  /** Its name after `--install`. */
  readonly id: string;
  /** Returns one line that says where it is. */
  readonly run: (note: (text: string) => void, signal: AbortSignal) => Promise<string>;
}

/** Returns the stage that looks at this machine and the configuration. Throws `DOCTOR_MISSING` (exit 3) when something required is missing, `DOCTOR_UNKNOWN` (exit 9) when nobody could tell. */
export function doctorStage(deps: DoctorDeps): StageRun<null> {
  const startedAtMs = deps.clock.nowMs();
  const tools = slot<readonly ToolState[]>('programs');
  const places = slot<readonly SecretPlace[]>('places of secrets');
  const asked: Finding[] = [];
  const result = (): StageResult<null> =>
    stageResult(
      'doctor',
      [...tools.get().map(toolFinding), ...credentialFindings(deps, places.peek() ?? []), ...secretFindings(places.peek() ?? []), ...asked],
      startedAtMs,
      deps.clock,
      null,
    );
  const steps: readonly Step[] = [
    ...(deps.install === undefined ? [] : [installStep(deps.install)]),
    {
      id: 'programs',
      title: 'Look for programs',
      run: async (io) => {
        places.set(await deps.secretPlaces());
        tools.set(await deps.toolbox.look(io.signal));
        return `${tools.get().filter((tool) => tool.found !== undefined).length} of ${tools.get().length} found`;
      },
    },
    askStep(deps, asked),
    {
      id: 'verdict',
      title: 'Everything required is there',
      run: async () => {
        const failing = failingFindings(result());
        if (failing.length > 0) throw ill(failing, result());
      },
    },
  ];
  return { steps, result: () => (tools.peek() === undefined ? undefined : result()) };
}

/** What is red is missing; what nobody could say is no reason to say that all is well. */
function ill(failing: readonly Finding[], data: StageResult<null>): StagingError {
  const red = failing.filter(({ verdict }) => verdict === 'red');
  const named = (red.length === 0 ? failing : red).map((finding) => `${finding.title} (${finding.seen})`).join('; ');
  const fix = fixOf(red.length === 0 ? failing : red);
  const details = { ...(fix === '' ? {} : { fix }), data };
  if (red.length > 0) return new StagingError('missing', 'DOCTOR_MISSING', `Missing: ${named}.`, details);
  return new StagingError('inconclusive', 'DOCTOR_UNKNOWN', `Nobody could tell: ${named}.`, details);
}

/** Without an account everything can be tried, and nobody has to know that. */
function fixOf(failing: readonly Finding[]): string {
  const lacksCredential = failing.some(({ id }) => id.startsWith(credentialPrefix));
  const local = lacksCredential ? ['With `--target local` no credential is needed.'] : [];
  return [...failing.flatMap(({ fix }) => fix ?? []), ...local].join(' ');
}

/** What lies outside of this machine: each vendor's account, DNS, production's names, CI. */
function askStep(deps: DoctorDeps, asked: Finding[]): Step {
  return {
    id: 'accounts',
    title: 'Ask the vendors',
    skip: () => (deps.settings === undefined ? 'no configuration' : deps.install === undefined ? undefined : 'only installed'),
    run: async (io) => {
      const { settings } = deps;
      if (settings === undefined) return;
      const [accounts, workflow] = await Promise.all([deps.accounts(), deps.workflow()]);
      const found = typeof accounts === 'object' ? await askAll(accounts, settings.domain, io.signal) : notAsked(accounts);
      asked.push(...found, isolationFinding(settings), workflowFinding(workflow?.path, workflow?.isThere === true));
      return `${asked.filter(({ verdict }) => verdict === 'green').length} of ${asked.length} green`;
    },
  };
}

async function askAll({ vendors, dns }: Accounts, domain: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const looks = vendors.map(async ({ id, title, read }) => accountFindings({ id, title, said: await orError(() => read(signal)) }));
  const seen = orError(() => dns(domain, signal));
  const found = (await Promise.all(looks)).flat();
  const answer = await seen;
  return [...found, dnsFinding(domain, answer instanceof StagingError ? undefined : answer)];
}

async function orError<Value>(read: () => Promise<Value>): Promise<Value | StagingError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StagingError) return error;
    throw error;
  }
}

function notAsked(why: string | undefined): readonly Finding[] {
  if (why === undefined) return [];
  const fix = 'Run `jv-staging local start`, or anything that needs it.';
  return [{ id: 'accounts', title: 'Accounts', verdict: 'skipped', seen: why, expected: 'asked', fix }];
}

function installStep({ id, run }: Installation): Step {
  return { id: `install-${id}`, title: `Install ${id}`, mutates: true, run: (io) => run(io.note, io.signal) };
}

function toolFinding(tool: ToolState): Finding {
  const { found } = tool;
  return {
    id: tool.id,
    title: tool.title,
    verdict: found !== undefined ? 'green' : tool.required ? 'red' : 'skipped',
    seen: found === undefined ? tool.seen : `${found.version ?? 'found'} at ${found.path}`,
    expected: tool.purpose,
    fix: found === undefined ? tool.fix : undefined,
  };
}

/** With the target `local` no vendor credential is even read. */
function credentialFindings(deps: DoctorDeps, places: readonly SecretPlace[]): readonly Finding[] {
  const { settings } = deps;
  if (settings === undefined || settings.target === 'local') return [];
  const references = [
    settings.vercel.token,
    settings.vercel.team,
    settings.supabase.accessToken,
    settings.supabase.organization,
    settings.upstash.email,
    settings.upstash.apiKey,
  ];
  return references.map((reference) => {
    const isThere = deps.readSecret(reference) !== undefined;
    return {
      id: `${credentialPrefix}${reference.name.toLowerCase().replaceAll('_', '-')}`,
      title: reference.name,
      verdict: isThere ? 'green' : 'red',
      seen: isThere ? whereText(places.find(({ name }) => name === reference.name)) : 'not set',
      expected: 'set in the environment or in .env.staging',
      fix: isThere ? undefined : credentialFix(reference.name),
    };
  });
}

function whereText(place: SecretPlace | undefined): string {
  return place?.where === undefined || place.where === null ? 'set' : `in ${place.where}${ageText(place.atLeastMs)}`;
}

function credentialFix(name: string): string {
  const place = foundAt(name);
  return `Set ${name}${place === undefined ? '' : ` (${place})`}.`;
}

/** Says where each secret lives and how old it is; the vendors' credentials have findings of their own. */
function secretFindings(places: readonly SecretPlace[]): readonly Finding[] {
  return places
    .filter(({ kind }) => kind !== 'credential')
    .map(({ name, where, atLeastMs, rotating }) => ({
      id: `secret-${name.toLowerCase().replaceAll('_', '-')}`,
      title: name,
      verdict: rotating ? ('red' as const) : where === null ? ('skipped' as const) : ('green' as const),
      seen: rotating ? 'a rotation of it was cut off' : where === null ? 'nowhere' : `${where}${ageText(atLeastMs)}`,
      expected: 'the environment file, or the environment of CI',
      fix: rotating ? `Run \`jv-staging secrets rotate ${name}\` again.` : undefined,
    }));
}

const dayMs = 86_400_000;

function ageText(atLeastMs: number | null): string {
  if (atLeastMs === null) return ', age unknown';
  const days = Math.floor(atLeastMs / dayMs);
  return days === 0 ? ', changed today or earlier' : `, unchanged for ${days} ${days === 1 ? 'day' : 'days'} at least`;
}
