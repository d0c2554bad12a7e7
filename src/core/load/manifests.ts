import { StagingError } from '../errors.ts';
import { highestVus } from './profile.ts';
import type { LoadStage } from './load.ts';

/** A Kubernetes object, as `kubectl apply` takes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** A load on several machines of a Kubernetes cluster. */
export interface FleetInput {
  /** Of all its objects: at most 40 characters, as the operator appends to it. */
  readonly name: string;
  /** Missing: the one of kubectl's context. */
  readonly namespace?: string | undefined;
  /** The emitted script; it holds no secret. */
  readonly script: string;
  /** How many processes share the virtual users. */
  readonly parallelism: number;
  /** k6's image. */
  readonly image: string;
  /** Values that the script reads from its environment, by name. Secret; none: no Secret is made. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The file of the script in its ConfigMap. */
export const fleetScriptName = 'script.js';

/** A ConfigMap holds at most 1 MiB (kubernetes.io, "ConfigMaps", read 2026-11-27); some is left for the rest of the object. */
const scriptLimitBytes = 1_000_000;

/**
 * Returns the ConfigMap of the script and the TestRun of the k6-operator (`k6.io/v1alpha1`, its CRD of 2026-08-21); the secrets stand
 * in neither, but in the Secret that `fleetSecret` returns. Throws `LOAD_SCRIPT_TOO_LARGE` (kind `usage`).
 */
export function fleetManifests(input: FleetInput): readonly Manifest[] {
  const bytes = new TextEncoder().encode(input.script).length;
  if (bytes > scriptLimitBytes) {
    throw new StagingError('usage', 'LOAD_SCRIPT_TOO_LARGE', `The script has ${bytes} bytes, and a ConfigMap holds ${scriptLimitBytes}.`, {
      fix: 'Make the bodies of load.journey in the configuration smaller.',
    });
  }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(input), data: { [fleetScriptName]: input.script } },
    { apiVersion: 'k6.io/v1alpha1', kind: 'TestRun', metadata: metadataOf(input), spec: testRunSpec(input) },
  ];
}

/** Returns the Secret of a fleet, or undefined when its script needs none. Secret: it goes to kubectl's stdin and nowhere else. */
export function fleetSecret(input: FleetInput): Manifest | undefined {
  if (Object.keys(input.secrets).length === 0) return undefined;
  return { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(input), type: 'Opaque', immutable: true, stringData: input.secrets };
}

/** Throws `LOAD_PARALLELISM_TOO_HIGH` (kind `usage`) when there is not a virtual user for each process: the operator refuses that, too. */
export function refuseIdleRunners(parallelism: number, stages: readonly LoadStage[]): void {
  const vus = highestVus(stages);
  if (parallelism <= vus) return;
  const message = `${parallelism} processes are to share ${vus} virtual users: some would have none.`;
  throw new StagingError('usage', 'LOAD_PARALLELISM_TOO_HIGH', message, {
    fix: `Pass \`--parallelism ${Math.max(1, vus)}\` or more \`--vus\`.`,
  });
}

function metadataOf({ name, namespace }: FleetInput): Manifest['metadata'] {
  return { name, ...(namespace === undefined ? {} : { namespace }), labels: { 'app.kubernetes.io/managed-by': 'jv-staging' } };
}

function testRunSpec({ name, parallelism, image, secrets }: FleetInput) {
  return {
    parallelism,
    script: { configMap: { name, file: fleetScriptName } },
    initializer: { image },
    runner: {
      image,
      env: [
        { name: 'JV_SUMMARY', value: 'line' },
        { name: 'K6_NO_USAGE_REPORT', value: 'true' },
      ],
      ...(Object.keys(secrets).length === 0 ? {} : { envFrom: [{ secretRef: { name } }] }),
    },
  };
}
