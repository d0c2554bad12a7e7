import type { IsolationPoint } from '../isolation/facts.ts';
import type { Plan } from '../plan/model.ts';
import type { RunReport } from '../report.ts';
import type { EnvironmentStatus } from '../status.ts';

/**
 * What the gate says of one criterion. `short`: measured, but less than the criterion asks for. `attested`: a person says so by name;
 * it counts as passed and is marked. `unknown` is not passed.
 */
export type GateVerdict = 'passed' | 'attested' | 'failed' | 'short' | 'unknown';

/** A file that a verdict rests on. */
export interface Evidence {
  /** The path as people type it here. */
  readonly file: string;
  /** sha256 of its bytes, hex. */
  readonly sha256: string;
}

/** One criterion and how it stands. */
export interface GateEntry {
  /** `AC-1`, `FR-8`, `NFR-cost`. */
  readonly id: string;
  readonly title: string;
  readonly verdict: GateVerdict;
  readonly seen: string;
  readonly expected: string;
  readonly evidence: readonly Evidence[];
  /** What makes it pass; undefined when it does. */
  readonly fix?: string | undefined;
}

/** Something that was asked for the gate: the answer with the file that it was kept in, or why there is none. */
export type Asked<Answer> =
  | { readonly known: true; readonly answer: Answer; readonly evidence: Evidence }
  | { readonly known: false; readonly reason: string; readonly fix: string };

/** How a domain answers the beginning of a TLS connection. */
export interface TlsAnswer {
  /** `host:port` that was asked. */
  readonly address: string;
  /** True when the certificate is valid for the domain and trusted. */
  readonly trusted: boolean;
  /** Why not, or the certificate's last day. */
  readonly detail: string;
}

/** The rules by which people are told of errors of the environment. */
export interface Alerting {
  /** `organization/project` of each project that smoke sends its test event to. */
  readonly projects: readonly string[];
  /** Names of the active rules that look at the environment and tell somebody. */
  readonly rules: readonly string[];
}

/** Open issues of the repository by severity. */
export interface OpenIssues {
  readonly repository: string;
  readonly labels: readonly string[];
  readonly open: readonly { readonly number: number; readonly title: string; readonly label: string }[];
}

/** How the reviews of a pull request stand. */
export interface ReviewState {
  readonly pullRequest: number;
  readonly approvedBy: readonly string[];
  /** Reviewers whose newest review asks for changes. */
  readonly changesRequestedBy: readonly string[];
  /** The commit that the pull request ends with. */
  readonly headSha: string;
}

/** What a person says of a criterion that no machine can judge. */
export interface Attestation {
  readonly entry: string;
  /** Full commit id: it says nothing of another commit. */
  readonly commit: string;
  readonly name: string;
  /** ISO 8601 date. */
  readonly date: string;
  readonly words: string;
}

/** The stages of a run that was about the commit, and the file that holds them. */
export interface CommitReport {
  readonly report: Pick<RunReport, 'stages' | 'dirty' | 'configurationChanged'>;
  readonly evidence: Evidence;
}

/** Everything that the gate judges. */
export interface GateFacts {
  readonly commit: string;
  readonly plan: Asked<Plan>;
  readonly status: Asked<EnvironmentStatus>;
  readonly tls: Asked<TlsAnswer>;
  readonly isolation: Asked<readonly IsolationPoint[]>;
  readonly alerting: Asked<Alerting>;
  readonly issues: Asked<OpenIssues>;
  readonly review: Asked<ReviewState>;
  /** Newest first. */
  readonly reports: readonly CommitReport[];
  /** True: a seed without a row is what the configuration wants. */
  readonly seedMayBeEmpty?: boolean | undefined;
  readonly attestations: readonly { readonly attestation: Attestation; readonly evidence: Evidence }[];
}

/** Returns true when an entry lets the release pass. */
export function lets({ verdict }: GateEntry): boolean {
  return verdict === 'passed' || verdict === 'attested';
}
