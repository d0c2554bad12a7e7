import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

/** Where kubectl works. */
export interface KubectlOptions {
  /** The context of the kubeconfig; the current one when undefined. */
  readonly context: string | undefined;
  /** The namespace; the context's own when undefined. */
  readonly namespace: string | undefined;
  /** All that kubectl and its sign-in plugins see of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What must not stand in an error: a refusal of the API server may quote what it was given. */
  readonly secrets: readonly string[];
}

/** Runs kubectl. */
export interface Kubectl {
  /** Returns what it printed. Throws `KUBECTL_NOT_FOUND` (kind `missing`), `KUBECTL_REFUSED` (kind `vendor`). */
  run(args: readonly string[], options: { readonly input?: string; readonly signal?: AbortSignal }): Promise<string>;
}

/** Bound on one call; kubectl itself waits for no answer longer than 20 s. */
const callTimeoutMs = 60_000;

/** Returns kubectl for one context and namespace. Objects go in by stdin, so that nothing of them stands in a command line. */
export function kubectl({ context, namespace, environment, secrets }: KubectlOptions): Kubectl {
  const where = [
    '--request-timeout=20s',
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  ];
  return {
    run: async (args, { input, signal }) => {
      const ended = await execa('kubectl', [...args, ...where], {
        env: { ...environment, NO_COLOR: '1' },
        extendEnv: false,
        ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
        reject: false,
        timeout: callTimeoutMs,
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      });
      signal?.throwIfAborted();
      if (ended.exitCode === 0) return ended.stdout;
      if (ended.code === 'ENOENT') throw notFound();
      const said = ended.timedOut ? `no end within ${callTimeoutMs / 1000} s` : ended.stderr.trim();
      throw refused(args, hide(said, secrets));
    },
  };
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((hidden, secret) => (secret === '' ? hidden : hidden.replaceAll(secret, '***')), text);
}

function notFound(): StagingError {
  return new StagingError('missing', 'KUBECTL_NOT_FOUND', 'kubectl is not on PATH, and it is what puts load on a cluster.', {
    fix: 'Install it (https://kubernetes.io/docs/tasks/tools/), or print the objects with `--emit k8s`.',
  });
}

function refused(args: readonly string[], said: string): StagingError {
  const command = args.filter((argument) => !argument.startsWith('-')).join(' ');
  return new StagingError('vendor', 'KUBECTL_REFUSED', `kubectl ${command} failed: ${printable(said === '' ? 'it said nothing' : said)}`, {
    fix: 'Look at `kubectl config current-context` and `kubectl auth can-i create testruns.k6.io`; name another context with `--kube-context`.',
  });
}
