import { StagingError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Toolbox, ToolState } from '../core/ports/toolbox.ts';
import type { SecretPlace } from '../core/secrets/secrets.ts';
import type { EnvReference, StagingSettings } from '../core/settings.ts';
import { slot } from '../core/run/slot.ts';
import { failingFindings, type StageRun } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { Step } from '../core/run/step.ts';
import type { Finding, StageResult } from '../core/verdict.ts';

/** What the doctor needs. */
export interface DoctorDeps {
  readonly clock: Clock;
  readonly toolbox: Toolbox;
  /** Undefined when there is no configuration here. */
  readonly settings: StagingSettings | undefined;
  readonly readSecret: (reference: EnvReference) => string | undefined;
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

/** Returns the stage that looks at this machine and the configuration. Throws `DOCTOR_MISSING` (exit 3) when something required is missing. */
export function doctorStage(deps: DoctorDeps): StageRun<null> {
  const startedAtMs = deps.clock.nowMs();
  const tools = slot<readonly ToolState[]>('programs');
  const places = slot<readonly SecretPlace[]>('places of secrets');
  const result = (): StageResult<null> =>
    stageResult(
      'doctor',
      [...tools.get().map(toolFinding), ...credentialFindings(deps), ...secretFindings(places.peek() ?? [])],
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
    {
      id: 'verdict',
      title: 'Everything required is there',
      run: async () => {
        const failing = failingFindings(result());
        if (failing.length === 0) return;
        throw new StagingError(
          'missing',
          'DOCTOR_MISSING',
          `Missing: ${failing.map((finding) => `${finding.title} (${finding.seen})`).join('; ')}.`,
          {
            fix: failing.map((finding) => finding.fix).join(' '),
            data: result(),
          },
        );
      },
    },
  ];
  return { steps, result: () => (tools.peek() === undefined ? undefined : result()) };
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
function credentialFindings(deps: DoctorDeps): readonly Finding[] {
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
      id: `credential-${reference.name.toLowerCase().replaceAll('_', '-')}`,
      title: reference.name,
      verdict: isThere ? 'green' : 'red',
      seen: isThere ? 'set' : 'not set',
      expected: 'set in the environment or in .env.staging',
      fix: isThere ? undefined : `Set ${reference.name}.`,
    };
  });
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
