import { k6Cloud } from '../adapters/k6/cloud.ts';
import { k6Release } from '../adapters/k6/install.ts';
import { kubernetesLoad, manifestsText } from '../adapters/kubernetes/fleet.ts';
import { kubectl } from '../adapters/kubernetes/kubectl.ts';
import { newMark } from '../adapters/system/ids.ts';
import { kubernetesEnvironment } from '../config/environment.ts';
import { StagingError } from '../core/errors.ts';
import type { LoadSettings, LoadStage } from '../core/load/load.ts';
import { type FleetInput, fleetManifests, refuseIdleRunners } from '../core/load/manifests.ts';
import { gracefulStopMs, rampMs } from '../core/load/profile.ts';
import { journeyCallers, scriptVariables, signInSecrets } from '../core/load/script-sign-in.ts';
import { isOwnMachine } from '../core/load/target.ts';
import type { WebTarget } from '../core/ports/web.ts';
import type { LoadDeps } from '../stages/load/load.ts';
import type { LoadChoice } from './choices.ts';
import type { Context } from './context.ts';
import { missingValue } from './missing-value.ts';
import { clerkKey } from './sign-ins.ts';
import { userPassword } from './user-password.ts';

/** How many k6 processes share a load when nobody says. */
const defaultParallelism = 2;

/** Returns how many k6 processes share a load that runs elsewhere. */
export function processesOf({ parallelism }: LoadChoice): number {
  return parallelism ?? defaultParallelism;
}

/** Grafana Cloud begins a run within minutes; longer than this beside the load itself it may not take. */
const cloudStartMs = 10 * 60_000;

/** A load that is to run elsewhere. */
interface FarLoad {
  readonly script: string;
  readonly settings: LoadSettings;
  readonly stages: readonly LoadStage[];
  readonly target: WebTarget;
}

/** The objects' name where they are printed and not created. */
const printedName = 'jv-load';

/** The image whose k6 the emitted script is tested with. */
const image = `grafana/k6:${k6Release}`;

/**
 * Returns what drives a load from other machines. Throws `LOAD_DISTRIBUTE_UNFIT`, `LOAD_PARALLELISM_TOO_HIGH` (kind `usage`),
 * `K6_CLOUD_TOKEN_MISSING`, `SEED_PASSWORD_MISSING`, `CLERK_KEY_MISSING` (kind `missing`).
 */
export function farLoad(context: Context, choice: LoadChoice, load: FarLoad, k6Path: () => string): Pick<LoadDeps, 'engine' | 'service'> {
  refuseUnfit(choice, load.target);
  const input = fleetInput(context, choice, load, `${printedName}-${newMark()}`);
  const engine = kubernetesLoad({
    ...input,
    k6Version: k6Release,
    kubectl: kubectl({
      context: choice.kubeContext,
      namespace: choice.namespace,
      environment: kubernetesEnvironment(),
      secrets: Object.values(input.secrets),
    }),
  });
  if (choice.distribute === 'k8s') return { engine };
  const token = context.secrets.read({ kind: 'env', name: 'K6_CLOUD_TOKEN' });
  if (token === undefined) throw missingValue(context, 'K6_CLOUD_TOKEN', 'K6_CLOUD_TOKEN_MISSING', howToGetToken);
  const projectId = context.secrets.read({ kind: 'env', name: 'K6_CLOUD_PROJECT_ID' });
  const timeoutMs = rampMs(load.stages) + gracefulStopMs + cloudStartMs;
  return { engine, service: k6Cloud({ path: k6Path(), script: load.script, token, projectId, timeoutMs }) };
}

/** Returns the objects of a load as YAML, and how to create the Secret that they name: a secret itself stands in none of them. */
export function fleetText(choice: LoadChoice, load: FarLoad): string {
  const names = secretNames(load);
  const secrets = Object.fromEntries(names.map((name) => [name, '']));
  const manifests = fleetManifests({ ...common(choice, load, printedName), secrets });
  const namespace = choice.namespace === undefined ? '' : ` --namespace=${choice.namespace}`;
  const how = `# The script reads ${names.join(' and ')} from a Secret. Create it from a file of lines NAME=value:
#   kubectl create secret generic ${printedName}${namespace} --from-env-file=FILE
`;
  return `${names.length === 0 ? '' : how}${manifestsText(manifests)}`;
}

function fleetInput(context: Context, choice: LoadChoice, load: FarLoad, name: string): FleetInput {
  const isCluster = choice.distribute === 'k8s';
  const values = isCluster ? secretNames(load).map((each) => [each, secretValue(context, each, load.target)]) : [];
  return { ...common(choice, load, name), secrets: Object.fromEntries(values) };
}

function common(choice: LoadChoice, { script, stages }: FarLoad, name: string): Omit<FleetInput, 'secrets'> {
  const parallelism = processesOf(choice);
  if (choice.distribute !== 'grafana-cloud') refuseIdleRunners(parallelism, stages);
  return { name, namespace: choice.namespace, script, parallelism, image };
}

function secretNames({ settings, target }: FarLoad): readonly string[] {
  return [...signInSecrets(journeyCallers(settings.journey)), ...(target.bypassSecret === undefined ? [] : [scriptVariables.bypass])];
}

function secretValue(context: Context, name: string, target: WebTarget): string {
  if (name === scriptVariables.password) return userPassword(context);
  return name === scriptVariables.clerkKey ? clerkKey(context) : (target.bypassSecret ?? '');
}

function refuseUnfit({ engine, distribute, compare }: LoadChoice, target: WebTarget): void {
  const where = distribute === 'k8s' ? 'A cluster' : 'Grafana Cloud';
  if (isOwnMachine(target)) {
    throw unfit(
      `${where} cannot reach ${target.origin}: that address is this machine.`,
      'Leave out `--distribute`, or name another address with `--url`.',
    );
  }
  if (engine === 'embedded') throw unfit(`${where} runs k6, and \`--engine embedded\` asks for the other engine.`, 'Leave out `--engine`.');
  if (distribute === 'grafana-cloud' && compare !== undefined) {
    throw unfit(
      'Grafana Cloud keeps the figures to itself, so there is nothing to compare.',
      'Leave out `--compare`: Grafana Cloud compares runs.',
    );
  }
}

function unfit(message: string, fix: string): StagingError {
  return new StagingError('usage', 'LOAD_DISTRIBUTE_UNFIT', message, { fix });
}

const howToGetToken = 'Create a token in Grafana Cloud (Testing & synthetics, Performance, Settings, Access), and set K6_CLOUD_TOKEN.';
